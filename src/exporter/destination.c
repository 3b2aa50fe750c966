/* SPDX-License-Identifier: Apache-2.0 */
/* destination.c — opens, picks, pauses and resumes destinations, and reports the state of their confirmers. */
#include <stdio.h>
#include <stdlib.h>

#include "exporter_internal.h"

/* Longest pauses. Connections that are refused and answers cost a collector little, so it is tried often. After a
 * time-out or a broken connection the pause may grow to opts.retry_cap_ms. */
enum { CONNECT_CAP_MS = 2000, ANSWERED_CAP_MS = 5000, BLOCKED_BASE_FACTOR = 4 };

uint64_t exporter_random(struct exporter *e)
{
	e->random ^= e->random << 13;
	e->random ^= e->random >> 7;
	e->random ^= e->random << 17;
	return e->random;
}

/* The confirmer changed its state or window: exporter_step sends what may be sent now. */
static void on_confirmer(void *arg)
{
	struct destination *d = arg;
	struct exporter *e = d->exporter;
	enum confirmer_state state = confirmer_state(d->confirmer);

	exporter_wake(e);
	e->confirmer_changed |= state != d->confirmer_state;
	d->confirmer_state = state;
}

/* The first destination, of those that are not leaving, whose confirmer is in one of the bits of STATES; NULL: none. */
static const struct destination *first_in_state(const struct exporter *e, unsigned states)
{
	for (size_t i = 0; i < e->ndestinations; i++) {
		const struct destination *d = e->destinations[i];

		if (!d->leaving && (states & 1U << d->confirmer_state) != 0)
			return d;
	}
	return NULL;
}

/* Number of destinations by state, and what is reported:
 *
 *   stopped | blind | confirming | reported state, sentence of
 *   --------+-------+--------+----------------------------
 *    some   |   -   |   -    | STOPPED, the first stopped
 *    some   |  some or some  | BLIND, the first stopped
 *     -     | some  |   any  | BLIND, the first blind
 *     -     |   -   |  some  | SEEING, the first
 *     -     |   -   |   -    | nothing                    */
void destinations_report_confirmer(struct exporter *e)
{
	static const unsigned stopped = 1U << CONFIRMER_STOPPED, blind = 1U << CONFIRMER_BLIND,
	                      confirming = 1U << CONFIRMER_CONFIRMING;
	const struct destination *worst = first_in_state(e, stopped);
	enum confirmer_state state = CONFIRMER_BLIND;

	e->confirmer_changed = false;
	if (worst != NULL && first_in_state(e, blind | confirming) == NULL)
		state = CONFIRMER_STOPPED;
	if (worst == NULL)
		worst = first_in_state(e, blind);
	if (worst == NULL) {
		worst = first_in_state(e, confirming);
		state = CONFIRMER_CONFIRMING;
	}
	if (worst == NULL || e->events.confirmer == NULL)
		return;
	if (state == e->reported_confirmer && (state == CONFIRMER_CONFIRMING || worst == e->reported_confirmer_of))
		return;
	e->reported_confirmer = state;
	e->reported_confirmer_of = worst;
	e->events.confirmer(e->events.arg, state, confirmer_sentence(worst->confirmer));
}

static int open_confirmer(struct destination *d, struct why *why)
{
	struct exporter *e = d->exporter;
	struct confirmer_opts opts = {
		.mode = e->opts.confirm,
		.collector_url = buf_cstr(&d->of->url),
		.metrics_url = d->of->metrics_url,
		.address = d->address.len > 0 ? buf_cstr(&d->address) : NULL,
		.post_spans = e->opts.post_spans,
		.attempts = e->opts.confirm_attempts,
	};
	struct confirmer_events events = { .verdict = exporter_on_verdict, .changed = on_confirmer, .arg = d };

	return confirmer_open(&d->confirmer, e->loop, &e->opts.client, &opts, &events, why);
}

