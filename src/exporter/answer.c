/* SPDX-License-Identifier: Apache-2.0 */
/* answer.c — applies an HTTP answer to its request and its destination. response_class.h classifies answers,
 * backoff.h and slowstart.h compute pauses. */
#include <stdio.h>

#include "policy/response_class.h"
#include "exporter_internal.h"

/* JOINED_REFUSED_MAX plus twice max_in_flight joined POSTs refused in a row, while no joined POST was accepted and no
 * single batch refused, mean that the collector accepts only single batches. Then no batches are joined for it for
 * single_for_us. Twice max_in_flight, because each POST on the wire may contain a bad batch. */
enum { JOINED_REFUSED_MAX = 8, DETAIL_BYTES = 1024 };
static const uint64_t single_for_us = 60 * US_PER_S;

/* "answered 503: sending queue is full", or the error of libcurl. */
static void format_answer(const struct http_answer *a, char *to, size_t cap)
{
	int n;

	if (a->failure != HTTP_ANSWERED) {
		snprintf(to, cap, "%s", a->error);
		return;
	}
	n = snprintf(to, cap, "answered %d: ", a->status);
	collector_quote(a->body, to + n, cap - (size_t)n);
	if (to[n] == '\0')
		to[n - 2] = '\0';
}

static enum response class_of(const struct http_answer *a)
{
	if (collector_reads_no_gzip(a))
		return RESPONSE_MISCONFIGURED;
	return response_class(a->status, a->failure == HTTP_MISCONFIGURED, a->body);
}

static void count_answer(struct exporter *e, const struct http_answer *a)
{
	if (a->failure == HTTP_UNREACHABLE)
		e->stats.unreachable++;
	else if (a->failure == HTTP_MISCONFIGURED)
		e->stats.misconfigured++;
	else if (a->status >= 0 && a->status < (int)ARRAY_LEN(e->stats.by_status))
		e->stats.by_status[a->status]++;
	if (a->failure == HTTP_ANSWERED) {
		histogram_add(&e->stats.took, a->took_us);
		e->heard_us = loop_now_us(e->loop);
	}
}

static void set_detail(struct request *r, const struct http_answer *a)
{
	char said[DETAIL_BYTES];

	format_answer(a, said, sizeof(said));
	request_set_detail(r, a->status, said);
}

static bool is_stuck(const struct request *r)
{
	struct exporter *e = r->exporter;
	struct failure_history t = {
		.failures = r->failures,
		.confirmed = r->confirmed,
		.lasted_us = loop_now_us(e->loop) - r->failing_us,
		.others_good = e->good - r->good_before,
		.others_bad = e->bad - min_u64(e->bad, r->bad_before),
	};

	return response_stuck(&t);
}

/* R keeps failing while other requests succeed: splits R, or refuses it when it is a single span. */
static void split_or_refuse(struct request *r)
{
	int rc = request_split(r);

	if (rc == E_INDIVISIBLE)
		request_refused(r, response_cause(RESPONSE_RETRY));
	else if (rc < 0)
		request_retry(r, US_PER_S);
}

static bool may_be_stored(const struct http_answer *a)
{
	return response_may_be_stored(a->status, a->was_sent);
}

/* True when the answer is certainly about the collector, not about one batch or one connection. */
static bool is_collector_fault(const struct http_answer *a)
{
	return a->fault == HTTP_NO_CONNECTION || (a->status > 0 && a->status < 500) || a->status == 503 ||
	       a->retry_after_ms > 0;
}

/* When other requests succeed, one of the batches in R may be the cause of its failures. R is split at each failure
 * from the second on, until that batch is alone. */
static void retry_or_split(struct request *r)
{
	struct exporter *e = r->exporter;
	struct backoff b = { e->opts.retry_base_ms, e->opts.retry_cap_ms };
	uint32_t failures = r->failures;

	if (r->nparts > 1 && e->good > r->good_before && request_split(r) == 0) {
		e->bad--; /* the bad batch will count itself */
		return;
	}
	request_retry(r, backoff_ms(&b, failures - 2, exporter_random(e)) * US_PER_MS);
}

