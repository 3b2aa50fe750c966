/* SPDX-License-Identifier: Apache-2.0 */
/* kill_drain.c — SIGKILL of the drain at any moment under load, before a collector with a queue whose store takes its
 * time, so that deliveries wait to be confirmed. Several deaths of one group; then all is delivered, and compared: no
 * record is missing, and what came twice is at most what was stored and not committed when a drain died.
 *
 *   campaign/kill_drain [--seed N] [--count N] [--jobs N] [--only N] */
#include <signal.h>

#include "drain_process.h"
#include "campaign.h"
#include "must.h"
#include "tap.h"
#include "wait.h"

enum {
	SHORT_COUNT = 4,
	DEATHS = 3,
	PARTITIONS = 4,
	RECORDS = 600, /* before each death */
	SPANS = 5,
	STORE_RATE = 8000, /* spans a second */
	QUEUE = 2000,
	LONGEST_MS = 400, /* from the first delivery of a drain until its death */
	HANGS_S = 400,
};

enum { KILLS, MADE, EXPOSED, AGAIN };

/* Too large for the stack, and one trial runs at a time in a process. */
static struct drain_process basin;
static uint32_t seen_before;

static uint32_t seen(const struct drain_process *b)
{
	uint32_t n = 0;

	for (uint32_t i = 1; i <= b->produced; i++)
		n += b->seen[i] > 0;
	return n;
}

static uint64_t arrivals(const struct drain_process *b)
{
	uint64_t n = 0;

	for (uint32_t i = 1; i <= b->produced; i++)
		n += b->seen[i];
	return n;
}

static bool delivers(struct drain_process *b)
{
	return arrivals(b) > seen_before;
}

/* What the dead drain had sent is read, and what was queued is stored. */
static bool is_quiet(struct drain_process *b)
{
	static uint64_t requests;
	const struct stub_store_counts *c = stub_store_counts(stub_collector_store(b->rig.stub));
	uint64_t now = stub_collector_counts(b->rig.stub)->requests;
	bool quiet = c->queued == 0 && c->saving == 0 && now == requests;

	requests = now;
	return quiet;
}

static bool start(void)
{
	return drain_process_start(&basin, "--kafka.property=session.timeout.ms=4000",
	        "--kafka.property=heartbeat.interval.ms=200", "--kafka.property=fetch.wait.max.ms=20", NULL);
}

static void live_and_die(struct trial *t, uint64_t *dice)
{
	int64_t committed;
	uint32_t known;

	drain_process_produce(&basin, RECORDS, SPANS);
	seen_before = (uint32_t)arrivals(&basin);
	if (!start() || !drain_process_until(&basin, delivers)) {
		trial_wrong(t, "death %" PRIu64 ": the drain does not deliver", t->sums[KILLS]);
		return;
	}
	wait_ms(basin.loop, (unsigned)campaign_roll(dice, LONGEST_MS));
	drain_process_kill(&basin);
	t->sums[KILLS]++;
	if (!drain_process_until(&basin, is_quiet))
		trial_wrong(t, "the collector's queue does not get empty");
	committed = drain_process_committed(&basin);
	known = seen(&basin);
	if (committed < 0 || committed > known)
		trial_wrong(t, "%" PRId64 " records are committed, and %u are stored", committed, known);
	else
		t->sums[EXPOSED] += known - (uint64_t)committed;
}

static void judge(struct trial *t)
{
	if (!start() || !drain_process_until(&basin, drain_process_all_seen))
		trial_wrong(t, "%u of %u records are missing", drain_process_missing(&basin), basin.produced);
	if (!drain_process_until(&basin, drain_process_none_in_flight) || drain_process_stop(&basin) != 0)
		trial_wrong(t, "the last drain does not end well");
	if (drain_process_committed(&basin) != basin.produced)
		trial_wrong(
		        t, "%" PRId64 " of %u records are committed", drain_process_committed(&basin), basin.produced);
	t->sums[AGAIN] = drain_process_duplicates(&basin);
	t->sums[MADE] = basin.produced;
	if (t->sums[AGAIN] > t->sums[EXPOSED])
		trial_wrong(t, "%" PRIu64 " records came twice, %" PRIu64 " were stored and not committed at a death",
		        t->sums[AGAIN], t->sums[EXPOSED]);
}

static void run(struct trial *t, void *arg)
{
	const struct stub_store_opts store = { .capacity = QUEUE, .workers = 50, .spans_per_second = STORE_RATE };
	uint64_t dice = t->seed;

	(void)arg;
	drain_process_open_storing(&basin, PARTITIONS, &store);
	for (int i = 0; i < DEATHS; i++)
		live_and_die(t, &dice);
	judge(t);
	drain_process_close(&basin);
}

int main(int argc, char **argv)
{
	struct campaign c = {
		.name = "kill_drain",
		.jobs = 6, /* they mostly wait for the sessions of the dead to end */
		.hangs_s = HANGS_S,
		.sums = { "SIGKILLs", "records", "stored and not committed when a drain died", "delivered again" },
	};

	signal(SIGPIPE, SIG_IGN);
	campaign_options(&c, SHORT_COUNT, argc, argv);
	campaign_hush(&c);
	ok(campaign_run(&c, c.count, run, NULL), "SIGKILL of the drain, %d of each group: %s", DEATHS, c.said);
	return tap_done();
}
