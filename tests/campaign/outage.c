/* SPDX-License-Identifier: Apache-2.0 */
/* outage.c — days without a sink, in simulated time: the memory stays flat, everything arrives, no clock
 * runs over.
 *
 *	outage [--seed N] [--count N]
 *
 * A round is 72 hours of traffic with the sink away from the first minute on, refusing or silent as the
 * seed says, with the clock begun so that 32 bits of milliseconds run over on the way; then the sink is
 * back. Another has a disk that fails while the sink is back: what is fresh must get past it. */
#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "rounds.h"
#include "agent/pipeline.h"
#include "base/log.h"
#include "sim.h"
#include "sink_held.h"

enum {
	HOURS = 72,
	BATCHES = 60000,
	SPANS = 3,
	STEP_MS = 100,
	BATCH_BYTES = 4096,
	FLAT_BYTES = 128 << 10,
	PATIENCE = 200000
};

enum mood { GOOD, REFUSING, SILENT };

static struct {
	struct loop *loop;
	struct pipeline *pipeline;
	struct health health;
	struct sink sink;
	struct list held;
	enum mood mood;
	bool purge;
	uint64_t sent;
	uint8_t arrived[BATCHES + 1000];
	uint64_t again, broken;
} w;

/* ---- the sink ---- */

static enum sink_answer offer(struct sink *s, struct batch *b)
{
	(void)s;
	if (w.mood == REFUSING)
		return SINK_DOWN;
	return sink_held_take(&w.held, b) == NULL ? SINK_FULL : SINK_TOOK;
}

static void purge(struct sink *s, bool wire)
{
	(void)s, (void)wire;
	w.purge = true;
}

static void flush(struct sink *s, uint64_t budget_ms, void (*flushed)(void *arg), void *arg)
{
	(void)s, (void)budget_ms;
	flushed(arg);
}

static const struct sink_ops ops = { offer, purge, flush, NULL };

static void give(struct sink_held *h, enum sink_outcome outcome)
{
	uint64_t n;

	if (outcome == SINK_DELIVERED) {
		memcpy(&n, h->batch->bytes, sizeof(n));
		w.again += w.arrived[n]++ > 0;
	}
	sink_held_report(h, &w.sink.events, outcome);
}

/* Reports come between the turns of the loop, as librdkafka's do. */
static void report(void)
{
	bool back = w.purge;
	struct list now;

	w.purge = false;
	if (!back && w.mood != GOOD)
		return;
	list_init(&now);
	list_append(&now, &w.held);
	while (!list_empty(&now))
		give(list_first(&now, struct sink_held, link), back ? SINK_NOT_SENT : SINK_DELIVERED);
}

/* ---- the world ---- */

static void open_life(void)
{
	struct pipeline_opts o = {
		.dispatcher = { .window_bytes = 1 << 20, .sink_name = "sink" },
		.flight = { .max_bytes = 1 << 20, .exposure_us = 100 * US_PER_MS },
		.spool = { .directory = "memory", .host = "sim", .max_bytes = 1 << 30, .segment_bytes = 1 << 22 },
		.stop_ms = 100,
	};
	struct why why;

	list_init(&w.held);
	if (loop_open(&w.loop, &why) < 0 || pipeline_open(&w.pipeline, w.loop, &o, &w.health, &why) < 0)
		rounds_bail(why.text);
	w.sink.ops = &ops;
	pipeline_set_sink(w.pipeline, &w.sink);
}

static void begin(uint64_t mono_us)
{
	memset(&w, 0, sizeof(w));
	memset(sim_disk, 0, sizeof(*sim_disk));
	sim_mono_us = mono_us;
	sim_wall_ms = UINT64_C(1700000000000);
	open_life();
}

static void receive(void)
{
	struct agent_batch *b = agent_batch_new(BATCH_BYTES);

	if (b == NULL)
		rounds_bail("out of memory");
	memset(b->batch.bytes, 0, b->batch.size);
	memcpy(b->batch.bytes, &w.sent, sizeof(w.sent));
	w.sent++;
	b->batch.spans = SPANS;
	b->read_us = sim_mono_us;
	b->batch.received_ms = sim_wall_ms;
	ledger_datagram(pipeline_ledger(w.pipeline), LEDGER_ACCEPTED);
	flight_add(pipeline_flight(w.pipeline), b);
}

static void pass(uint64_t ms)
{
	sim_mono_us += ms * US_PER_MS;
	sim_wall_ms += ms;
	report();
	sim_turn(w.loop);
	sim_work_run(w.loop);
	sim_work_done(w.loop);
	sim_turn(w.loop);
	w.broken += ledger_check(pipeline_ledger(w.pipeline)) != NULL;
}

static uint64_t missing(void)
{
	uint64_t n = 0;

	for (uint64_t i = 0; i < w.sent; i++)
		n += w.arrived[i] == 0;
	return n;
}

static bool at_rest(void)
{
	const struct ledger *l = pipeline_ledger(w.pipeline);

	return l->place[LEDGER_IN_FLIGHT].batches == 0 && l->place[LEDGER_IN_SPOOL].batches == 0;
}

static void on_stopped(void *arg)
{
	*(bool *)arg = true;
}

