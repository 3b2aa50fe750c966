/* SPDX-License-Identifier: Apache-2.0 */
/* answer.c — what an answer means for the request and for the collector it came from. The table
 * and the verdicts are response_class.h's, the pauses backoff.h's and slowstart.h's; here they are put to work. */
#include <stdio.h>

#include "policy/response_class.h"
#include "exporter_internal.h"

/* As many joined POSTs in a row are refused, beside twice those that can be on the wire at once, which may all have a bad
 * batch in them, and meanwhile no joined POST passes and no batch is refused alone: the collector takes batches one by
 * one only. It is asked again after a minute. */
enum { JOINED_REFUSED_MAX = 8, DETAIL_BYTES = 1024 };
static const uint64_t single_for_us = 60 * US_PER_S;

/* "answered 503: sending queue is full", or what the library said. */
static void describe(const struct http_answer *a, char *to, size_t cap)
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

static void count(struct exporter *e, const struct http_answer *a)
{
	if (a->failure == HTTP_UNREACHABLE)
		e->stats.unreachable++;
	else if (a->failure == HTTP_MISCONFIGURED)
		e->stats.misconfigured++;
	else if (a->status >= 0 && a->status < (int)ARRAY_LEN(e->stats.by_status))
		e->stats.by_status[a->status]++;
	if (a->failure == HTTP_ANSWERED)
		histogram_add(&e->stats.took, a->took_us);
}

static void blame(struct request *r, const struct http_answer *a)
{
	char said[DETAIL_BYTES];

	describe(a, said, sizeof(said));
	request_blame(r, a->status, said);
}

static bool is_stuck(const struct request *r)
{
	struct exporter *e = r->exporter;
	struct failure_history t = {
		.failures = r->failures,
		.lasted_us = loop_now_us(e->loop) - r->failing_us,
		.others_good = e->good - r->good_then,
		.others_bad = e->bad - r->bad_then - r->failures,
	};

	return response_stuck(&t);
}

/* Failing again and again while others pass: in parts, then none of it. */
static void give_up_on(struct request *r)
{
	int rc = request_split(r);

	if (rc == E_TOO_LARGE)
		request_refused(r, response_cause(RESPONSE_RETRY));
	else if (rc < 0)
		request_again(r, US_PER_S);
}

static bool may_be_stored(const struct http_answer *a)
{
	return response_may_be_stored(a->status, a->was_sent);
}

/* No doubt is left: this is about the collector, not about one batch or one connection. */
static bool says_go_away(const struct http_answer *a)
{
	return a->trouble == HTTP_NO_CONNECTION || (a->status > 0 && a->status < 500) || a->status == 503 ||
	       a->retry_after_ms > 0;
}

/* Others pass, so of several batches in R one may be what the collector cannot take: from the second failure on
 * they go on in halves, so that it stands alone in the end. */
static void retry_doubtful(struct request *r)
{
	struct exporter *e = r->exporter;
	struct backoff b = { e->opts.retry_base_ms, e->opts.retry_cap_ms };
	uint32_t failures = r->failures;

	if (r->nparts > 1 && e->good > r->good_then && request_split(r) == 0)
		return;
	request_again(r, backoff_ms(&b, failures - 2, exporter_random(e)) * US_PER_MS);
}

static void told_to_retry(struct request *r, struct destination *d, const struct http_answer *a)
{
	struct exporter *e = r->exporter;

	if (r->failures++ == 0) {
		r->failing_us = loop_now_us(e->loop);
		r->good_then = e->good;
		r->bad_then = e->bad;
	}
	e->bad++;
	blame(r, a);
	if (says_go_away(a) || !slowstart_doubted(&d->pace, r->round))
		destination_fails(d, r->round, TROUBLE_WAITING, a);
	if (is_stuck(r))
		give_up_on(r);
	else if (may_be_stored(a) && r->failures > 1)
		retry_doubtful(r);
	else
		request_again(r, 0);
}

/* The requests that were refused are tried again. */
static void suspects_go_on(struct destination *d)
{
	while (!list_empty(&d->suspects))
		request_again(list_first(&d->suspects, struct request, link), 0);
}

static void suspect(struct request *r, struct destination *d)
{
	if (d->leaving) {
		request_again(r, 0); /* another destination is asked for its opinion */
		return;
	}
	if (!d->asking && exporter_ask(d) < 0) {
		struct http_answer none = {
			.failure = HTTP_UNREACHABLE, .retry_after_ms = -1, .error = "out of memory"
		};

		destination_fails(d, d->pace.round, TROUBLE_WAITING, &none);
		request_again(r, 0);
		return;
	}
	list_remove(&r->link);
	if (!request_give_back(r))
		list_push(&d->suspects, &r->link);
}

static enum refusal_verdict verdict_on(const struct request *r, const struct destination *d)
{
	struct refusal refusal = { r->refusals, r->first_refused_us, d->last_good_us, d->refused_in_row };

	return response_verdict(&refusal);
}

/* A POST of several batches was refused: each half is asked for by itself. */
static void joined_refused(struct request *r, struct destination *d)
{
	uint64_t most = JOINED_REFUSED_MAX + 2 * r->exporter->opts.max_in_flight;

	if (++d->joined_refused >= most) {
		d->joined_refused = 0;
		d->single_until_us = loop_now_us(r->exporter->loop) + single_for_us;
	}
	if (request_split(r) < 0)
		request_again(r, US_PER_S);
	else
		d->exporter->stats.splits++;
}

