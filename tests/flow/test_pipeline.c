/* SPDX-License-Identifier: Apache-2.0 */
/* test_pipeline.c — store and forward against a sink that behaves well, badly and not at all.
 *
 * Every batch carries a number. What was accepted and what arrived is kept in memory that survives a
 * SIGKILL of the process under test, and compared with the ledger when all is delivered. */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "agent/pipeline.h"
#include "base/log.h"
#include "sink_held.h"
#include "tap.h"
#include "wait.h"
#include "testkit/workdir.h"

enum { NUMBERS = 200000, SPANS = 3 };

/* Outlives the process under test. */
struct evidence {
	uint64_t numbers; /* handed to flight_add so far */
	uint8_t arrived[NUMBERS];
	uint64_t unmarked_again; /* arrived before, and came again without the mark */
	uint64_t broken;         /* times an identity did not hold */
	struct ledger ledger;    /* as last seen */
	uint64_t opened;
};

enum mood { GOOD, SILENT, REFUSING, GIVING_BACK, DOUBTFUL, MOODS };

struct fake_sink {
	struct sink sink;
	struct timer *timer;
	struct list held;
	enum mood mood;
	unsigned random;
	void (*flushed)(void *arg);
	void *flushed_arg;
};

struct run {
	struct loop *loop;
	struct health health;
	struct pipeline *pipeline;
	struct fake_sink sink;
	struct timer *feeder;
	struct evidence *seen;
	unsigned left; /* batches still to be fed */
	bool steady;   /* the sink keeps its mood */
	bool stopped;
};

static unsigned roll(struct fake_sink *s, unsigned n)
{
	s->random = s->random * 1103515245 + 12345;
	return (s->random >> 16) % n;
}

static struct evidence *seen;

static void arrive(const struct batch *b)
{
	uint64_t number;

	memcpy(&number, b->bytes, sizeof(number));
	if (seen->arrived[number] > 0 && !b->maybe_dup)
		seen->unmarked_again++;
	seen->arrived[number] += seen->arrived[number] < 255;
}

/* A report may bring a purge, which gives back others of the list. */
static void on_time(void *arg)
{
	struct fake_sink *s = arg;
	struct sink_held *h;

	timer_start(s->timer, 2);
	if (s->mood == SILENT)
		return;
	list_each (node, &s->held)
		container_of(node, struct sink_held, link)->due = roll(s, 3) > 0;
	while ((h = sink_held_first_due(&s->held)) != NULL) {
		switch (s->mood) {
		case GIVING_BACK:
			sink_held_report(h, &s->sink.events, SINK_NOT_SENT);
			break;
		case DOUBTFUL:
			if (roll(s, 2) == 0)
				arrive(h->batch);
			sink_held_report(h, &s->sink.events, SINK_MAYBE_SENT);
			break;
		default:
			arrive(h->batch);
			sink_held_report(h, &s->sink.events, SINK_DELIVERED);
		}
	}
}

static enum sink_answer offer(struct sink *sink, struct batch *b)
{
	struct fake_sink *s = container_of(sink, struct fake_sink, sink);
	struct sink_held *h;

	if (s->mood == REFUSING)
		return roll(s, 2) == 0 ? SINK_DOWN : SINK_FULL;
	h = sink_held_take(&s->held, b);
	h->on_wire = roll(s, 4) == 0;
	return SINK_TOOK;
}

static void purge(struct sink *sink, bool wire)
{
	struct fake_sink *s = container_of(sink, struct fake_sink, sink);

	list_each_safe (node, &s->held) {
		struct sink_held *h = container_of(node, struct sink_held, link);

		if (!h->on_wire)
			sink_held_report(h, &s->sink.events, SINK_NOT_SENT);
		else if (wire)
			sink_held_report(h, &s->sink.events, SINK_MAYBE_SENT);
	}
}

