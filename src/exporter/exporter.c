/* SPDX-License-Identifier: Apache-2.0 */
/* exporter.c — the public functions: accept items, give items back, flush, free.
 *
 *   exporter_send ──► item ──► group of its process ──► request ──► collector
 *                     item.c   group.c       send.c      request.c     │
 *   done ◄── the item's last part is delivered ◄── confirmed ◄── answer ◄┘
 *                                                     answer.c                     */
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "policy/descriptor_share.h"
#include "base/descriptors.h"
#include "exporter_internal.h"
#include "base/log.h"

enum {
	POST_SPANS = 500,
	POST_BYTES = 1 << 20,
	WAIT_MS = 40, /* less than half of the default spool.exposure of the agent, 100 ms */
	MORE_WAIT_MS = 500,
	BLIND_SPANS_PER_S = 1000,
	RETRY_BASE_MS = 250,
	RETRY_CAP_MS = 30000
};

static void on_time(void *arg)
{
	struct exporter *e = arg;

	e->step_wanted = true; /* exporter_step runs later in this loop iteration */
}

/* Gives back the reclaimed parts of the requests in OF. The owner may call the exporter from events.done and change
 * OF, so the requests are first moved to a private list. */
static void give_back_requests(struct list *of)
{
	struct list checked;

	list_init(&checked);
	list_append(&checked, of);
	while (!list_empty(&checked)) {
		struct request *r = list_first(&checked, struct request, link);

		list_remove(&r->link);
		if (!request_give_back(r))
			list_push(of, &r->link);
	}
}

static void give_back_waiting(struct exporter *e)
{
	struct list back;

	list_init(&back);
	list_each (node, &e->items) {
		struct item *i = container_of(node, struct item, link);

		if (!i->give_back || i->whole.group == NULL)
			continue;
		group_remove(&i->whole);
		list_push(&back, &i->whole.link);
	}
	while (!list_empty(&back)) {
		struct part *part = list_first(&back, struct part, link);

		list_remove(&part->link);
		part_dropped(part);
	}
}

/* Gives back the current items for which WHICH is true (NULL: all): waiting ones now, others when their answer or
 * verdict comes. */
static void reclaim_items(struct exporter *e, bool (*which)(void *arg, void *token), void *arg)
{
	list_each (node, &e->items) {
		struct item *i = container_of(node, struct item, link);

		if (which == NULL || which(arg, i->is.token))
			i->give_back = true;
	}
	give_back_waiting(e);
	give_back_requests(&e->ready);
	give_back_requests(&e->resting);
	for (size_t i = 0; i < e->ndestinations; i++)
		give_back_requests(&e->destinations[i]->awaiting_probe);
	exporter_wake(e);
}

static void on_flush_timeout(void *arg)
{
	struct exporter *e = arg;

	reclaim_items(e, NULL, NULL);
	http_client_cancel_all(e->http);
	for (size_t i = 0; i < e->ndestinations; i++)
		destination_withdraw(e->destinations[i]);
}

/* Each request in flight needs a connection. */
static void bound_by_descriptors(struct exporter_opts *o)
{
	uint64_t limit = descriptors_limit(), most = descriptor_share(limit, DESCRIPTORS_EXPORTER, o->max_in_flight);

	if (most < o->max_in_flight)
		log_warn("exporter: at most %" PRIu64 " requests are in flight instead of %" PRIu64
		         ": this process may have %" PRIu64 " file descriptors; raise LimitNOFILE to %" PRIu64,
		        most, o->max_in_flight, limit, 2 * o->max_in_flight + DESCRIPTORS_RESERVED);
	o->max_in_flight = most;
}

static void set_defaults(struct exporter_opts *o)
{
	o->max_in_flight = max_u64(1, min_u64(o->max_in_flight, UINT32_MAX / 2));
	if (o->post_spans == 0)
		o->post_spans = POST_SPANS;
	if (o->post_bytes == 0)
		o->post_bytes = POST_BYTES;
	if (o->wait_ms == 0)
		o->wait_ms = WAIT_MS;
	if (o->more_wait_ms == 0)
		o->more_wait_ms = MORE_WAIT_MS;
	if (o->retry_base_ms == 0)
		o->retry_base_ms = RETRY_BASE_MS;
	if (o->retry_cap_ms == 0)
		o->retry_cap_ms = RETRY_CAP_MS;
	bound_by_descriptors(o);
	o->client.max_connections = o->max_in_flight;
}

