/* SPDX-License-Identifier: Apache-2.0 */
/* send.c — exporter_step: once per loop iteration it sends ready requests and waiting groups to the destination
 * with the fewest requests, and reports room and changes of state to the owner.
 *
 * Ready requests are sent before groups. A full group is sent at once; a partial one when the budget of POSTs allows
 * it, or when its oldest item has waited for opts.wait_ms. With little traffic every item is sent at once; with more
 * traffic more items share a POST. While the owner has further items at hand only full groups are sent, unless memory
 * for those items is missing or an item has waited for opts.more_wait_ms. */
#include "base/clock.h"
#include "exporter_internal.h"

static const char content_type[] = "application/x-thrift";

/* A Batch of a process "spanspool" without spans: every version of Jaeger accepts it and stores nothing. */
static const uint8_t probe[] = { 0x0c, 0, 1, 0x0b, 0, 1, 0, 0, 0, 9, 's', 'p', 'a', 'n', 's', 'p', 'o', 'o', 'l', 0,
	0x0f, 0, 2, 0x0c, 0, 0, 0, 0, 0 };

bool exporter_paces(const struct exporter *e, const struct exporter_item *item)
{
	if (e->opts.confirm == CONFIRMER_OFF)
		return false;
	for (size_t i = 0; i < e->ndestinations; i++)
		if (!e->destinations[i]->leaving && e->destinations[i]->confirmer_state != CONFIRMER_BLIND)
			return false;
	return e->opts.pace_blind && item->produced_ms != 0;
}

/* True when no request or group waits or is on the wire. Unconfirmed requests do not count: they wait for counters
 * and will not probe a paused collector. */
static bool has_nothing_to_send(const struct exporter *e)
{
	return e->stats.in_flight == 0 && list_empty(&e->ready) && list_empty(&e->resting) && list_empty(&e->full) &&
	       list_empty(&e->partial);
}

/* True when only failed requests wait. They may be bad themselves, so a new item must be accepted to probe a paused
 * collector. */
static bool has_only_failed(const struct exporter *e)
{
	return e->failed_last && list_empty(&e->full) && list_empty(&e->partial);
}

static int collectors_refusal(const struct exporter *e, uint64_t now)
{
	bool open = false, due = false;

	for (size_t i = 0; i < e->ndestinations; i++) {
		const struct destination *d = e->destinations[i];

		if (d->leaving || d->confirmer_state == CONFIRMER_STOPPED)
			continue;
		open |= d->slowstart.state == SLOW_OPEN;
		due |= d->slowstart.state == SLOW_PAUSED && now >= d->slowstart.until_us;
	}
	return open || (due && (has_nothing_to_send(e) || has_only_failed(e))) ? 0 : E_DOWN;
}

int exporter_refusal(struct exporter *e, const struct exporter_item *item, uint64_t now, uint64_t *wake)
{
	uint64_t cost = item->value.len + EXPORTER_ITEM_COST, wait;
	int rc = collectors_refusal(e, now);

	if (rc < 0)
		return rc;
	if (e->stats.items > 0 && e->stats.bytes + cost > e->opts.max_bytes)
		return E_FULL;
	if (!exporter_paces(e, item))
		return 0;
	wait = replay_pace_wait_us(&e->replay, item->facts.spans, item->produced_ms, clock_wall_ms(), now);
	if (wait == 0)
		return 0;
	*wake = min_u64(*wake, now + wait);
	return E_FULL;
}

static void requeue_rested(struct exporter *e, uint64_t now, uint64_t *wake)
{
	list_each_safe (node, &e->resting) {
		struct request *r = container_of(node, struct request, link);

		if (r->retry_at_us <= now) {
			list_remove(node);
			list_push(&e->ready, node);
		} else {
			*wake = min_u64(*wake, r->retry_at_us);
		}
	}
}

static int post(struct destination *d, struct http_request *r, void (*answered)(void *arg, const struct http_answer *a),
        void *arg)
{
	struct exporter *e = d->exporter;
	int rc;

	r->url = buf_cstr(&d->of->url);
	r->address = d->address.len > 0 ? buf_cstr(&d->address) : NULL;
	r->content_type = content_type;
	r->connect_ms = e->opts.connect_ms;
	r->total_ms = e->opts.total_ms;
	rc = http_client_send(e->http, r, answered, arg);
	if (rc == 0) {
		e->stats.posts++;
		e->stats.in_flight++;
		e->next_destination = (e->next_destination + 1) % e->ndestinations;
	}
	return rc;
}

