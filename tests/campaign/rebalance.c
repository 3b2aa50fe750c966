/* SPDX-License-Identifier: Apache-2.0 */
/* rebalance.c — a group of drains before a mock cluster, whose members come and go under load: they join, leave by
 * SIGTERM, die by SIGKILL, stand still, perhaps until their session is over and their partitions are somebody
 * else's, and lose the brokers. Every other trial has eager members instead of cooperative ones.
 *
 * By the mock cluster's request log no member commits a partition that it was not assigned, and committed offsets
 * never go back. Each good record is stored at least once, and once more for at most each generation of the group
 * that began before its offset was committed, and each member that stood still. Each bad record is one file in the quarantine that all share. In the
 * end everything is committed.
 *
 *   campaign/rebalance [--seed N] [--count N] [--jobs N] [--only N] */
#include <signal.h>
#include <string.h>
#include <dirent.h>

#include "drain_process.h"
#include "campaign.h"
#include "group_log.h"
#include "span/inspect.h"
#include "must.h"
#include "testkit/ports.h"
#include "tap.h"
#include "topic_read.h"
#include "wait.h"

enum {
	SHORT_COUNT = 6,
	EVENTS = 8,
	FORMING_MS = 8000, /* a generation takes a session and more when a member is dead */
	MEMBERS = 4,
	PARTITIONS = 6,
	BURST = 30,
	BAD_MOST = 4,
	PAUSE_MOST_MS = 1500,
	RESPONSE_MS = 60, /* of the collector: so long a delivery is under way */
	HANGS_S = 400,
};

enum { HAPPENED, GENERATIONS_N, COMMITS, REFUSED, RECORDS, AGAIN, BAD };

enum event { JOIN, LEAVE, KILL, STAND_STILL, BROKERS_AWAY, EVENT_KINDS };

struct record_at {
	int32_t partition; /* -1: not on the topic */
	int64_t offset;
	uint64_t made_us;
};

struct storm {
	struct trial *trial;
	uint64_t dice;
	bool eager;
	struct child *member[MEMBERS];
	uint16_t admin[MEMBERS];
	bool stands[MEMBERS]; /* by SIGSTOP */
	char quarantine[300];
	uint64_t bad;
	uint64_t still;          /* STAND_STILLs: a POST whose answer comes while its sender stands is sent again */
	int64_t end[PARTITIONS]; /* of the topic */
	struct record_at records[DRAIN_PROCESS_RECORDS];
};

/* Too large for the stack, and one trial runs at a time in a process. */
static struct drain_process basin;
static struct storm storm;

/* ---- the members ---- */

static bool runs(const struct storm *s, size_t i)
{
	return s->member[i] != NULL && child_running(s->member[i]);
}

static unsigned running(const struct storm *s)
{
	unsigned n = 0;

	for (size_t i = 0; i < MEMBERS; i++)
		n += runs(s, i);
	return n;
}

/* One that runs, or one that does not. */
static size_t choose(struct storm *s, bool that_runs)
{
	size_t i = (size_t)campaign_roll(&s->dice, MEMBERS);

	while (runs(s, i) != that_runs)
		i = (i + 1) % MEMBERS;
	return i;
}

/* The session is longer than the three seconds that the mock cluster waits before it forms a group: it forgets a member
 * whose session ends meanwhile, and never answers it. The member asks again after max.poll.interval.ms, which
 * is longer than a member stands still: the mock cluster aborts when one that it has not answered yet asks again. */
static void join(struct storm *s)
{
	size_t i = choose(s, false);
	char strategy[80], quarantine[340];
	const char *options[] = { strategy, quarantine, "--kafka.property=session.timeout.ms=4000",
		"--kafka.property=heartbeat.interval.ms=200", "--kafka.property=fetch.wait.max.ms=20",
		"--kafka.property=max.poll.interval.ms=20000", NULL };

	snprintf(strategy, sizeof(strategy), "--kafka.property=partition.assignment.strategy=%s",
	        s->eager ? "range" : "cooperative-sticky");
	snprintf(quarantine, sizeof(quarantine), "--drain.quarantine=directory:%s", s->quarantine);
	s->stands[i] = false;
	drain_process_launch(&basin, &s->member[i], s->admin[i], options);
}

/* A member that stands still cannot end by SIGTERM. */
static void wake(struct storm *s, size_t i)
{
	if (s->stands[i])
		child_signal(s->member[i], SIGCONT);
	s->stands[i] = false;
}

