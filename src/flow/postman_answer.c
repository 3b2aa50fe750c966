/* postman_answer.c — what an answer means for the piece and for the collector it came from. The table
 * and the verdicts are answers.h's, the pauses backoff.h's and slowstart.h's; here they are put to work. */
#include <ctype.h>
#include <stdio.h>

#include "answers.h"
#include "postman_parts.h"

/* A refused connection costs nobody anything, and an answer costs a collector little: ask often, so
 * that its return is seen soon. Whoever hangs or cuts off is left alone for the whole cap. */
enum { CONNECT_CAP_MS = 2000, ANSWERED_CAP_MS = 5000, HOLD_BASE_FACTOR = 4 };

static uint64_t next_random(struct postman *p)
{
	p->random ^= p->random << 13;
	p->random ^= p->random >> 7;
	p->random ^= p->random << 17;
	return p->random;
}

/* "answered 503: sending queue is full", or what the library said. */
static void describe(const struct http_answer *a, char *to, size_t cap)
{
	int n;

	if (a->failure != HTTP_ANSWERED) {
		snprintf(to, cap, "%s", a->error);
		return;
	}
	n = snprintf(to, cap, "answered %d%s", a->status, a->body.len > 0 ? ": " : "");
	for (size_t i = 0; i < a->body.len && (size_t)n + 1 < cap; i++) {
		unsigned char c = a->body.at[i];

		if (c == '\n' || c == '\r')
			break;
		to[n++] = (char)(isprint(c) ? c : '?');
		to[n] = '\0';
	}
}

static void count(struct postman *p, const struct http_answer *a)
{
	if (a->failure == HTTP_UNREACHABLE)
		p->stats.unreachable++;
	else if (a->failure == HTTP_MISCONFIGURED)
		p->stats.misconfigured++;
	else if (a->status >= 0 && a->status < (int)ARRAY_LEN(p->stats.by_status))
		p->stats.by_status[a->status]++;
	if (a->failure == HTTP_ANSWERED)
		histogram_add(&p->stats.took, a->took_us);
}

/* It answers and takes its time for us, whatever it thinks of this batch. */
static void collector_answers(struct collector *c, uint64_t round)
{
	slowstart_good(&c->pace, round, loop_now_us(c->postman->loop));
	if (c->pace.state == SLOW_OPEN)
		c->trouble = TROUBLE_NONE;
}

static void collector_fails(struct collector *c, uint64_t round, enum collector_trouble trouble,
        const struct http_answer *a)
{
	struct postman *p = c->postman;
	struct backoff b = { p->opts.retry_base_ms, p->opts.retry_cap_ms };

	if (round != c->pace.round)
		return;
	if (trouble == TROUBLE_HELD)
		b.base_ms *= HOLD_BASE_FACTOR;
	else if (a->trouble == HTTP_NO_CONNECTION)
		b.cap_ms = min_u64(b.cap_ms, CONNECT_CAP_MS);
	else if (a->failure == HTTP_ANSWERED)
		b.cap_ms = min_u64(b.cap_ms, ANSWERED_CAP_MS);
	slowstart_bad(&c->pace, round, loop_now_us(p->loop),
	        backoff_after_ms(&b, c->pace.pauses, a->retry_after_ms, next_random(p)) *
	                US_PER_MS);
	c->in_round = 0;
	c->trouble = trouble;
	if (trouble == TROUBLE_HELD)
		c->held_us = loop_now_us(p->loop);
	c->cause = collector_cause_key(a);
	collector_cause_text(c->sentence, (const char *)c->name.at, a);
}

static void blame(struct piece *piece, const struct http_answer *a)
{
	char said[1024];

	describe(a, said, sizeof(said));
	piece_blame(piece, a->status, said);
}

static bool is_stuck(const struct piece *piece)
{
	struct postman *p = piece->letter->postman;
	struct trail t = {
		.failures = piece->failures,
		.lasted_us = loop_now_us(p->loop) - piece->failing_us,
		.others_good = p->good - piece->good_then,
		.others_bad = p->bad - piece->bad_then - piece->failures,
	};

	return answers_stuck(&t);
}

/* Failing again and again while others pass: in parts, then none of it. */
static void give_up_on(struct piece *piece)
{
	int rc = piece_split(piece);

	if (rc == E_TOO_LARGE)
		piece_poison(piece, answers_cause(ANSWER_RETRY));
	else if (rc < 0)
		piece_again(piece, US_PER_S);
}

static bool may_be_stored(const struct http_answer *a)
{
	return answers_may_be_stored(a->status, a->was_sent);
}

/* The mark belongs to this piece, whose spans every later request with them carries it for; the letter's
 * tells its owner. */
static void note_doubt(struct piece *piece, const struct http_answer *a)
{
	piece->maybe_stored |= may_be_stored(a);
	piece->letter->maybe_sent |= piece->maybe_stored;
}

/* No doubt is left: this is about the collector, not about one batch or one connection. */
static bool says_go_away(const struct http_answer *a)
{
	return a->trouble == HTTP_NO_CONNECTION || (a->status > 0 && a->status < 500) ||
	       a->status == 503 || a->retry_after_ms > 0;
}

static void told_to_retry(struct piece *piece, struct collector *c, const struct http_answer *a)
{
	struct postman *p = c->postman;
	struct backoff b = { p->opts.retry_base_ms, p->opts.retry_cap_ms };
	uint64_t rest_us = 0;

	if (piece->failures++ == 0) {
		piece->failing_us = loop_now_us(p->loop);
		piece->good_then = p->good;
		piece->bad_then = p->bad;
	}
	p->bad++;
	blame(piece, a);
	if (says_go_away(a) || !slowstart_doubt(&c->pace, piece->round))
		collector_fails(c, piece->round, TROUBLE_WAITING, a);
	if (is_stuck(piece)) {
		give_up_on(piece);
		return;
	}
	/* From the second failure on it may be this piece's own: others go first. */
	if (may_be_stored(a) && piece->failures > 1)
		rest_us = backoff_ms(&b, piece->failures - 2, next_random(p)) * US_PER_MS;
	piece_again(piece, rest_us);
}

