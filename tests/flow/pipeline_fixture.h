/* SPDX-License-Identifier: Apache-2.0 */
/* pipeline_fixture.h — store and forward between batches of the test's own and a sink that does as it is told. */
#ifndef PIPELINE_FIXTURE_H
#define PIPELINE_FIXTURE_H

#include "base/clock.h"
#include "agent/pipeline.h"
#include "base/log.h"
#include "tap.h"
#include "tempdir.h"
#include "wait.h"

enum { SIZE = 60000, SPANS = 3, FLIGHT_BYTES = 1 << 20, READ_AHEAD = FLIGHT_BYTES / 4, SECONDS = 60, TAKEN = 64 };

struct server_fixture {
	char dir[TEMPDIR_PATH];
	char aside[TEMPDIR_PATH + 16]; /* its quarantine */
	struct loop *loop;
	struct health health;
	struct pipeline *pipeline;
	struct sink sink;
	enum { REFUSES, REFUSES_LARGE, FULL, TAKES } mood;
	struct timer *reporter; /* of what it took */
	struct batch *taken[TAKEN];
	size_t ntaken;
	unsigned left;
	uint64_t failing;      /* of what it took it gives back the batches with a sequence up to this, each time */
	uint32_t size;         /* of a batch; 0: SIZE */
	uint64_t refused_most; /* bytes that waited for the quarantine */
	uint64_t failures_seen;
	bool stopped;
};

static inline enum sink_answer offer(struct sink *sink, struct batch *b)
{
	struct server_fixture *h = container_of(sink, struct server_fixture, sink);

	if (h->mood == FULL || h->ntaken == TAKEN)
		return SINK_FULL;
	if (h->mood == TAKES) {
		h->taken[h->ntaken++] = b;
		return SINK_TOOK;
	}
	snprintf(sink->refusal, sizeof(sink->refusal), "not today");
	sink->refused_as = h->mood == REFUSES_LARGE ? SINK_TOO_LARGE : SINK_POISON;
	return SINK_CANNOT;
}

static inline void report(void *arg)
{
	struct server_fixture *h = arg;
	size_t n = h->ntaken;

	timer_start(h->reporter, 1);
	h->ntaken = 0;
	for (size_t i = 0; i < n; i++) {
		bool fails = h->taken[i]->sequence <= h->failing;

		h->sink.events.done(h->sink.events.arg, h->taken[i],
		        &(struct sink_report){ .outcome = fails ? SINK_NOT_SENT : SINK_DELIVERED, .detail = "" });
	}
}

static inline void purge(struct sink *sink, bool wire)
{
	(void)sink;
	(void)wire;
}

static inline void flush(struct sink *sink, uint64_t budget_ms, void (*flushed)(void *arg), void *arg)
{
	(void)sink;
	(void)budget_ms;
	flushed(arg);
}

static inline void free_sink(struct sink *sink)
{
	(void)sink;
}

static const struct sink_ops refusing = { offer, purge, flush, free_sink };

static inline struct pipeline_opts house_opts(const struct server_fixture *h, bool drop_refused, uint64_t max_bytes)
{
	return (struct pipeline_opts){
		.dispatcher = { .window_bytes = 1 << 20, .sink_name = "fake" },
		.flight = { .max_bytes = FLIGHT_BYTES, .exposure_us = 20 * US_PER_MS },
		.drop_refused = drop_refused,
		.spool = { .directory = h->dir, .host = "test", .max_bytes = max_bytes, .segment_bytes = 4 << 20 },
		.stop_ms = 10,
	};
}

static inline void enter_with(struct server_fixture *h, const struct pipeline_opts *o)
{
	struct why why;

	memset(h, 0, sizeof(*h));
	tempdir_make(h->dir);
	snprintf(h->aside, sizeof(h->aside), "%s/quarantine", h->dir);
	h->sink.ops = &refusing;
	if (loop_open(&h->loop, &why) < 0 || pipeline_open(&h->pipeline, h->loop, o, &h->health, &why) < 0) {
		diag("%s", why.text);
		exit(99);
	}
	pipeline_set_sink(h->pipeline, &h->sink);
	if (timer_open(&h->reporter, h->loop, report, h) < 0)
		exit(99);
	timer_start(h->reporter, 1);
}

static inline void enter(struct server_fixture *h, bool drop_refused, uint64_t max_bytes)
{
	struct pipeline_opts o = house_opts(h, drop_refused, max_bytes);

	enter_with(h, &o);
}

static inline void on_stopped(void *arg)
{
	((struct server_fixture *)arg)->stopped = true;
}

static inline bool has_stopped(void *arg)
{
	return ((struct server_fixture *)arg)->stopped;
}

static inline void leave(struct server_fixture *h)
{
	timer_free(h->reporter);
	pipeline_stop(h->pipeline, on_stopped, h);
	ok(wait_until(h->loop, has_stopped, h, SECONDS), "it stops");
	ok(ledger_check(pipeline_ledger(h->pipeline)) == NULL, "the ledger balances");
	pipeline_free(h->pipeline);
	loop_free(h->loop);
	tempdir_remove(h->dir);
}

static inline const struct ledger_count *at(struct server_fixture *h, enum ledger_place place)
{
	return &pipeline_ledger(h->pipeline)->place[place];
}

/* A batch that was read AGE_US ago. */
static inline void feed_one(struct server_fixture *h, uint64_t age_us)
{
	uint32_t size = h->size == 0 ? SIZE : h->size;
	struct agent_batch *b = agent_batch_new(size);

	memset(b->batch.bytes, 'x', size);
	b->batch.spans = SPANS;
	b->read_us = clock_mono_us() - age_us;
	b->batch.received_ms = clock_wall_ms();
	ledger_datagram(pipeline_ledger(h->pipeline), LEDGER_ACCEPTED);
	flight_add(pipeline_flight(h->pipeline), b);
}

/* Some at each look, so long as the forward part says that it has room. */
static inline bool all_are_fed(void *arg)
{
	struct server_fixture *h = arg;

	for (int n = 0; n < 4 && h->left > 0 && flight_has_room(pipeline_flight(h->pipeline)); n++) {
		h->left--;
		feed_one(h, 0);
	}
	return h->left == 0;
}

static inline bool feed(struct server_fixture *h, unsigned batches)
{
	h->left = batches;
	return wait_until(h->loop, all_are_fed, h, SECONDS);
}

static inline bool all_are_settled(void *arg)
{
	return at(arg, LEDGER_IN_FLIGHT)->batches == 0 && at(arg, LEDGER_IN_SPOOL)->batches == 0;
}

static inline bool none_is_in_flight(void *arg)
{
	return at(arg, LEDGER_IN_FLIGHT)->batches == 0;
}

static inline enum health_level level_of(const struct server_fixture *h, const char *part)
{
	for (size_t i = 0; i < h->health.nparts; i++)
		if (strcmp(h->health.parts[i].name, part) == 0)
			return h->health.parts[i].level;
	return HEALTH_OK;
}

static inline bool is_down(void *arg)
{
	return level_of(arg, "spool") == HEALTH_DOWN;
}

/* Commit cycles of the spool since the start. */
static inline uint64_t turns(struct server_fixture *h)
{
	struct pipeline_stats s;

	pipeline_stats(h->pipeline, &s);
	return s.spooler.cycles;
}

#endif