static void refused(struct request *r, struct destination *d, const struct http_answer *a)
{
	bool is_trial = d->pace.state == SLOW_PROBE && r->round == d->pace.round;
	enum refusal_verdict v;

	/* A refusal from before the collector was blocked is no evidence against the request. */
	if (r->refusals++ == 0 || r->first_refused_us <= d->blocked_us) {
		r->refusals = 1;
		r->first_refused_us = loop_now_us(d->exporter->loop);
	}
	/* Of a joined POST nobody knows yet how many batches are bad. One that is refused alone explains it. */
	if (r->nparts == 1) {
		d->refused_in_row++;
		d->joined_refused = 0;
	}
	blame(r, a);
	r->cause = response_cause(class_of(a));
	v = verdict_on(r, d);
	if (is_trial && v != VERDICT_BLOCK)
		v = VERDICT_PROBE; /* the trial tells nothing yet of the collector */
	else if (v != VERDICT_BLOCK)
		destination_answers(d, r->round);
	if (v == VERDICT_BLOCK) {
		destination_fails(d, r->round, TROUBLE_BLOCKED, a);
		r->nparts > 1 ? joined_refused(r, d) : request_again(r, 0);
	} else if (v == VERDICT_PROBE) {
		suspect(r, d);
	} else if (r->nparts > 1) {
		joined_refused(r, d);
	} else if (v == VERDICT_RETRY) {
		request_again(r, 0);
	} else {
		request_refused(r, r->cause);
	}
}

static void too_large(struct request *r, struct destination *d, const struct http_answer *a)
{
	int rc;

	destination_answers(d, r->round);
	rc = request_split(r);
	if (rc == E_TOO_LARGE)
		refused(r, d, a); /* one span: the limit may be wrong, or the span */
	else if (rc < 0)
		request_again(r, US_PER_S);
	else
		d->exporter->stats.splits++;
}

/* A 2xx. Without sight of the store that is all there is. */
static void taken(struct request *r, struct destination *d)
{
	struct exporter *e = d->exporter;

	e->good++;
	d->last_good_us = loop_now_us(e->loop);
	d->refused_in_row = 0;
	if (r->nparts > 1)
		d->joined_refused = 0;
	/* A store that is away is asked with one POST at a time until one is stored: its 202 says nothing. */
	if (!confirmer_store_away(d->confirmer))
		destination_answers(d, r->round);
	if (confirmer_answered(d->confirmer, &r->post)) {
		request_delivered(r);
		return;
	}
	list_remove(&r->link);
	list_push(&d->unconfirmed, &r->link);
	if (e->events.answered != NULL)
		e->events.answered(e->events.arg);
}

static void lost(struct request *r, struct destination *d)
{
	request_doubt(r);
	if (confirmer_store_away(d->confirmer))
		destination_cannot_store(d, d->pace.round);
	else
		destination_answers(d, r->round);
	request_again(r, 0);
}

void exporter_on_verdict(void *arg, struct confirm_post *p, enum confirm_verdict v)
{
	struct destination *d = arg;
	struct request *r = container_of(p, struct request, post);

	list_remove(&r->link);
	exporter_stir(d->exporter);
	switch (v) {
	case CONFIRM_STORED:
		destination_answers(d, r->round);
		request_delivered(r);
		break;
	case CONFIRM_LOST:
	case CONFIRM_RESTART:
		lost(r, d);
		break;
	case CONFIRM_GIVE_UP:
		destination_answers(d, r->round);
		request_blame(r, 0, confirmer_sentence(d->confirmer));
		request_refused(r, exporter_unconfirmed);
		break;
	}
}

static struct destination *off_wire(struct request *r, const struct http_answer *a)
{
	struct destination *d = r->at;

	d->exporter->stats.in_flight--;
	if (r->round == d->pace.round && d->in_round > 0)
		d->in_round--;
	if (a->failure == HTTP_ANSWERED)
		d->closes = a->new_connection;
	request_off_wire(r);
	exporter_stir(d->exporter);
	return d;
}

void exporter_on_answer(void *arg, const struct http_answer *a)
{
	struct request *r = arg;
	struct destination *d = off_wire(r, a);
	enum response class = class_of(a);

	count(d->exporter, a);
	if (class != RESPONSE_DONE)
		confirmer_unanswered(d->confirmer, &r->post);
	if ((class == RESPONSE_RETRY || class == RESPONSE_MISCONFIGURED) && may_be_stored(a))
		request_doubt(r);
	switch (class) {
	case RESPONSE_DONE:
		taken(r, d);
		break;
	case RESPONSE_RETRY:
		told_to_retry(r, d, a);
		break;
	case RESPONSE_SPLIT:
		too_large(r, d, a);
		break;
	case RESPONSE_REFUSED:
		refused(r, d, a);
		break;
	case RESPONSE_MISCONFIGURED:
		destination_fails(d, r->round, TROUBLE_BLOCKED, a);
		request_again(r, 0);
		break;
	}
}

/* The collector takes a batch known to be good: what it refused twice is bad, and of several batches one is. */
static void decide_suspects(struct destination *d)
{
	while (!list_empty(&d->suspects)) {
		struct request *r = list_first(&d->suspects, struct request, link);

		if (r->nparts > 1)
			joined_refused(r, d);
		else if (r->refusals < 2)
			request_again(r, 0);
		else
			request_refused(r, r->cause);
	}
}

void exporter_on_asked(void *arg, const struct http_answer *a)
{
	struct destination *d = arg;
	enum response class = class_of(a);

	d->asking = false;
	d->exporter->stats.in_flight--;
	exporter_stir(d->exporter);
	count(d->exporter, a);
	if (class == RESPONSE_DONE) {
		d->last_good_us = loop_now_us(d->exporter->loop);
		destination_answers(d, d->asked_round);
		decide_suspects(d);
		return;
	}
	destination_fails(d, d->asked_round, class == RESPONSE_RETRY ? TROUBLE_WAITING : TROUBLE_BLOCKED, a);
	suspects_go_on(d);
}