static void end(void)
{
	bool stopped = false;

	pipeline_stop(w.pipeline, on_stopped, &stopped);
	for (int i = 0; i < 1000 && !stopped; i++)
		pass(10);
	ok(stopped, "it stops");
	pipeline_free(w.pipeline);
	loop_free(w.loop);
}

/* ---- what is shown ---- */

/* The most that was allocated at the end of any hour, beyond that of the third. */
static size_t days_away(void)
{
	const uint64_t steps = (uint64_t)HOURS * 3600 * 1000 / STEP_MS, each = steps / BATCHES;
	const uint64_t hour = steps / HOURS;
	size_t first = 0, most = 0;

	for (uint64_t i = 1; i <= steps; i++) {
		if (i % each == 0 && w.sent < BATCHES)
			receive();
		pass(STEP_MS);
		/* In the first hours it fills what may be read ahead. */
		if (i % hour != 0 || i < 3 * hour)
			continue;
		if (first == 0)
			first = mallinfo2().uordblks;
		most = max_u64(most, mallinfo2().uordblks);
	}
	return most - first;
}

static void three_days_without_a_sink(unsigned seed)
{
	/* Begun at once, or so that 32 bits of milliseconds or of seconds since then run over on the way. */
	static const uint64_t begun_ms[] = { 1000, (UINT64_C(1) << 32) - 36 * 3600 * 1000,
		(UINT64_C(1) << 31) - 7200 * 1000, ((UINT64_C(1) << 32) - 36 * 3600) * 1000 };
	enum mood mood = seed % 2 == 0 ? SILENT : REFUSING;
	const struct ledger *l;
	struct pipeline_stats st;
	uint64_t steps = 0;
	size_t grown;

	begin(begun_ms[seed % ARRAY_LEN(begun_ms)] * US_PER_MS);
	w.mood = mood;
	grown = days_away();
	diag("seed %u: %d h, sink %s, %" PRIu64 " batches, memory grew by %zu bytes after the third hour", seed, HOURS,
	        mood == SILENT ? "silent" : "refusing", w.sent, grown);
	ok(grown <= FLAT_BYTES, "the memory is flat");
	l = pipeline_ledger(w.pipeline);
	ok(l->place[LEDGER_IN_SPOOL].batches + l->place[LEDGER_IN_FLIGHT].batches == w.sent, "all waits");
	pipeline_stats(w.pipeline, &st);
	ok(st.oldest_age_us > (HOURS - 1) * 3600 * US_PER_S && st.oldest_age_us < (HOURS + 1) * 3600 * US_PER_S,
	        "the oldest is %" PRIu64 " h old", (uint64_t)(st.oldest_age_us / US_PER_S / 3600));
	w.mood = GOOD;
	while (!at_rest() && steps++ < PATIENCE)
		pass(STEP_MS);
	ok(at_rest(), "the sink is back: all is out within %" PRIu64 " s", steps * STEP_MS / 1000);
	is_int(missing(), 0, "none is missing");
	ok(w.again * SPANS <= l->maybe_duplicate.spans, "%" PRIu64 " came twice, all marked", w.again);
	is_int(l->place[LEDGER_DELIVERED].batches, w.sent, "the ledger calls them delivered");
	is_int(w.broken, 0, "at every step the ledger balanced");
	end();
}

static void live(int batches)
{
	while (batches-- > 0) {
		receive();
		pass(STEP_MS);
	}
}

/* A killed agent comes back to a disk that takes nothing, and the sink is away once more: what waits
 * cannot be read, for its state cannot be written, and what is fresh must not wait for it. */
static void past_a_disk_that_fails(int code)
{
	uint64_t steps;

	begin(1000 * US_PER_S);
	w.mood = REFUSING;
	live(200);
	sim_turn(w.loop);
	sim_disk->put_rc = code;
	open_life();
	live(20);
	w.mood = GOOD;
	live(600);
	steps = pipeline_ledger(w.pipeline)->place[LEDGER_IN_FLIGHT].batches;
	ok(steps <= 5, "disk: %s; sink back: what is fresh gets past it, %" PRIu64 " are in flight", err_text(code),
	        steps);
	sim_disk->put_rc = 0;
	for (steps = 0; !at_rest() && steps < PATIENCE; steps++)
		pass(STEP_MS);
	ok(at_rest(), "disk back: all is out");
	ok(missing() <= pipeline_ledger(w.pipeline)->place[LEDGER_UNCERTAIN].batches,
	        "%" PRIu64 " are missing, which were in memory when it was killed", missing());
	is_int(w.broken, 0, "at every step the ledger balanced");
	end();
}

int main(int argc, char **argv)
{
	struct rounds c = rounds_options(argc, argv, 4);

	log_setup(LOG_LEVEL_ERROR + 1, LOG_FORM_TEXT);
	sim_disk = mmap(NULL, sizeof(*sim_disk), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (sim_disk == MAP_FAILED)
		rounds_bail("out of memory");
	for (unsigned seed = c.seed; seed < c.seed + c.count; seed++) {
		rounds_progress(&c, seed);
		three_days_without_a_sink(seed);
	}
	past_a_disk_that_fails(E_FULL);
	past_a_disk_that_fails(E_IO);
	diag("%u rounds from seed %u", c.count, c.seed);
	return tap_done();
}