/* Counts R as sent. Called in the loop iteration that queued R, so before its first byte is sent. */
static void count_sending(const struct request *r)
{
	struct exporter *e = r->exporter;

	e->stats.posted_batches += r->nparts;
	e->stats.retries += r->failures > 0 || r->refusals > 0;
	list_each (node, &r->parts) {
		const struct part *part = container_of(node, struct part, link);

		if (!part->maybe_stored)
			continue;
		e->stats.sent_again += part->count;
		if (e->events.sent_again != NULL)
			e->events.sent_again(e->events.arg, part->count, part->first == 0);
	}
}

static void send_request(struct request *r, struct destination *d)
{
	struct exporter *e = r->exporter;
	struct request_headers headers;
	struct http_request to = { .headers = headers.lines, .gzip = e->opts.gzip };
	int rc = request_body(r, &to);

	request_headers(r, &headers);
	if (rc == 0)
		rc = post(d, &to, exporter_on_answer, r);
	if (rc < 0) {
		request_free_body(r);
		request_retry(r, US_PER_S);
		return;
	}
	r->at = d;
	r->round = slowstart_sent(&d->slowstart);
	d->in_round++;
	r->post.spans = r->spans;
	confirmer_sent(d->confirmer, &r->post);
	token_bucket_charge(&e->rate, r->spans);
	token_bucket_charge(&d->ramp, r->spans);
	post_budget_charge(&e->posts, r->nparts, d->closes);
	count_sending(r);
	list_remove(&r->link);
	list_push(&e->wire, &r->link);
}

int exporter_send_probe(struct destination *d)
{
	struct http_request r = { .body = slice_of(probe, sizeof(probe)), .gzip = d->exporter->opts.gzip };
	int rc = post(d, &r, exporter_on_probe_answer, d);

	if (rc == 0) {
		d->probing = true;
		d->probe_round = d->slowstart.round;
	}
	return rc;
}

/* Sends the first ready request. It is split when the window has become smaller than its spans. */
static bool send_ready_request(struct exporter *e, uint64_t now, uint64_t *wake)
{
	struct request *r = list_first(&e->ready, struct request, link);
	const struct destination *but = r->refusals > 0 ? r->at : NULL;
	struct destination *d = destination_pick(e, r->spans, but, now, wake);

	if (d == NULL)
		return false;
	if (r->spans > confirmer_post_spans(d->confirmer) && request_split(r) == 0)
		return true;
	e->failed_last = r->failures + r->refusals > 0;
	send_request(r, d);
	return true;
}

static bool owner_has_more(const struct exporter *e)
{
	return !e->wants_room && e->events.more != NULL && e->events.more(e->events.arg);
}

/* When G is sent although it is partial. */
static uint64_t due_us(const struct group *g, uint64_t wait_ms)
{
	return list_first(&g->parts, struct part, link)->item->arrived_us + wait_ms * US_PER_MS;
}

/* Microseconds until a partial group may be sent that is not due; 0: now. */
static uint64_t partial_wait_us(struct exporter *e, bool more, uint64_t now)
{
	if (more)
		return US_PER_MS; /* the owner does not say when it has no more */
	return e->wants_room ? 0 : post_budget_wait_us(&e->posts, now);
}

/* The next group to send. NULL: none may be sent yet, and WAKE is lowered to the time when one may. */
static struct group *next_group(struct exporter *e, uint64_t now, uint64_t *wake)
{
	struct group *partial = NULL;
	uint64_t due = UINT64_MAX, wait;
	bool more = owner_has_more(e);

	if (!list_empty(&e->partial)) {
		partial = list_first(&e->partial, struct group, link);
		due = due_us(partial, more ? e->opts.more_wait_ms : e->opts.wait_ms);
	}
	if (due <= now)
		return partial;
	if (!list_empty(&e->full))
		return list_first(&e->full, struct group, link);
	if (partial == NULL)
		return NULL;
	wait = partial_wait_us(e, more, now);
	if (wait == 0)
		return partial;
	*wake = min_u64(*wake, min_u64(now + wait, due));
	return NULL;
}