static void on_retry_answer(struct request *r, struct destination *d, const struct http_answer *a)
{
	struct exporter *e = r->exporter;

	/* A request that fails again says nothing more of the collector. */
	if (r->failing_us == 0) {
		r->failing_us = loop_now_us(e->loop);
		r->good_before = e->good;
		r->bad_before = ++e->bad;
	}
	r->failures++;
	r->confirmed += e->good > r->good_last;
	r->good_last = e->good;
	e->failed_again |= r->failures >= FAILING_TIMES;
	set_detail(r, a);
	if (is_collector_fault(a) || !slowstart_doubted(&d->slowstart, r->round))
		destination_failed(d, r->round, FAULT_WAITING, a);
	if (is_stuck(r))
		split_or_refuse(r);
	else if (may_be_stored(a) && r->failures > 1)
		retry_or_split(r);
	else
		request_retry(r, 0);
}

/* Queues the requests that await a probe to be sent again. */
static void retry_awaiting_probe(struct destination *d)
{
	while (!list_empty(&d->awaiting_probe))
		request_retry(list_first(&d->awaiting_probe, struct request, link), 0);
}

static void await_probe(struct request *r, struct destination *d)
{
	if (d->leaving) {
		request_retry(r, 0); /* another destination decides */
		return;
	}
	if (!d->probing && exporter_send_probe(d) < 0) {
		struct http_answer none = {
			.failure = HTTP_UNREACHABLE, .retry_after_ms = -1, .error = "out of memory"
		};

		destination_failed(d, d->slowstart.round, FAULT_WAITING, &none);
		request_retry(r, 0);
		return;
	}
	list_remove(&r->link);
	if (!request_give_back(r))
		list_push(&d->awaiting_probe, &r->link);
}

static enum refusal_verdict verdict_on(const struct request *r, const struct destination *d)
{
	struct refusal refusal = { r->refusals, r->first_refused_us, d->last_good_us, d->refused_in_row };

	return response_verdict(&refusal);
}

/* A POST of several batches was refused: sends its halves separately. */
static void split_joined(struct request *r, struct destination *d)
{
	uint64_t most = JOINED_REFUSED_MAX + 2 * r->exporter->opts.max_in_flight;

	if (++d->joined_refused >= most) {
		d->joined_refused = 0;
		d->single_until_us = loop_now_us(r->exporter->loop) + single_for_us;
	}
	if (request_split(r) < 0)
		request_retry(r, US_PER_S);
	else
		d->exporter->stats.splits++;
}

static void on_refused(struct request *r, struct destination *d, const struct http_answer *a)
{
	bool is_trial = d->slowstart.state == SLOW_PROBE && r->round == d->slowstart.round;
	enum refusal_verdict v;

	/* A refusal from before the collector was blocked is no evidence against the request. */
	if (r->refusals++ == 0 || r->first_refused_us <= d->blocked_us) {
		r->refusals = 1;
		r->first_refused_us = loop_now_us(d->exporter->loop);
	}
	/* A refused joined POST does not tell which batches are bad; a refused single batch does. */
	if (r->nparts == 1) {
		d->refused_in_row++;
		d->joined_refused = 0;
	}
	set_detail(r, a);
	r->cause = response_cause(class_of(a));
	v = verdict_on(r, d);
	if (is_trial && v != VERDICT_BLOCK)
		v = VERDICT_PROBE; /* the only request of this round: it does not show whether the collector works */
	else if (v != VERDICT_BLOCK)
		destination_answered(d, r->round);
	if (v == VERDICT_BLOCK) {
		destination_failed(d, r->round, FAULT_BLOCKED, a);
		r->nparts > 1 ? split_joined(r, d) : request_retry(r, 0);
	} else if (v == VERDICT_PROBE) {
		await_probe(r, d);
	} else if (r->nparts > 1) {
		split_joined(r, d);
	} else if (v == VERDICT_RETRY) {
		request_retry(r, 0);
	} else {
		request_refused(r, r->cause);
	}
}

static void on_too_large(struct request *r, struct destination *d, const struct http_answer *a)
{
	int rc;

	destination_answered(d, r->round);
	rc = request_split(r);
	if (rc == E_INDIVISIBLE)
		on_refused(r, d, a); /* a single span: either the span or the limit of the collector is wrong */
	else if (rc < 0)
		request_retry(r, US_PER_S);
	else
		d->exporter->stats.splits++;
}