static void flush(struct sink *sink, uint64_t budget_ms, void (*flushed)(void *arg), void *arg)
{
	struct fake_sink *s = container_of(sink, struct fake_sink, sink);

	(void)budget_ms;
	while (!list_empty(&s->held)) {
		struct sink_held *h = list_first(&s->held, struct sink_held, link);

		if (h->on_wire)
			arrive(h->batch);
		sink_held_report(h, &s->sink.events, h->on_wire ? SINK_MAYBE_SENT : SINK_NOT_SENT);
	}
	flushed(arg);
}

static void free_sink(struct sink *sink)
{
	(void)sink;
}

static const struct sink_ops fake_ops = { offer, purge, flush, free_sink };

static void feed(void *arg)
{
	struct run *r = arg;
	unsigned n = roll(&r->sink, 20);

	while (n-- > 0 && r->left > 0) {
		uint32_t size = 64 + roll(&r->sink, 4000);
		struct agent_batch *b = agent_batch_new(size);

		memset(b->batch.bytes, 'x', size);
		memcpy(b->batch.bytes, &r->seen->numbers, sizeof(r->seen->numbers));
		b->batch.spans = SPANS;
		b->read_us = clock_mono_us();
		b->batch.received_ms = clock_wall_ms();
		r->seen->numbers++;
		r->left--;
		ledger_datagram(pipeline_ledger(r->pipeline), LEDGER_ACCEPTED);
		flight_add(pipeline_flight(r->pipeline), b);
	}
	if (!r->steady && roll(&r->sink, 40) == 0)
		r->sink.mood = (enum mood)roll(&r->sink, MOODS);
	r->seen->broken += ledger_check(pipeline_ledger(r->pipeline)) != NULL;
	r->seen->ledger = *pipeline_ledger(r->pipeline);
	timer_start(r->feeder, 1);
}

static struct pipeline_opts ordinary(const char *dir, uint64_t exposure_us)
{
	return (struct pipeline_opts){
		.dispatcher = { .window_bytes = 1 << 20, .sink_name = "fake" },
		.flight = { .max_bytes = 1 << 20, .exposure_us = exposure_us },
		.spool = { .directory = dir, .host = "test", .max_bytes = UINT64_C(1) << 30, .segment_bytes = 4 << 20 },
		.stop_ms = 10,
	};
}

static int open_with(struct run *r, const struct pipeline_opts *o, unsigned seed)
{
	struct why why;

	memset(r, 0, sizeof(*r));
	r->seen = seen;
	list_init(&r->sink.held);
	r->sink.sink.ops = &fake_ops;
	r->sink.random = seed;
	if (loop_open(&r->loop, &why) < 0 || pipeline_open(&r->pipeline, r->loop, o, &r->health, &why) < 0) {
		diag("%s", why.text);
		return -1;
	}
	pipeline_set_sink(r->pipeline, &r->sink.sink);
	if (timer_open(&r->sink.timer, r->loop, on_time, &r->sink) < 0 || timer_open(&r->feeder, r->loop, feed, r) < 0)
		return -1;
	timer_start(r->sink.timer, 1);
	timer_start(r->feeder, 1);
	return 0;
}

static bool all_fed(void *arg)
{
	struct run *r = arg;

	return r->left == 0;
}

static bool all_delivered(void *arg)
{
	struct run *r = arg;
	const struct ledger *l = pipeline_ledger(r->pipeline);

	r->sink.mood = GOOD;
	return r->left == 0 && l->place[LEDGER_IN_FLIGHT].batches == 0 && l->place[LEDGER_IN_SPOOL].batches == 0;
}

static void on_stopped(void *arg)
{
	struct run *r = arg;

	r->stopped = true;
}

static bool has_stopped(void *arg)
{
	return ((struct run *)arg)->stopped;
}

static bool close_run(struct run *r)
{
	bool good;

	timer_free(r->feeder);
	timer_free(r->sink.timer);
	pipeline_stop(r->pipeline, on_stopped, r);
	good = wait_until(r->loop, has_stopped, r, 30);
	seen->ledger = *pipeline_ledger(r->pipeline);
	pipeline_free(r->pipeline);
	loop_free(r->loop);
	return good;
}

static int open_run(struct run *r, const char *dir, uint64_t exposure_us, unsigned seed)
{
	struct pipeline_opts o = ordinary(dir, exposure_us);

	return open_with(r, &o, seed);
}

