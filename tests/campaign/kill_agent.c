/* SPDX-License-Identifier: Apache-2.0 */
/* kill_agent.c — the same on the agent as it is, before a mock cluster or a collector that is up, away and flapping:
 * SIGKILL at any moment under load, and at the n-th call that changes the disk or sends to the far end.
 * Every span is numbered. What is missing was never read, or is called uncertain. What came twice is marked; before a
 * collector it is at most what was stored and not called delivered when an agent started, summed over all starts.
 *
 *   campaign/kill_agent [--to kafka|collector] [--seed N] [--count N] [--jobs N] [--only N] */
#include <string.h>
#include <unistd.h>

#include "campaign.h"
#include "base/clock.h"
#include "fault.h"
#include "must.h"
#include "testkit/ports.h"
#include "agent_process.h"
#include "tap.h"

enum {
	SHORT_COUNT = 24,
	DEATHS = 5,
	RATE = 4000,
	SPANS = 2400,
	CALLS_MOST = 150,
	BATCH = 10,
	TURN_DATAGRAMS = 128, /* read in the last turn, perhaps, and in no note */
	START_SECONDS = 20,
};

enum { KILLS, AT_A_CALL, SENT, ACCEPTED, MISSING, UNCERTAIN, AGAIN };

enum weather { UP, AWAY, FLAPPING, WEATHERS };

struct killing {
	struct agent_process stage;
	struct trial *trial;
	enum weather weather;
	uint64_t dice;
	uint64_t at;   /* the number after which it is killed; 0: it is not */
	uint64_t turn; /* the number at which the weather changes */
	bool down;
	uint64_t unread; /* in the sockets when it was killed, at most; over all deaths */
	uint64_t kills, at_a_call;
	uint64_t exposed;     /* spans that may come twice, over all starts; before a collector only */
	uint64_t not_counted; /* starts since exposed was last added to */
};

static void set_weather(struct killing *k, bool down)
{
	struct agent_process *s = &k->stage;
	struct why why;

	if (s->rig.kafka != NULL)
		(down ? kafka_mock_down : kafka_mock_up)(s->rig.kafka);
	else if (down)
		stub_collector_down(s->rig.stub);
	else if (k->down)
		must(stub_collector_up(s->rig.stub, &why), &why);
	k->down = down;
}

/* Nothing is delivered while the agent that has just started is asked: what it does not call delivered, and what is
 * stored all the same, will come again. */
static void count_exposed(struct killing *k)
{
	struct agent_process *s = &k->stage;
	uint64_t stored, delivered;

	if (s->rig.stub == NULL)
		return;
	k->not_counted++;
	stored = tally_total(s->tally).stored;
	delivered = agent_process_ledger(s)->place[LEDGER_DELIVERED].spans;
	if (s->answered) {
		k->exposed += k->not_counted * (stored - min_u64(stored, delivered));
		k->not_counted = 0;
	}
	stub_collector_hang(s->rig.stub, false);
}

static uint64_t unread(const struct agent_process *s)
{
	uint64_t cost = ports_datagram_cost(2000);
	uint64_t bytes = ports_unread(s->compact) + ports_unread(s->binary);

	return cost == 0 ? 0 : (bytes + cost - 1) / cost * BATCH;
}

static void on_burst(void *arg, uint64_t next)
{
	struct killing *k = arg;

	if (k->weather == FLAPPING && next >= k->turn) {
		set_weather(k, !k->down);
		k->turn = next + 300 + campaign_roll(&k->dice, 900);
	}
	if (k->at == 0 || next < k->at)
		return;
	k->at = 0;
	k->unread += unread(&k->stage) + TURN_DATAGRAMS * BATCH;
	agent_process_kill(&k->stage);
}

static bool ports_are_open(const struct agent_process *s)
{
	return ports_bound(s->compact) && ports_bound(s->binary);
}

/* From the start of the process until both ports are bound. False: it ended before, as it was to. */
static bool start(struct killing *k, bool measured)
{
	static const char *const none[] = { NULL };
	uint64_t began = clock_mono_us();

	if (k->stage.rig.stub != NULL)
		stub_collector_hang(k->stage.rig.stub, true);
	agent_process_launch(&k->stage, none);
	while (child_running(k->stage.agent) && clock_mono_us() - began < START_SECONDS * US_PER_S) {
		if (ports_are_open(&k->stage)) {
			if (measured)
				trial_figure(k->trial, clock_mono_us() - began);
			count_exposed(k);
			return child_running(k->stage.agent);
		}
		usleep(500);
	}
	if (child_running(k->stage.agent))
		trial_wrong(k->trial, "its ports are not open after %d s", START_SECONDS);
	k->not_counted++;
	return false;
}

static void plan_path(const struct killing *k, char path[300])
{
	snprintf(path, 300, "%s/plan", k->stage.rig.directory);
}

/* SIGKILL at the AT-th call; 0: none. */
static void plan(struct killing *k, uint64_t at)
{
	bool middle = campaign_roll(&k->dice, 3) == 0, after = middle || campaign_roll(&k->dice, 2) == 0;
	char path[300];
	FILE *f;

	plan_path(k, path);
	f = fopen(path, "w");
	if (f == NULL ||
	        fprintf(f, "%u %" PRIu64 " 0 0 1 %d %d\n", (unsigned)(FAULT_CHANGES | FAULT_SEND), at, middle, after) <
	                0 ||
	        fclose(f) != 0)
		exit(99);
}