/* The collector answered 2xx. R is delivered now when no counters can be read, else when they confirm it. */
static void on_accepted(struct request *r, struct destination *d)
{
	struct exporter *e = d->exporter;

	e->good++;
	d->last_good_us = loop_now_us(e->loop);
	d->refused_in_row = 0;
	if (r->nparts > 1)
		d->joined_refused = 0;
	/* A collector with a failing store answers 202 too, so it stays in SLOW_PROBE, one POST at a time, until the
	 * counters show a stored POST. */
	if (!confirmer_store_away(d->confirmer))
		destination_answered(d, r->round);
	if (confirmer_answered(d->confirmer, &r->post)) {
		request_delivered(r);
		return;
	}
	list_remove(&r->link);
	list_push(&d->unconfirmed, &r->link);
}

static void on_lost(struct request *r, struct destination *d)
{
	request_mark_maybe_stored(r);
	request_count_loss(r);
	if (confirmer_store_away(d->confirmer))
		destination_cannot_store(d, d->slowstart.round);
	else
		destination_answered(d, r->round);
	request_retry(r, 0);
}

void exporter_on_verdict(void *arg, struct confirm_post *p, enum confirm_verdict v)
{
	struct destination *d = arg;
	struct request *r = container_of(p, struct request, post);

	list_remove(&r->link);
	d->exporter->heard_us = loop_now_us(d->exporter->loop);
	exporter_wake(d->exporter);
	switch (v) {
	case CONFIRM_STORED:
		destination_answered(d, r->round);
		request_delivered(r);
		break;
	case CONFIRM_LOST:
	case CONFIRM_RESTART:
		on_lost(r, d);
		break;
	case CONFIRM_GIVE_UP:
		destination_answered(d, r->round);
		request_set_detail(r, 0, confirmer_sentence(d->confirmer));
		request_refused(r, exporter_unconfirmed);
		break;
	}
}

static struct destination *finish_post(struct request *r, const struct http_answer *a)
{
	struct destination *d = r->at;

	d->exporter->stats.in_flight--;
	if (r->round == d->slowstart.round && d->in_round > 0)
		d->in_round--;
	if (a->failure == HTTP_ANSWERED)
		d->closes = a->new_connection;
	request_free_body(r);
	exporter_wake(d->exporter);
	return d;
}

void exporter_on_answer(void *arg, const struct http_answer *a)
{
	struct request *r = arg;
	struct destination *d = finish_post(r, a);
	enum response class = class_of(a);

	count_answer(d->exporter, a);
	if (class != RESPONSE_DONE)
		confirmer_unanswered(d->confirmer, &r->post);
	if ((class == RESPONSE_RETRY || class == RESPONSE_MISCONFIGURED) && may_be_stored(a))
		request_mark_maybe_stored(r);
	switch (class) {
	case RESPONSE_DONE:
		on_accepted(r, d);
		break;
	case RESPONSE_RETRY:
		on_retry_answer(r, d, a);
		break;
	case RESPONSE_SPLIT:
		on_too_large(r, d, a);
		break;
	case RESPONSE_REFUSED:
		on_refused(r, d, a);
		break;
	case RESPONSE_MISCONFIGURED:
		destination_failed(d, r->round, FAULT_BLOCKED, a);
		request_retry(r, 0);
		break;
	}
}

/* The collector accepted the probe. A joined POST that awaited it has at least one bad batch, and is split. */
static void decide_awaiting_probe(struct destination *d)
{
	while (!list_empty(&d->awaiting_probe)) {
		struct request *r = list_first(&d->awaiting_probe, struct request, link);

		if (r->nparts > 1)
			split_joined(r, d);
		else if (response_verdict_after_probe(r->refusals) == VERDICT_POISON)
			request_refused(r, r->cause);
		else
			request_retry(r, 0);
	}
}

void exporter_on_probe_answer(void *arg, const struct http_answer *a)
{
	struct destination *d = arg;
	enum response class = class_of(a);

	d->probing = false;
	d->exporter->stats.in_flight--;
	exporter_wake(d->exporter);
	count_answer(d->exporter, a);
	if (class == RESPONSE_DONE) {
		d->last_good_us = loop_now_us(d->exporter->loop);
		destination_answered(d, d->probe_round);
		decide_awaiting_probe(d);
		return;
	}
	destination_failed(d, d->probe_round, class == RESPONSE_RETRY ? FAULT_WAITING : FAULT_BLOCKED, a);
	retry_awaiting_probe(d);
}