/* What was refused is tried again. */
static void suspects_go_on(struct collector *c)
{
	while (!list_empty(&c->suspects)) {
		struct piece *piece = list_first(&c->suspects, struct piece, link);

		piece_again(piece, 0);
	}
}

static void suspect(struct piece *piece, struct collector *c)
{
	if (!c->asking && postman_ask(c) < 0) {
		struct http_answer none = {
			.failure = HTTP_UNREACHABLE, .retry_after_ms = -1, .error = "out of memory"
		};

		collector_fails(c, c->pace.round, TROUBLE_WAITING, &none);
		piece_again(piece, 0);
		return;
	}
	if (piece->letter->give_back) {
		piece_dropped(piece);
		return;
	}
	list_remove(&piece->link);
	list_push(&c->suspects, &piece->link);
}

static void hold(struct piece *piece, struct collector *c, const struct http_answer *a)
{
	collector_fails(c, piece->round, TROUBLE_HELD, a);
	piece_again(piece, 0);
}

static enum verdict verdict_on(const struct piece *piece, const struct collector *c)
{
	struct refusal r = { piece->refusals, piece->first_refused_us, c->last_good_us,
		c->refused_in_row };

	return answers_verdict(&r);
}

static void refused(struct piece *piece, struct collector *c, const struct http_answer *a)
{
	bool is_trial = c->pace.state == SLOW_TRIAL && piece->round == c->pace.round;
	enum verdict v;

	/* What was refused before the collector was held is no evidence against the piece. */
	if (piece->refusals++ == 0 || piece->first_refused_us <= c->held_us) {
		piece->refusals = 1;
		piece->first_refused_us = loop_now_us(c->postman->loop);
	}
	c->refused_in_row++;
	blame(piece, a);
	piece->cause = answers_cause(answers_class(a->status, false, a->body));
	v = verdict_on(piece, c);
	if (is_trial && v != VERDICT_HOLD)
		v = VERDICT_ASK; /* the trial tells nothing yet of the collector */
	else if (v != VERDICT_HOLD)
		collector_answers(c, piece->round);
	switch (v) {
	case VERDICT_AGAIN:
		piece_again(piece, 0);
		break;
	case VERDICT_ASK:
		suspect(piece, c);
		break;
	case VERDICT_POISON:
		piece_poison(piece, piece->cause);
		break;
	case VERDICT_HOLD:
		hold(piece, c, a);
		break;
	}
}

static void too_large(struct piece *piece, struct collector *c, const struct http_answer *a)
{
	int rc;

	collector_answers(c, piece->round);
	rc = piece_split(piece);
	if (rc == E_TOO_LARGE)
		refused(piece, c, a); /* one span: the limit may be wrong, or the span */
	else if (rc < 0)
		piece_again(piece, US_PER_S);
	else
		c->postman->stats.splits++;
}

static void taken(struct piece *piece, struct collector *c)
{
	struct postman *p = c->postman;

	p->good++;
	c->last_good_us = loop_now_us(p->loop);
	c->refused_in_row = 0;
	collector_answers(c, piece->round);
	piece_delivered(piece);
}

static struct collector *come_home(struct piece *piece)
{
	struct collector *c = piece->at;

	c->postman->stats.in_flight--;
	if (piece->round == c->pace.round)
		c->in_round--;
	piece->on_wire = false;
	buf_free(&piece->cut);
	postman_stir(c->postman);
	return c;
}

void postman_on_answer(void *arg, const struct http_answer *a)
{
	struct piece *piece = arg;
	struct collector *c = come_home(piece);

	count(c->postman, a);
	switch (answers_class(a->status, a->failure == HTTP_MISCONFIGURED, a->body)) {
	case ANSWER_DONE:
		taken(piece, c);
		break;
	case ANSWER_RETRY:
		note_doubt(piece, a);
		told_to_retry(piece, c, a);
		break;
	case ANSWER_SPLIT:
		too_large(piece, c, a);
		break;
	case ANSWER_REFUSED:
		refused(piece, c, a);
		break;
	case ANSWER_MISCONFIGURED:
		note_doubt(piece, a);
		collector_fails(c, piece->round, TROUBLE_HELD, a);
		piece_again(piece, 0);
		break;
	}
}

static void convict(struct collector *c)
{
	while (!list_empty(&c->suspects)) {
		struct piece *piece = list_first(&c->suspects, struct piece, link);

		if (piece->refusals < 2)
			piece_again(piece, 0);
		else
			piece_poison(piece, piece->cause);
	}
}

void postman_on_asked(void *arg, const struct http_answer *a)
{
	struct collector *c = arg;
	enum answer class = answers_class(a->status, a->failure == HTTP_MISCONFIGURED, a->body);

	c->asking = false;
	c->postman->stats.in_flight--;
	postman_stir(c->postman);
	count(c->postman, a);
	if (class == ANSWER_DONE) {
		c->last_good_us = loop_now_us(c->postman->loop);
		collector_answers(c, c->asked_round);
		convict(c);
		return;
	}
	collector_fails(
	        c, c->asked_round, class == ANSWER_RETRY ? TROUBLE_WAITING : TROUBLE_HELD, a);
	suspects_go_on(c);
}
