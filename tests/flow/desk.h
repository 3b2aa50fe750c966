/* desk.h — a postman before fake HTTP, and a book of what it reports. */
#ifndef DESK_H
#define DESK_H

#include <stdlib.h>

#include "batchmake.h"
#include "collector_cause.h"
#include "fake_http.h"
#include "fakeclock.h"
#include "postman.h"
#include "tap.h"
#include "until.h"

enum { DESK_LETTERS = 4096 };

struct desk_letter {
	struct buf value;
	uint32_t spans;
	int reports;
	enum sink_outcome outcome;
	int status;
	char cause[32];
	char detail[128];
};

struct desk {
	struct loop *loop;
	struct postman *postman;
	struct turn_hook *at_end;
	struct desk_letter letters[DESK_LETTERS];
	size_t nletters; /* sent */
	size_t reported;
	int rooms;
	int changes;
	enum postman_state state;
	char sentence[COLLECTOR_SENTENCE];
	uint64_t again_spans, again_letters; /* sent again although they may have arrived */
	int flushes;
	/* For desk_until. */
	size_t want;
};

static void desk_done(void *arg, const struct postman_report *r)
{
	struct desk *d = arg;
	struct desk_letter *l = r->token;

	l->reports++;
	l->outcome = r->outcome;
	l->status = r->status;
	snprintf(l->cause, sizeof(l->cause), "%s", r->cause);
	snprintf(l->detail, sizeof(l->detail), "%s", r->detail);
	d->reported++;
}

static void desk_room(void *arg)
{
	((struct desk *)arg)->rooms++;
}

static void desk_sent_again(void *arg, uint32_t spans, bool first)
{
	struct desk *d = arg;

	d->again_spans += spans;
	d->again_letters += first;
}

static void desk_changed(void *arg, enum postman_state state, const char *sentence)
{
	struct desk *d = arg;

	d->changes++;
	d->state = state;
	snprintf(d->sentence, sizeof(d->sentence), "%s", sentence);
}

static inline void desk_flushed(void *arg)
{
	((struct desk *)arg)->flushes++;
}

/* Pauses of 1 to 5 ms, so that no test has to wait. */
static inline struct postman_opts desk_opts(const char *const *urls, size_t nurls)
{
	return (struct postman_opts){ .urls = urls,
		.nurls = nurls,
		.connect_ms = 1000,
		.total_ms = 1000,
		.max_in_flight = 8,
		.max_bytes = 1 << 20,
		.retry_base_ms = 1,
		.retry_cap_ms = 5 };
}

static inline void desk_nothing(void *arg)
{
	(void)arg;
}

/* AT_END is called in each turn after the postman's own hook: that one is opened later. */
static inline struct desk *desk_open_with(
        const struct postman_opts *opts, void (*at_end)(void *arg))
{
	struct desk *d = calloc(1, sizeof(*d));
	struct postman_events events = {
		.done = desk_done,
		.room = desk_room,
		.sent_again = desk_sent_again,
		.changed = desk_changed,
		.arg = d,
	};
	struct why why = { 0 };

	if (d == NULL || loop_open(&d->loop, &why) < 0 ||
	        turn_hook_open(&d->at_end, d->loop, at_end, d) < 0 ||
	        postman_open(&d->postman, d->loop, opts, &events, &why) < 0) {
		ok(0, "the postman opens: %s", why.text);
		exit(99);
	}
	return d;
}

static inline struct desk *desk_open(const struct postman_opts *opts)
{
	return desk_open_with(opts, desk_nothing);
}

static inline struct desk *desk_open_usual(void)
{
	static const char *const urls[] = { "http://one:1" };
	struct postman_opts opts = desk_opts(urls, 1);

	return desk_open(&opts);
}

static inline void desk_close(struct desk *d)
{
	postman_free(d->postman);
	turn_hook_free(d->at_end);
	loop_free(d->loop);
	for (size_t i = 0; i < d->nletters; i++)
		buf_free(&d->letters[i].value);
	free(d);
}

/* A letter of SPANS spans, in trace number "which letter", with AS's headers (NULL: none). Returns what
 * postman_send does. */
static inline int desk_send(struct desk *d, uint32_t spans, const struct postman_letter *as)
{
	struct desk_letter *l = &d->letters[d->nletters];
	struct postman_letter letter;
	int rc;

	batchmake(&l->value, "svc", d->nletters + 1, 1, spans);
	l->spans = spans;
	letter = as == NULL ? (struct postman_letter){ 0 } : *as;
	letter.value = buf_slice(&l->value);
	letter.spans = spans;
	letter.token = l;
	rc = postman_send(d->postman, &letter);
	if (rc == 0)
		d->nletters++;
	else
		buf_free(&l->value);
	return rc;
}

static inline void desk_must_send(struct desk *d, uint32_t spans)
{
	if (desk_send(d, spans, NULL) < 0)
		ok(0, "a letter is taken");
}

static inline bool desk_has_out(void *arg)
{
	return fake.n >= ((struct desk *)arg)->want;
}

/* Waits until N requests lie before the collectors. */
static inline bool desk_out(struct desk *d, size_t n)
{
	d->want = n;
	return until_true(d->loop, desk_has_out, d, 10);
}

static inline bool desk_has_reported(void *arg)
{
	return ((struct desk *)arg)->reported >= ((struct desk *)arg)->want;
}

static inline bool desk_reported(struct desk *d, size_t n)
{
	d->want = n;
	return until_true(d->loop, desk_has_reported, d, 10);
}

/* Every request is answered with STATUS until N letters have been reported. */
static inline bool desk_answer_all(struct desk *d, int status, size_t n)
{
	for (int i = 0; i < 10000 && d->reported < n; i++) {
		while (fake.n > 0)
			fake_answer(0, status, "", -1);
		until_passed(d->loop, 1);
	}
	return d->reported >= n;
}

static void desk_see_first(void *arg, const struct inspect_span *span)
{
	struct inspect_span *first = arg;

	if (first->span_id == 0)
		*first = *span;
}

/* The first span of request I; all zero when it has none. */
static inline struct inspect_span desk_first(size_t i)
{
	struct inspect_span first = { 0 };
	struct inspect_facts facts;

	if (inspect_batch(slice_of(fake.out[i].body, fake.out[i].len), &facts, desk_see_first,
	            &first, NULL) < 0)
		ok(0, "a request holds a batch");
	return first;
}

static inline bool desk_told(void *arg)
{
	return (size_t)((struct desk *)arg)->changes >= ((struct desk *)arg)->want;
}

/* Waits for the N-th change of state. */
static inline bool desk_change(struct desk *d, size_t n)
{
	d->want = n;
	return until_true(d->loop, desk_told, d, 10);
}

#endif