static void wake_all(struct storm *s)
{
	for (size_t i = 0; i < MEMBERS; i++)
		if (runs(s, i))
			wake(s, i);
}

/* ---- records ---- */

/* Good records carry their numbers; a bad one is no batch. */
static void produce(struct storm *s)
{
	for (uint32_t n = 1; n <= BURST; n++)
		s->records[basin.produced + n].made_us = clock_mono_us();
	drain_process_produce(&basin, BURST, 1);
	for (uint64_t n = campaign_roll(&s->dice, BAD_MOST); n > 0; n--, s->bad++)
		drain_process_produce_raw(&basin, slice_text("no batch"), slice_of(NULL, 0), NULL, 0);
}

static void on_span(void *arg, const struct inspect_span *span)
{
	*(uint64_t *)arg = span->trace_low;
}

static void on_topic_record(void *arg, const rd_kafka_message_t *m)
{
	struct storm *s = arg;
	struct inspect_facts facts;
	uint64_t number = 0;

	if (m->partition < PARTITIONS && m->offset >= s->end[m->partition])
		s->end[m->partition] = m->offset + 1;
	if (inspect_batch(slice_of(m->payload, m->len), &facts, on_span, &number, NULL) < 0 || number == 0 ||
	        number > basin.produced)
		return;
	s->records[number].partition = m->partition;
	s->records[number].offset = m->offset;
}

/* ---- events ---- */

/* A group is at its most interesting with two or three members. */
static enum event roll_event(struct storm *s)
{
	unsigned n = running(s);

	if (n < 2 || (n < MEMBERS && campaign_roll(&s->dice, 2) == 0))
		return JOIN;
	return (enum event)(LEAVE + campaign_roll(&s->dice, EVENT_KINDS - LEAVE));
}

struct forming {
	uint64_t before, deadline_us;
};

static bool has_formed(void *arg)
{
	const struct forming *f = arg;

	return group_log_counts().generations > f->before || clock_mono_us() > f->deadline_us;
}

/* Half of the events meet a group that has settled after the one before, half of them one that has not. */
static void let_pass(struct storm *s, uint64_t generations)
{
	struct forming f = { generations, clock_mono_us() + FORMING_MS * US_PER_MS };

	if (campaign_roll(&s->dice, 2) == 0)
		wait_until(basin.loop, has_formed, &f, DRAIN_PROCESS_SECONDS);
	wait_ms(basin.loop, (unsigned)campaign_roll(&s->dice, PAUSE_MOST_MS));
}

static void happen(struct storm *s, enum event e)
{
	size_t i = e == JOIN || e == BROKERS_AWAY ? 0 : choose(s, true);

	switch (e) {
	case JOIN:
		join(s);
		break;
	case LEAVE:
		wake(s, i);
		child_signal(s->member[i], SIGTERM);
		break;
	case KILL:
		child_signal(s->member[i], SIGKILL);
		break;
	case STAND_STILL:
		child_signal(s->member[i], SIGSTOP);
		s->stands[i] = true;
		s->still++;
		break;
	case BROKERS_AWAY:
		kafka_mock_down(basin.rig.kafka);
		wait_ms(basin.loop, (unsigned)campaign_roll(&s->dice, 2 * PAUSE_MOST_MS));
		kafka_mock_up(basin.rig.kafka);
		break;
	case EVENT_KINDS:
		break;
	}
	if (s->trial->speaks)
		diag("event %d, member %zu; %u run", (int)e, i, running(s));
}

/* ---- the end ---- */

static bool is_committed(struct drain_process *b)
{
	(void)b;
	for (int p = 0; p < PARTITIONS; p++)
		if (storm.end[p] > 0 && group_log_committed(p) < storm.end[p])
			return false;
	return true;
}

static void say_uncommitted(struct storm *s)
{
	for (int p = 0; p < PARTITIONS; p++)
		if (group_log_committed(p) < s->end[p])
			trial_wrong(s->trial,
			        "partition %d is committed up to %" PRId64 " of %" PRId64 ", with %u members", p,
			        group_log_committed(p), s->end[p], running(s));
}

static uint64_t files_in(const char *directory)
{
	DIR *d = opendir(directory);
	struct dirent *e;
	uint64_t n = 0;

	while (d != NULL && (e = readdir(d)) != NULL) {
		size_t len = strlen(e->d_name);

		n += len > 6 && strcmp(e->d_name + len - 6, ".value") == 0;
	}
	if (d != NULL)
		closedir(d);
	return n;
}