/* One life of the process: feeds N batches, then ends by its own hand or by SIGKILL. */
static void live(const char *dir, uint64_t exposure_us, unsigned seed, unsigned n, bool killed)
{
	pid_t pid = fork();
	struct run r;
	int status;

	if (pid == 0) {
		int rc = open_run(&r, dir, exposure_us, seed);

		if (rc < 0)
			_exit(1);
		seen->opened++;
		r.left = n;
		if (!wait_until(r.loop, all_fed, &r, 60))
			_exit(2);
		if (killed)
			kill(getpid(), SIGKILL);
		_exit(close_run(&r) ? 0 : 3);
	}
	waitpid(pid, &status, 0);
	if (!killed)
		ok(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a life ends well (seed %u)", seed);
}

static void deliver_the_rest(const char *dir)
{
	struct run r;

	if (!ok(open_run(&r, dir, 100000, 99) == 0, "the spool opens again"))
		return;
	ok(wait_until(r.loop, all_delivered, &r, 60), "everything is delivered once the sink is well");
	ok(close_run(&r), "and it stops");
}

static uint64_t missing(void)
{
	uint64_t n = 0;

	for (uint64_t i = 0; i < seen->numbers; i++)
		n += seen->arrived[i] == 0;
	return n;
}

static void check_sums(const char *what)
{
	const struct ledger *l = &seen->ledger;

	is_int(seen->broken, 0, "the identities held at every look");
	ok(ledger_check(l) == NULL, "%s: the ledger balances", what);
	is_int(seen->unmarked_again, 0, "nothing came twice without its mark");
	is_int(l->place[LEDGER_IN_SPOOL].batches + l->place[LEDGER_IN_FLIGHT].batches, 0, "nothing is left");
	diag("%s: %" PRIu64 " batches, %" PRIu64 " missing, %" PRIu64 " delivered, %" PRIu64 " uncertain, %" PRIu64
	     " perhaps twice",
	        what, seen->numbers, missing(), l->place[LEDGER_DELIVERED].batches, l->place[LEDGER_UNCERTAIN].batches,
	        l->maybe_duplicate.batches);
}

static void in_new_directory(void (*story)(const char *dir))
{
	struct why why;
	char *dir;

	memset(seen, 0, sizeof(*seen));
	if (!ok(workdir_make(&dir, "spanspool-forward", &why) == 0, "a temporary directory"))
		return;
	story(dir);
	workdir_remove(dir);
	free(dir);
}

static void clean_stops_lose_nothing(const char *dir)
{
	for (unsigned seed = 1; seed <= 4; seed++)
		live(dir, 100000, seed, 3000, false);
	deliver_the_rest(dir);
	is_int(missing(), 0, "clean stops lose nothing");
	is_int(seen->ledger.place[LEDGER_UNCERTAIN].batches, 0, "and leave nothing uncertain");
	is_int(seen->ledger.accepted.batches, seen->numbers, "every batch is in the ledger");
	check_sums("clean stops");
}

static void kills_lose_what_is_called_uncertain(const char *dir)
{
	for (unsigned seed = 11; seed <= 20; seed++)
		live(dir, 100000, seed, 1500, true);
	deliver_the_rest(dir);
	check_sums("kills");
	is_int(seen->ledger.unclean_stops, seen->opened, "every kill was noticed");
	/* The live note is written once a turn of the loop: a batch fed in the very last one may be in
	 * neither side of the ledger. */
	ok(seen->ledger.accepted.batches + 20 * seen->opened >= seen->numbers, "accepted is at most a turn behind");
	ok(missing() <= seen->ledger.place[LEDGER_UNCERTAIN].batches + (seen->numbers - seen->ledger.accepted.batches),
	        "what is missing was called uncertain");
}

static void no_exposure_commits_first(const char *dir)
{
	live(dir, 0, 31, 3000, false);
	live(dir, 0, 32, 3000, false);
	deliver_the_rest(dir);
	is_int(missing(), 0, "without exposure nothing is lost either");
	check_sums("exposure 0");
}

static bool all_dropped(void *arg)
{
	struct run *r = arg;

	return r->left == 0 && pipeline_ledger(r->pipeline)->place[LEDGER_MAX_AGE].batches == 1000;
}

static bool nothing_waits_for_the_spool(void *arg)
{
	struct run *r = arg;

	return r->left == 0 && (pipeline_ledger(r->pipeline)->place[LEDGER_IN_FLIGHT].batches == 0 ||
	                               seen->ledger.place[LEDGER_SPOOL_FULL].batches > 0);
}

/* Feeds 24 MB into a spool of 12 while nothing can be delivered, then lets the rest go. */
static void fill(const char *dir, bool drop_oldest)
{
	struct pipeline_opts o = ordinary(dir, 100000);
	uint64_t first_missing = NUMBERS, last_missing = 0;
	const struct ledger_when *when;
	struct run r;

	o.spool.max_bytes = 12 << 20;
	o.flight.drop_oldest = drop_oldest;
	if (!ok(open_with(&r, &o, 5) == 0, "a spool of 12 MiB opens"))
		return;
	r.steady = true;
	r.sink.mood = REFUSING;
	r.left = 12000;
	ok(wait_until(r.loop, nothing_waits_for_the_spool, &r, 60), "all is taken in");
	ok(wait_until(r.loop, all_delivered, &r, 60), "what was kept is delivered");
	ok(close_run(&r), "and it stops");
	for (uint64_t i = 0; i < seen->numbers; i++) {
		if (seen->arrived[i] > 0)
			continue;
		first_missing = min_u64(first_missing, i);
		last_missing = i;
	}
	ok(seen->ledger.place[LEDGER_SPOOL_FULL].batches > 0, "something had to be dropped");
	is_int(missing(), seen->ledger.place[LEDGER_SPOOL_FULL].batches, "and the ledger has it to the batch");
	is_int(SPANS * missing(), seen->ledger.place[LEDGER_SPOOL_FULL].spans, "and to the span");
	when = &seen->ledger.lost[LEDGER_SPOOL_FULL - LEDGER_DROPPED_FIRST];
	ok(when->first_ms > 0 && when->last_ms >= when->first_ms, "with its first and its last time");
	if (drop_oldest)
		ok(first_missing == 0 && seen->arrived[seen->numbers - 1] > 0, "the oldest made way");
	else
		ok(seen->arrived[0] > 0 && first_missing > 1000, "the newest made way, from %" PRIu64 " to %" PRIu64,
		        first_missing, last_missing);
	check_sums(drop_oldest ? "drop-oldest" : "drop-newest");
}

static void a_full_spool_drops_the_newest(const char *dir)
{
	fill(dir, false);
}

static void a_full_spool_drops_the_oldest(const char *dir)
{
	fill(dir, true);
}

static void what_is_too_old_is_dropped(const char *dir)
{
	struct pipeline_opts o = ordinary(dir, 100000);
	struct run r;

	o.max_age_us = 300 * US_PER_MS;
	if (!ok(open_with(&r, &o, 6) == 0, "a spool with an age opens"))
		return;
	r.steady = true;
	r.sink.mood = REFUSING;
	r.left = 1000;
	ok(wait_until(r.loop, all_dropped, &r, 60), "all of it grows too old");
	ok(close_run(&r), "and it stops");
	is_int(seen->ledger.place[LEDGER_MAX_AGE].spans, SPANS * 1000, "the ledger has every span");
	is_int(missing(), 1000, "none arrived");
	check_sums("max-age");
}

int main(void)
{
	log_setup(getenv("TEST_LOG") ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR, LOG_FORM_TEXT);
	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (seen == MAP_FAILED)
		return 99;
	in_new_directory(clean_stops_lose_nothing);
	in_new_directory(kills_lose_what_is_called_uncertain);
	in_new_directory(no_exposure_commits_first);
	in_new_directory(a_full_spool_drops_the_newest);
	in_new_directory(a_full_spool_drops_the_oldest);
	in_new_directory(what_is_too_old_is_dropped);
	return tap_done();
}