static int set_name(struct destination *d, const char *address)
{
	buf_text(&d->name, buf_cstr(&d->of->name));
	if (address != NULL) {
		buf_text(&d->address, address);
		buf_printf(&d->name, " at %s", address);
	}
	buf_cstr(&d->name);
	return buf_check(&d->address) < 0 || buf_check(&d->name) < 0 ? E_NOMEM : 0;
}

int destination_open(struct destination **out, struct collector *of, const char *address, struct why *why)
{
	struct exporter *e = of->exporter;
	struct destination *d = calloc(1, sizeof(*d));
	int rc;

	if (d == NULL)
		return why_set(why, E_NOMEM, "collector");
	d->exporter = e;
	d->of = of;
	list_init(&d->awaiting_probe);
	list_init(&d->unconfirmed);
	slowstart_init(&d->slowstart, (uint32_t)e->opts.max_in_flight);
	rc = set_name(d, address);
	rc = rc < 0 ? why_set(why, rc, "collector") : open_confirmer(d, why);
	if (rc < 0)
		destination_free(d);
	else
		*out = d;
	return rc;
}

void destination_free(struct destination *d)
{
	if (d == NULL)
		return;
	confirmer_free(d->confirmer);
	requests_free(&d->awaiting_probe);
	requests_free(&d->unconfirmed);
	buf_free(&d->address);
	buf_free(&d->name);
	free(d);
}

uint64_t destination_withdraw(struct destination *d)
{
	uint64_t spans = 0;

	while (!list_empty(&d->unconfirmed)) {
		struct request *r = list_first(&d->unconfirmed, struct request, link);

		spans += r->spans;
		confirmer_withdraw(d->confirmer, &r->post);
		request_mark_maybe_stored(r);
		request_retry(r, 0);
	}
	return spans;
}

void destination_answered(struct destination *d, uint64_t round)
{
	slowstart_succeeded(&d->slowstart, round, loop_now_us(d->exporter->loop));
	if (d->slowstart.state == SLOW_OPEN)
		d->fault = FAULT_NONE;
}

/* Pauses D by B or RETRY_AFTER_MS. False: D was paused already after the request of ROUND was sent. */
static bool pause_destination(struct destination *d, uint64_t round, enum destination_fault fault,
        const struct backoff *b, int64_t retry_after_ms)
{
	struct exporter *e = d->exporter;
	uint64_t now = loop_now_us(e->loop);

	if (round != d->slowstart.round)
		return false;
	slowstart_failed(&d->slowstart, round, now,
	        backoff_after_ms(b, d->slowstart.pauses, retry_after_ms, exporter_random(e)) * US_PER_MS);
	d->in_round = 0;
	d->fault = fault;
	if (fault == FAULT_BLOCKED)
		d->blocked_us = now;
	return true;
}

const char *destination_name_error(const struct destination *d)
{
	return d->of->addresses == NULL ? "" : addresses_error(d->of->addresses);
}

void destination_failed(
        struct destination *d, uint64_t round, enum destination_fault fault, const struct http_answer *a)
{
	struct exporter *e = d->exporter;
	struct backoff b = { e->opts.retry_base_ms, e->opts.retry_cap_ms };
	struct http_answer shown = *a;

	if (fault == FAULT_BLOCKED)
		b.base_ms *= BLOCKED_BASE_FACTOR;
	else if (a->fault == HTTP_NO_CONNECTION || a->fault == HTTP_NO_DESCRIPTOR)
		b.cap_ms = min_u64(b.cap_ms, CONNECT_CAP_MS);
	else if (a->failure == HTTP_ANSWERED)
		b.cap_ms = min_u64(b.cap_ms, ANSWERED_CAP_MS);
	if (!pause_destination(d, round, fault, &b, a->retry_after_ms))
		return;
	d->cause = collector_cause_key(a);
	d->no_connection = a->fault == HTTP_NO_CONNECTION;
	/* Libcurl says of a lookup that failed only that it did; our own lookup of the same name says why. */
	if (a->fault == HTTP_UNKNOWN_HOST && destination_name_error(d)[0] != '\0')
		shown.error = destination_name_error(d);
	collector_cause_text(d->sentence, (const char *)d->name.at, &shown);
}

