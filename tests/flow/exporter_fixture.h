/* SPDX-License-Identifier: Apache-2.0 */
/* exporter_fixture.h — an exporter before fake HTTP, and a record of its reports. */
#ifndef EXPORTER_FIXTURE_H
#define EXPORTER_FIXTURE_H

#include <stdlib.h>

#include "batchmake.h"
#include "exporter/collector_cause.h"
#include "exporter/exporter.h"
#include "fake_http.h"
#include "fakeclock.h"
#include "tap.h"
#include "wait.h"

enum { FIXTURE_ITEMS = 4096 };

struct fixture_item {
	struct buf value;
	uint32_t spans;
	int reports;
	enum exporter_outcome outcome;
	int status;
	char cause[32];
	char detail[128];
};

struct fixture {
	struct loop *loop;
	struct exporter *exporter;
	struct turn_hook *at_end;
	struct fixture_item items[FIXTURE_ITEMS];
	size_t nitems; /* sent */
	size_t reported;
	int rooms;
	int changes;
	enum exporter_state state;
	char sentence[COLLECTOR_SENTENCE];
	enum confirmer_state confirmer_state; /* as last told, */
	int confirmer_reports;                /* so often, */
	char seen[512];                       /* with this sentence */
	uint64_t again_spans, again_items;    /* sent again although they may have arrived */
	int flushes;
	bool more;          /* what events.more says, */
	int asked;          /* so often */
	unsigned processes; /* items are of so many processes in turn; 0: each of its own */
	/* For fixture_until. */
	size_t want;
};

static void fixture_done(void *arg, const struct exporter_report *r)
{
	struct fixture *d = arg;
	struct fixture_item *l = r->token;

	l->reports++;
	l->outcome = r->outcome;
	l->status = r->status;
	snprintf(l->cause, sizeof(l->cause), "%s", r->cause);
	snprintf(l->detail, sizeof(l->detail), "%s", r->detail);
	d->reported++;
}

static void fixture_room(void *arg)
{
	((struct fixture *)arg)->rooms++;
}

static bool fixture_more(void *arg)
{
	struct fixture *d = arg;

	d->asked++;
	return d->more;
}

static void fixture_sent_again(void *arg, uint32_t spans, bool first)
{
	struct fixture *d = arg;

	d->again_spans += spans;
	d->again_items += first;
}

static void fixture_changed(void *arg, enum exporter_state state, const char *sentence)
{
	struct fixture *d = arg;

	d->changes++;
	d->state = state;
	snprintf(d->sentence, sizeof(d->sentence), "%s", sentence);
}

static inline void fixture_confirmer(void *arg, enum confirmer_state state, const char *sentence)
{
	struct fixture *d = arg;

	d->confirmer_reports++;
	d->confirmer_state = state;
	snprintf(d->seen, sizeof(d->seen), "%s", sentence);
}

static inline void fixture_flushed(void *arg)
{
	((struct fixture *)arg)->flushes++;
}

/* Pauses of 1 to 5 ms, so that no test has to wait. */
static inline struct exporter_opts fixture_opts(const char *const *urls, size_t nurls)
{
	return (struct exporter_opts){ .urls = urls,
		.nurls = nurls,
		.confirm = CONFIRMER_OFF,
		.connect_ms = 1000,
		.total_ms = 1000,
		.max_in_flight = 8,
		.max_bytes = 1 << 20,
		.retry_base_ms = 1,
		.retry_cap_ms = 5 };
}

static inline void fixture_nothing(void *arg)
{
	(void)arg;
}

/* AT_END is called in each turn after the exporter's own hook: that one is opened later. DONE is called in
 * fixture_done's place, which it has to call. */
static inline struct fixture *fixture_open_as(const struct exporter_opts *opts, void (*at_end)(void *arg),
        void (*done)(void *arg, const struct exporter_report *r))
{
	struct fixture *d = calloc(1, sizeof(*d));
	struct exporter_events events = {
		.done = done,
		.room = fixture_room,
		.more = fixture_more,
		.sent_again = fixture_sent_again,
		.changed = fixture_changed,
		.confirmer = fixture_confirmer,
		.arg = d,
	};
	struct why why = { 0 };

	if (d == NULL || loop_open(&d->loop, &why) < 0 || turn_hook_open(&d->at_end, d->loop, at_end, d) < 0 ||
	        exporter_open(&d->exporter, d->loop, opts, &events, &why) < 0) {
		ok(0, "the exporter opens: %s", why.text);
		exit(99);
	}
	return d;
}