static void judge_record(struct storm *s, uint32_t number)
{
	const struct record_at *r = &s->records[number];
	uint64_t more = basin.seen[number] - 1, allowed;

	if (basin.seen[number] == 0 || more == 0)
		return;
	s->trial->sums[AGAIN] += more;
	allowed = group_log_generations(r->partition, r->offset, r->made_us) + s->still;
	if (more > allowed)
		trial_wrong(s->trial,
		        "record %u at %d/%" PRId64 " is stored %u times, and %" PRIu64
		        " generations and still members may have repeated it",
		        number, r->partition, r->offset, basin.seen[number], allowed);
}

static void judge(struct storm *s)
{
	struct trial *t = s->trial;
	struct group_log_counts c;
	uint64_t kept;

	if (!drain_process_until(&basin, drain_process_all_seen))
		trial_wrong(t, "%u records are missing of %u", drain_process_missing(&basin), basin.produced);
	if (topic_read(kafka_mock_bootstrap(basin.rig.kafka), DRAIN_PROCESS_TOPIC, PARTITIONS, on_topic_record, s) < 0)
		trial_wrong(t, "the topic cannot be read");
	if (!drain_process_until(&basin, is_committed))
		say_uncommitted(s);
	for (uint32_t n = 1; n <= basin.produced; n++)
		judge_record(s, n);
	kept = files_in(s->quarantine);
	if (kept != s->bad)
		trial_wrong(t, "%" PRIu64 " files in the quarantine of %" PRIu64 " bad records", kept, s->bad);
	if (group_log_wrong()[0] != '\0')
		trial_wrong(t, "%s", group_log_wrong());
	c = group_log_counts();
	if (c.generations == 0 || c.commits == 0)
		trial_wrong(t, "the request log is empty: nothing was shown");
	t->sums[GENERATIONS_N] = c.generations;
	t->sums[COMMITS] = c.commits;
	t->sums[REFUSED] = c.refused;
	t->sums[RECORDS] = basin.produced;
	t->sums[BAD] = s->bad;
}

static void begin(struct storm *s, struct trial *t)
{
	memset(s, 0, sizeof(*s));
	s->trial = t;
	s->dice = t->seed;
	s->eager = t->number % 2 == 1;
	drain_process_open(&basin, PARTITIONS);
	stub_collector_delay(basin.rig.stub, RESPONSE_MS);
	snprintf(s->quarantine, sizeof(s->quarantine), "%s/quarantine", basin.rig.directory);
	for (size_t i = 0; i < MEMBERS; i++)
		if (ports_free(PORTS_TCP, &s->admin[i]) < 0)
			bail_out("no free port");
	group_log_begin(DRAIN_PROCESS_TOPIC, PARTITIONS);
	produce(s);
	join(s);
	if (!drain_process_until(&basin, drain_process_all_seen))
		trial_wrong(t, "the first member delivers nothing");
}

static void run(struct trial *t, void *arg)
{
	struct storm *s = &storm;

	(void)arg;
	begin(s, t);
	for (int i = 0; i < EVENTS; i++) {
		uint64_t generations = group_log_counts().generations;

		produce(s);
		happen(s, roll_event(s));
		produce(s);
		let_pass(s, generations);
		if (campaign_roll(&s->dice, 3) == 0)
			wake_all(s);
		t->sums[HAPPENED]++;
	}
	wake_all(s);
	if (running(s) == 0)
		join(s);
	judge(s);
	if (t->wrong[0] != '\0')
		diag("what the drains said is kept: %s", drain_process_log(&basin));
	for (size_t i = 0; i < MEMBERS; i++)
		child_free(s->member[i]);
	if (t->wrong[0] == '\0')
		drain_process_close(&basin);
}

int main(int argc, char **argv)
{
	struct campaign c = {
		.name = "rebalance",
		.jobs = 6, /* they mostly wait for sessions to end */
		.hangs_s = HANGS_S,
		.sums = { "events", "generations of the group", "partitions committed",
		        "commits refused by the coordinator", "records", "stored again", "bad records" },
	};

	signal(SIGPIPE, SIG_IGN);
	campaign_options(&c, SHORT_COUNT, argc, argv);
	campaign_hush(&c);
	ok(campaign_run(&c, c.count, run, NULL), "a storm of rebalances, %d events each: %s", EVENTS, c.said);
	return tap_done();
}