void destination_cannot_store(struct destination *d, uint64_t round)
{
	enum { CAUSE_NO_STORE = -1000 /* no HTTP status, and none of enum http_fault below 0 */ };
	struct exporter *e = d->exporter;
	struct backoff b = { e->opts.retry_base_ms, min_u64(e->opts.retry_cap_ms, ANSWERED_CAP_MS) };

	if (!pause_destination(d, round, FAULT_WAITING, &b, -1))
		return;
	d->cause = CAUSE_NO_STORE;
	d->no_connection = false;
	snprintf(d->sentence, sizeof(d->sentence), "%s", confirmer_sentence(d->confirmer));
}

/* True when SPANS may be sent to D now. Else WAKE may be lowered to the time when the rate allows it. */
static bool may_send(struct destination *d, uint32_t spans, uint64_t now, uint64_t *wake)
{
	uint64_t wait;

	if (d->leaving || !slowstart_may_send(&d->slowstart, (uint32_t)d->in_round, now))
		return false;
	wait = token_bucket_wait_us(&d->ramp, slowstart_rate(&d->slowstart, now), now);
	if (wait > 0) {
		*wake = min_u64(*wake, now + wait);
		return false;
	}
	return confirmer_may_send(d->confirmer, (uint32_t)min_u64(spans, confirmer_post_spans(d->confirmer)));
}

/* A paused destination whose pause is over goes first, then the one with the fewest requests. */
struct destination *destination_pick(
        struct exporter *e, uint32_t spans, const struct destination *but, uint64_t now, uint64_t *wake)
{
	struct destination *best = NULL;
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < e->ndestinations; i++) {
		struct destination *d = e->destinations[(e->next_destination + i) % e->ndestinations];
		uint64_t load = d->slowstart.state == SLOW_PAUSED ? 0 : 1 + d->in_round;

		if (!may_send(d, spans, now, wake))
			continue;
		if (d == but)
			load += e->opts.max_in_flight;
		if (load < least) {
			least = load;
			best = d;
		}
	}
	return best;
}

static enum destination_fault fault_of(const struct destination *d)
{
	return d->confirmer_state == CONFIRMER_STOPPED ? FAULT_BLOCKED : d->fault;
}

const struct destination *destination_worst(const struct exporter *e)
{
	const struct destination *worst = NULL;

	for (size_t i = 0; i < e->ndestinations; i++) {
		const struct destination *d = e->destinations[i];

		if (!d->leaving && (worst == NULL || fault_of(d) > fault_of(worst)))
			worst = d;
	}
	return worst;
}

enum exporter_state exporter_state(const struct exporter *e)
{
	size_t working = 0, waiting = 0;

	for (size_t i = 0; i < e->ndestinations; i++) {
		enum destination_fault fault = fault_of(e->destinations[i]);

		if (e->destinations[i]->leaving)
			continue;
		working += fault == FAULT_NONE;
		waiting += fault == FAULT_WAITING;
	}
	if (working == e->ndestinations - e->nleaving)
		return EXPORTER_SENDING;
	if (working > 0)
		return EXPORTER_DEGRADED;
	return waiting > 0 ? EXPORTER_WAITING : EXPORTER_BLOCKED;
}

uint64_t exporter_silence_us(const struct exporter *e)
{
	if (list_empty(&e->items))
		return 0;
	return loop_now_us(e->loop) - max_u64(e->heard_us, list_first(&e->items, struct item, link)->arrived_us);
}

bool exporter_probes(const struct exporter *e)
{
	uint64_t now = loop_now_us(e->loop);

	for (size_t i = 0; i < e->ndestinations; i++) {
		const struct destination *d = e->destinations[i];

		if (!d->leaving && d->confirmer_state != CONFIRMER_STOPPED && slowstart_probes(&d->slowstart, now))
			return true;
	}
	return false;
}

const char *destination_fault(const struct destination *d)
{
	if (d->confirmer_state == CONFIRMER_STOPPED)
		return confirmer_sentence(d->confirmer);
	return d->fault == FAULT_NONE ? NULL : d->sentence;
}