static void die_under_load(struct killing *k)
{
	k->at = k->stage.next + 1 + campaign_roll(&k->dice, SPANS);
	agent_process_send(&k->stage, SPANS, RATE);
	if (child_running(k->stage.agent)) {
		k->at = 0;
		k->unread += unread(&k->stage) + TURN_DATAGRAMS * BATCH;
		agent_process_kill(&k->stage);
	}
	k->kills++;
}

/* What was unread when it died nobody saw: there is no bound for that here. */
static void die_at_a_call(struct killing *k)
{
	agent_process_send(&k->stage, SPANS / 2, RATE);
	k->at_a_call += !child_running(k->stage.agent);
	k->unread = UINT64_MAX / 2;
	agent_process_kill(&k->stage);
	k->kills++;
}

static void compare(struct killing *k)
{
	struct agent_process *s = &k->stage;
	struct trial *t = k->trial;
	struct tally_count c;
	uint64_t marked = 0, unseen;
	const struct ledger *l;

	if (!agent_process_is_empty(s))
		trial_wrong(t, "it does not get empty");
	if (s->rig.stub != NULL)
		marked = s->taken_marked;
	else if (agent_process_read_topic(s, &marked) < 0)
		trial_wrong(t, "a record is no batch");
	c = tally_total(s->tally);
	if (s->rig.stub != NULL && c.duplicates > k->exposed)
		trial_wrong(t, "%" PRIu64 " came twice, %" PRIu64 " may have", c.duplicates, k->exposed);
	l = agent_process_ledger(s);
	unseen = c.sent - min_u64(c.sent, l->accepted.spans);
	if (l->accepted.spans > c.sent || tally_strays(s->tally) > 0)
		trial_wrong(t, "more came out than was sent");
	if (unseen > k->unread)
		trial_wrong(
		        t, "%" PRIu64 " spans were not accepted, %" PRIu64 " at most were unread", unseen, k->unread);
	if (c.missing > unseen + l->place[LEDGER_UNCERTAIN].spans)
		trial_wrong(t, "%" PRIu64 " spans are missing, %" PRIu64 " never accepted and %" PRIu64 " uncertain",
		        c.missing, unseen, l->place[LEDGER_UNCERTAIN].spans);
	if (l->place[LEDGER_DELIVERED].spans > c.stored)
		trial_wrong(t, "%" PRIu64 " are called delivered, %" PRIu64 " are there",
		        l->place[LEDGER_DELIVERED].spans, c.stored);
	if (c.duplicates > marked * BATCH)
		trial_wrong(t, "%" PRIu64 " came twice, %" PRIu64 " batches were marked", c.duplicates, marked);
	if (l->unclean_stops > k->kills)
		trial_wrong(t, "%" PRIu64 " unclean stops of %" PRIu64 " kills", l->unclean_stops, k->kills);
	if (s->fault[0] != '\0')
		trial_wrong(t, "%s", s->fault);
	t->sums[SENT] = c.sent;
	t->sums[ACCEPTED] = l->accepted.spans;
	t->sums[MISSING] = c.missing;
	t->sums[UNCERTAIN] = l->place[LEDGER_UNCERTAIN].spans;
	t->sums[AGAIN] = c.duplicates;
}

static void run(struct trial *t, void *arg)
{
	struct killing k = { .trial = t, .dice = t->seed };
	bool at_calls = t->number % 2 == 1;
	char program[512];

	k.weather = (enum weather)(t->number / 2 % WEATHERS);
	agent_process_open(&k.stage, *(bool *)arg ? AGENT_PROCESS_DIRECT : AGENT_PROCESS_KAFKA);
	snprintf(program, sizeof(program), "%s/tests/campaign/faulty_agent",
	        getenv("builddir") == NULL ? "." : getenv("builddir"));
	if (at_calls)
		k.stage.program = program;
	k.stage.each_burst = on_burst;
	k.stage.each_arg = &k;
	set_weather(&k, k.weather == AWAY);
	for (int i = 0; i < DEATHS; i++) {
		if (at_calls)
			plan(&k, 1 + campaign_roll(&k.dice, CALLS_MOST));
		if (start(&k, i > 0 && !at_calls))
			(at_calls ? die_at_a_call : die_under_load)(&k);
		else
			k.kills++, k.at_a_call++;
	}
	set_weather(&k, false);
	k.stage.program = NULL;
	if (!start(&k, false))
		trial_wrong(t, "it does not start again");
	else
		compare(&k);
	agent_process_close(&k.stage);
	t->sums[KILLS] = k.kills;
	t->sums[AT_A_CALL] = k.at_a_call;
}

int main(int argc, char **argv)
{
	struct campaign c = {
		.name = "kill_agent",
		.jobs = 2, /* the time of a restart is a figure */
		.sums = { "SIGKILLs", "at a planned call", "spans sent", "accepted", "missing", "called uncertain",
		        "delivered again, marked" },
		.own = "to",
		.word = "kafka",
	};
	bool direct;

	campaign_options(&c, SHORT_COUNT, argc, argv);
	direct = strcmp(c.word, "collector") == 0;
	if (!direct && strcmp(c.word, "kafka") != 0)
		bail_out("--to is kafka or collector");
	campaign_hush(&c);
	ok(campaign_run(&c, c.count, run, &direct), "SIGKILL of the agent, %d of each spool, to %s: %s", DEATHS, c.word,
	        c.said);
	diag("the time is from the start of the process after a SIGKILL until its ports are open");
	return tap_done();
}