static inline struct fixture *fixture_open_with(const struct exporter_opts *opts, void (*at_end)(void *arg))
{
	return fixture_open_as(opts, at_end, fixture_done);
}

static inline struct fixture *fixture_open(const struct exporter_opts *opts)
{
	return fixture_open_with(opts, fixture_nothing);
}

static inline struct fixture *fixture_open_usual(void)
{
	static const char *const urls[] = { "http://one:1" };
	struct exporter_opts opts = fixture_opts(urls, 1);

	return fixture_open(&opts);
}

static inline void fixture_close(struct fixture *d)
{
	exporter_free(d->exporter);
	turn_hook_free(d->at_end);
	loop_free(d->loop);
	for (size_t i = 0; i < d->nitems; i++)
		buf_free(&d->items[i].value);
	free(d);
}

/* An item of SPANS spans, in trace number "which item", with AS's headers (NULL: none). Returns what
 * exporter_send does. */
static inline int fixture_send(struct fixture *d, uint32_t spans, const struct exporter_item *as)
{
	struct fixture_item *l = &d->items[d->nitems];
	unsigned process = (unsigned)(d->processes == 0 ? d->nitems : d->nitems % d->processes);
	struct exporter_item item;
	char service[16];
	int rc;

	snprintf(service, sizeof(service), "svc%u", process);
	batchmake(&l->value, service, d->nitems + 1, 1, spans);
	l->spans = spans;
	item = as == NULL ? (struct exporter_item){ 0 } : *as;
	item.value = buf_slice(&l->value);
	item.token = l;
	if (inspect_batch(item.value, &item.facts, NULL, NULL, NULL) < 0)
		ok(0, "an item is a batch");
	rc = exporter_send(d->exporter, &item);
	if (rc == 0)
		d->nitems++;
	else
		buf_free(&l->value);
	return rc;
}

static inline void fixture_must_send(struct fixture *d, uint32_t spans)
{
	if (fixture_send(d, spans, NULL) < 0)
		ok(0, "an item is taken");
}

static inline bool fixture_has_out(void *arg)
{
	return fake.n >= ((struct fixture *)arg)->want;
}

/* Waits until N requests lie before the collectors. */
static inline bool fixture_out(struct fixture *d, size_t n)
{
	d->want = n;
	return wait_until(d->loop, fixture_has_out, d, 10);
}

static inline bool fixture_has_reported(void *arg)
{
	return ((struct fixture *)arg)->reported >= ((struct fixture *)arg)->want;
}

static inline bool fixture_reported(struct fixture *d, size_t n)
{
	d->want = n;
	return wait_until(d->loop, fixture_has_reported, d, 10);
}

/* Every request is answered with STATUS until N items have been reported. */
static inline bool fixture_answer_all(struct fixture *d, int status, size_t n)
{
	for (int i = 0; i < 10000 && d->reported < n; i++) {
		while (fake.n > 0)
			fake_answer(0, status, "", -1);
		wait_ms(d->loop, 1);
	}
	return d->reported >= n;
}

static void fixture_see_first(void *arg, const struct inspect_span *span)
{
	struct inspect_span *first = arg;

	if (first->span_id == 0)
		*first = *span;
}

/* The first span of request I; all zero when it has none. */
static inline struct inspect_span fixture_first(size_t i)
{
	struct inspect_span first = { 0 };
	struct inspect_facts facts;

	if (inspect_batch(slice_of(fake.out[i].body, fake.out[i].len), &facts, fixture_see_first, &first, NULL) < 0)
		ok(0, "a request holds a batch");
	return first;
}

static inline bool fixture_told(void *arg)
{
	return (size_t)((struct fixture *)arg)->changes >= ((struct fixture *)arg)->want;
}

/* Waits for the N-th change of state. */
static inline bool fixture_change(struct fixture *d, size_t n)
{
	d->want = n;
	return wait_until(d->loop, fixture_told, d, 10);
}

#endif