/* Sends the next group. Its first item alone may exceed the window: then the request is queued, to be split. */
static bool send_group(struct exporter *e, uint64_t now, uint64_t *wake)
{
	struct group *g = next_group(e, now, wake);
	struct destination *d;
	struct request *r;

	if (g == NULL)
		return false;
	d = destination_pick(e, list_first(&g->parts, struct part, link)->count, NULL, now, wake);
	if (d == NULL)
		return false;
	r = group_make_request(g, d);
	if (r == NULL) {
		*wake = min_u64(*wake, now + US_PER_S);
		return false;
	}
	if (r->spans > confirmer_post_spans(d->confirmer))
		list_push(&e->ready, &r->link);
	else
		send_request(r, d);
	e->failed_last = false;
	return true;
}

/* Ready requests are older than the groups and go first. After a retry a group goes first, because a destination in
 * SLOW_PROBE gets one request only, and it must not always be one that failed before. */
static bool send_next(struct exporter *e, uint64_t now, uint64_t *wake)
{
	if (list_empty(&e->ready))
		return send_group(e, now, wake);
	if (e->failed_last && send_group(e, now, wake))
		return true;
	return send_ready_request(e, now, wake);
}

static void send_all(struct exporter *e, uint64_t now, uint64_t *wake)
{
	bool sent = true;

	while (sent && e->stats.in_flight < e->opts.max_in_flight) {
		uint64_t wait = token_bucket_wait_us(&e->rate, e->opts.max_spans_per_second, now);

		if (wait > 0) {
			*wake = min_u64(*wake, now + wait);
			return;
		}
		sent = send_next(e, now, wake);
	}
}

/* Reports a new state at once, and a new cause in the same state at most every CAUSE_EVERY_MS. */
static void report_state(struct exporter *e)
{
	enum { CAUSE_EVERY_MS = 10000 };
	enum exporter_state state = exporter_state(e);
	const struct destination *worst = destination_worst(e);
	const char *fault = destination_fault(worst);
	int cause = fault == NULL ? 0 : worst->cause;

	if (state == e->reported_state &&
	        (cause == e->reported_cause || !log_limit_allows(&e->cause_limit, CAUSE_EVERY_MS)))
		return;
	e->reported_state = state;
	e->reported_cause = cause;
	if (e->events.changed != NULL)
		e->events.changed(e->events.arg, state, fault == NULL ? (const char *)worst->name.at : fault);
}

static uint64_t next_probe_us(const struct exporter *e, uint64_t now)
{
	uint64_t wake = UINT64_MAX;

	for (size_t i = 0; i < e->ndestinations; i++) {
		const struct slowstart *s = &e->destinations[i]->slowstart;

		if (!e->destinations[i]->leaving && s->state == SLOW_PAUSED && s->until_us > now)
			wake = min_u64(wake, s->until_us);
	}
	return wake;
}

/* When nothing is left to send and unconfirmed spans use half of the memory, counters are read more often, because
 * verdicts free memory. */
static void hurry_confirmers(struct exporter *e)
{
	if (e->stats.bytes < e->opts.max_bytes / 2 || !has_nothing_to_send(e))
		return;
	for (size_t i = 0; i < e->ndestinations; i++)
		confirmer_hurry(e->destinations[i]->confirmer);
}

static void report_room(struct exporter *e, uint64_t now, uint64_t *wake)
{
	if (!e->wants_room || exporter_refusal(e, &e->wanted, now, wake) < 0)
		return;
	e->wants_room = false;
	e->events.room(e->events.arg);
}

/* report_room comes before send_all, so that a new item can be sent instead of a failed one. */
static void step_once(struct exporter *e)
{
	uint64_t now = loop_now_us(e->loop), wake = UINT64_MAX;

	collectors_tidy(e, now, &wake);
	exporter_give_back_failing(e);
	requeue_rested(e, now, &wake);
	report_room(e, now, &wake);
	send_all(e, now, &wake);
	hurry_confirmers(e);
	wake = min_u64(wake, next_probe_us(e, now));
	if (wake == UINT64_MAX)
		timer_stop(e->timer);
	else
		timer_start(e->timer, (wake - now) / US_PER_MS + 1);
	report_state(e);
	if (e->confirmer_changed)
		destinations_report_confirmer(e);
}

void exporter_step(void *exporter)
{
	struct exporter *e = exporter;

	/* The owner may send items from events.room; the loop sends them in the same iteration. */
	e->stepping = true;
	while (e->step_wanted) {
		e->step_wanted = false;
		step_once(e);
	}
	e->stepping = false;
	if (e->flushed != NULL && e->stats.items == 0) {
		void (*flushed)(void *arg) = e->flushed;

		e->flushed = NULL;
		timer_stop(e->flush_timer);
		flushed(e->flushed_arg);
	}
}