int exporter_open(struct exporter **out, struct loop *l, const struct exporter_opts *opts,
        const struct exporter_events *events, struct why *why)
{
	struct exporter *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return why_set(why, E_NOMEM, "exporter");
	e->loop = l;
	e->opts = *opts;
	e->events = *events;
	e->random = clock_mono_us() ^ (uint64_t)(uintptr_t)e ^ 1;
	set_defaults(&e->opts);
	replay_pace_init(&e->replay, BLIND_SPANS_PER_S);
	list_init(&e->items);
	list_init(&e->full);
	list_init(&e->partial);
	list_init(&e->ready);
	list_init(&e->resting);
	list_init(&e->wire);
	for (size_t i = 0; i < EXPORTER_BUCKETS; i++)
		list_init(&e->buckets[i]);
	if (http_client_open(&e->http, l, &e->opts.client, why) < 0)
		goto fail;
	if (turn_hook_open(&e->hook, l, exporter_step, e) < 0 || timer_open(&e->timer, l, on_time, e) < 0 ||
	        timer_open(&e->flush_timer, l, on_flush_timeout, e) < 0) {
		why_set(why, E_NOMEM, "exporter");
		goto fail;
	}
	if (collectors_open(e, why) < 0)
		goto fail;
	*out = e;
	return 0;
fail:
	exporter_free(e);
	return why->code;
}

static int ask_room(struct exporter *e, const struct exporter_item *item, uint64_t now)
{
	uint64_t wake = UINT64_MAX;
	int rc = exporter_refusal(e, item, now, &wake);

	if (rc < 0) {
		e->wants_room = true;
		e->wanted = *item;
	}
	if (wake != UINT64_MAX)
		exporter_wake(e);
	return rc;
}

int exporter_room(struct exporter *e, const struct exporter_item *item)
{
	return ask_room(e, item, loop_now_us(e->loop));
}

int exporter_send(struct exporter *e, const struct exporter_item *item)
{
	uint64_t now = loop_now_us(e->loop);
	int rc = ask_room(e, item, now);

	if (rc < 0)
		return rc;
	if (item_new(e, item, now) == NULL) {
		e->wants_room = true;
		e->wanted = *item;
		timer_start(e->timer, 1000);
		return E_NOMEM;
	}
	post_budget_earn(&e->posts, item->facts.spans);
	if (exporter_paces(e, item))
		replay_pace_sent(&e->replay, item->facts.spans, item->produced_ms, clock_wall_ms(), now);
	exporter_wake(e);
	return 0;
}

void exporter_purge(struct exporter *e)
{
	reclaim_items(e, NULL, NULL);
}

void exporter_recall(struct exporter *e, bool (*which)(void *arg, void *token), void *arg)
{
	reclaim_items(e, which, arg);
}

void exporter_flush(struct exporter *e, uint64_t budget_ms, void (*flushed)(void *arg), void *arg)
{
	e->flushed = flushed;
	e->flushed_arg = arg;
	timer_start(e->flush_timer, budget_ms);
	exporter_wake(e);
}

const char *exporter_fault(const struct exporter *e)
{
	return destination_fault(destination_worst(e));
}

void exporter_each(const struct exporter *e, void (*each)(void *arg, const struct exporter_destination *d), void *arg)
{
	for (size_t i = 0; i < e->ndestinations; i++) {
		const struct destination *d = e->destinations[i];
		const char *fault = destination_fault(d);
		struct exporter_destination to = {
			.name = (const char *)d->name.at,
			.address = d->address.len > 0 ? (const char *)d->address.at : "",
			.leaving = d->leaving,
			.fault = fault == NULL ? "" : fault,
			.name_error = destination_name_error(d),
			.store = confirmer_sentence(d->confirmer),
			.confirmer_state = d->confirmer_state,
		};

		confirmer_stats(d->confirmer, &to.confirmed);
		each(arg, &to);
	}
}

const struct exporter_stats *exporter_stats(struct exporter *e)
{
	struct exporter_stats *to = &e->stats;

	to->unconfirmed = to->window = 0;
	to->confirmed = e->freed.confirmed;
	to->lost = e->freed.lost;
	to->resent = e->freed.resent;
	to->given_up = e->freed.given_up;
	for (size_t i = 0; i < e->ndestinations; i++) {
		struct confirmer_stats s;

		confirmer_stats(e->destinations[i]->confirmer, &s);
		to->unconfirmed += s.unconfirmed;
		to->confirmed += s.confirm.confirmed;
		to->lost += s.confirm.lost;
		to->resent += s.confirm.resent;
		to->given_up += s.confirm.given_up;
		to->window += s.window;
	}
	return to;
}

static void free_waiting(struct exporter *e)
{
	list_each (node, &e->items) {
		struct item *i = container_of(node, struct item, link);

		if (i->whole.group != NULL)
			group_remove(&i->whole);
	}
}

void exporter_free(struct exporter *e)
{
	if (e == NULL)
		return;
	http_client_free(e->http);
	collectors_free(e);
	free_waiting(e);
	requests_free(&e->ready);
	requests_free(&e->resting);
	requests_free(&e->wire);
	while (!list_empty(&e->items))
		item_free(list_first(&e->items, struct item, link));
	pool_free(&e->spare_items);
	turn_hook_free(e->hook);
	timer_free(e->timer);
	timer_free(e->flush_timer);
	free(e);
}
