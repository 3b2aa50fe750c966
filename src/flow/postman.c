/* postman.c — the postman's door: letters come in, go back, and what is left at the end.
 *
 *   postman_send ──► letter, in pieces of at most 500 spans ──► ready
 *                                                                 │ postman_pump.c, once a turn
 *   done ◄── the letter's last piece is settled ◄── answer ◄── collector
 *                    postman_letter.c         postman_answer.c                                   */
#include <stdlib.h>

#include "clock.h"
#include "endpoint.h"
#include "postman_parts.h"

enum { SPANS_PER_POST = 500, RETRY_BASE_MS = 250, RETRY_CAP_MS = 30000 };

static void on_time(void *arg)
{
	struct postman *p = arg;

	p->stirred = true; /* the pump runs later in this turn */
}

static void gather_idle(struct list *from, struct list *to)
{
	list_each_safe (node, from) {
		if (!container_of(node, struct piece, link)->letter->give_back)
			continue;
		list_remove(node);
		list_push(to, node);
	}
}

/* The letters that are held now and that WHICH names (NULL: all), and no newer ones, are given back as
 * soon as they are at hand. */
static void call_back(struct postman *p, bool (*which)(void *arg, void *token), void *arg)
{
	struct list idle;

	list_init(&idle);
	list_each (node, &p->letters) {
		struct letter *l = container_of(node, struct letter, link);

		if (which == NULL || which(arg, l->is.token))
			l->give_back = true;
	}
	gather_idle(&p->ready, &idle);
	gather_idle(&p->resting, &idle);
	for (size_t i = 0; i < p->ncollectors; i++)
		gather_idle(&p->collectors[i].suspects, &idle);
	while (!list_empty(&idle))
		piece_dropped(list_first(&idle, struct piece, link));
	postman_stir(p);
}

static void on_budget_spent(void *arg)
{
	struct postman *p = arg;

	call_back(p, NULL, NULL);
	http_client_cancel_all(p->http);
}

static int open_collector(struct collector *c, struct postman *p, const char *url, struct why *why)
{
	c->postman = p;
	list_init(&c->suspects);
	slowstart_init(&c->pace, (uint32_t)p->opts.max_in_flight);
	if (endpoint_read(url, &c->url, &c->name, why) < 0)
		return why->code;
	buf_cstr(&c->name);
	return 0;
}

static int open_collectors(struct postman *p, struct why *why)
{
	if (p->opts.nurls == 0)
		return why_set(why, E_USAGE, "no collector is named");
	p->collectors = calloc(p->opts.nurls, sizeof(*p->collectors));
	if (p->collectors == NULL)
		return why_set(why, E_NOMEM, "collectors");
	for (; p->ncollectors < p->opts.nurls; p->ncollectors++)
		if (open_collector(&p->collectors[p->ncollectors], p, p->opts.urls[p->ncollectors],
		            why) < 0) {
			p->ncollectors++;
			return why->code;
		}
	return 0;
}

static void fill_in(struct postman_opts *o)
{
	o->max_in_flight = max_u64(1, min_u64(o->max_in_flight, UINT32_MAX / 2));
	if (o->spans_per_post == 0)
		o->spans_per_post = SPANS_PER_POST;
	if (o->retry_base_ms == 0)
		o->retry_base_ms = RETRY_BASE_MS;
	if (o->retry_cap_ms == 0)
		o->retry_cap_ms = RETRY_CAP_MS;
	o->client.max_connections = o->max_in_flight;
}

int postman_open(struct postman **out, struct loop *l, const struct postman_opts *opts,
        const struct postman_events *events, struct why *why)
{
	struct postman *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return why_set(why, E_NOMEM, "postman");
	p->loop = l;
	p->opts = *opts;
	p->events = *events;
	p->random = clock_mono_us() ^ (uint64_t)(uintptr_t)p ^ 1;
	fill_in(&p->opts);
	list_init(&p->letters);
	list_init(&p->ready);
	list_init(&p->resting);
	list_init(&p->wire);
	if (open_collectors(p, why) < 0 || http_client_open(&p->http, l, &p->opts.client, why) < 0)
		goto fail;
	if (turn_hook_open(&p->hook, l, postman_pump, p) < 0 ||
	        timer_open(&p->timer, l, on_time, p) < 0 ||
	        timer_open(&p->budget, l, on_budget_spent, p) < 0) {
		why_set(why, E_NOMEM, "postman");
		goto fail;
	}
	*out = p;
	return 0;
fail:
	postman_free(p);
	return why->code;
}

int postman_send(struct postman *p, const struct postman_letter *letter)
{
	int rc = postman_refusal(p, letter->value.len);

	if (rc == 0 && letter_take(p, letter) == NULL)
		rc = E_NOMEM;
	if (rc < 0) {
		p->wants_room = true;
		p->wanted_bytes = letter->value.len;
		if (rc == E_NOMEM)
			timer_start(p->timer, 1000);
		return rc;
	}
	postman_stir(p);
	return 0;
}

void postman_purge(struct postman *p)
{
	call_back(p, NULL, NULL);
}

void postman_recall(struct postman *p, bool (*which)(void *arg, void *token), void *arg)
{
	call_back(p, which, arg);
}

void postman_flush(struct postman *p, uint64_t budget_ms, void (*flushed)(void *arg), void *arg)
{
	p->flushed = flushed;
	p->flushed_arg = arg;
	timer_start(p->budget, budget_ms);
	postman_stir(p);
}

enum postman_state postman_state(const struct postman *p)
{
	size_t well = 0, waiting = 0;

	for (size_t i = 0; i < p->ncollectors; i++) {
		well += p->collectors[i].trouble == TROUBLE_NONE;
		waiting += p->collectors[i].trouble == TROUBLE_WAITING;
	}
	if (well == p->ncollectors)
		return POSTMAN_SENDING;
	if (well > 0)
		return POSTMAN_LIMPING;
	return waiting > 0 ? POSTMAN_WAITING : POSTMAN_HELD;
}

void postman_each(const struct postman *p,
        void (*each)(void *arg, const char *name, const char *trouble), void *arg)
{
	for (size_t i = 0; i < p->ncollectors; i++) {
		const struct collector *c = &p->collectors[i];

		each(arg, (const char *)c->name.at, c->trouble == TROUBLE_NONE ? "" : c->sentence);
	}
}

const struct postman_stats *postman_stats(const struct postman *p)
{
	return &p->stats;
}

void postman_free(struct postman *p)
{
	if (p == NULL)
		return;
	http_client_free(p->http);
	while (!list_empty(&p->letters))
		letter_free(list_first(&p->letters, struct letter, link));
	for (size_t i = 0; i < p->ncollectors; i++) {
		buf_free(&p->collectors[i].url);
		buf_free(&p->collectors[i].name);
	}
	free(p->collectors);
	turn_hook_free(p->hook);
	timer_free(p->timer);
	timer_free(p->budget);
	free(p);
}
