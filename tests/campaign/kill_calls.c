/* SPDX-License-Identifier: Apache-2.0 */
/* kill_calls.c — SIGKILL before, in the middle of and after every call that changes anything, in a run
 * with everything in it: start, fill, seal, rotate, refill, unlink, quarantine, stop, start again.
 * After each death the spool is opened again, all is delivered, and the evidence compared.
 *
 *   campaign/kill_calls [--seed N] [--count N] [--jobs N] [--only N] */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "campaign.h"
#include "fault.h"
#include "life.h"
#include "livenote.h"
#include "tap.h"
#include "tempdir.h"

enum { SHORT_COUNT = 600, SIZE_MOST = 60000, MARGIN = 10 };

enum { KILLED, NOT_REACHED, ACCEPTED, MISSING, UNCERTAIN, AGAIN };

static const struct way {
	const char *name;
	uint64_t exposure_ms;
} ways[] = {
	{ "exposure 20 ms", 20 },
	{ "exposure 0", 0 },
};

enum { BEFORE, MIDDLE, AFTER, VARIANTS };

static const char *const variants[] = { "before", "in the middle of", "after" };

struct telling {
	char dir[TEMPDIR_PATH];
	const struct way *way;
	struct evidence *evidence;
	struct fault_plan plan;
	uint64_t *calls; /* for the counting run */
};

static bool open_one(struct life *l, const struct telling *g, uint64_t seed)
{
	struct life_opts o = life_usual(g->dir, seed);
	struct why why;

	o.exposure_us = g->way->exposure_ms * US_PER_MS;
	if (life_open(l, &o, g->evidence, &why) == 0)
		return true;
	evidence_broken(g->evidence, "it does not start: %s", why.text);
	return false;
}

static void first_life(struct life *l)
{
	life_mood(l, MOOD_FULL);
	life_feed(l, 160);
	life_stored(l);
	life_mood(l, MOOD_GOOD);
	life_feed(l, 24);
	life_empty(l);
	life_mood(l, MOOD_DOUBTFUL);
	life_feed(l, 12);
	life_mood(l, MOOD_FULL);
	life_feed(l, 90);
	life_stored(l);
	life_mood(l, MOOD_GOOD);
	life_feed(l, 12);
	life_close(l);
}

static void second_life(struct life *l)
{
	life_feed(l, 12);
	life_empty(l);
	life_mood(l, MOOD_GIVING_BACK);
	life_feed(l, 12);
	life_close(l);
}

static void story(void *arg)
{
	struct telling *g = arg;
	static struct life l;

	livenote_watch(&g->evidence->torn);
	fault_arm(&g->plan);
	if (open_one(&l, g, 1))
		first_life(&l);
	if (open_one(&l, g, 2))
		second_life(&l);
	*g->calls = fault_disarm();
}

static struct evidence *evidence;
static uint64_t *calls; /* of the last story, shared */
static uint64_t points[ARRAY_LEN(ways)];

static void tell(struct telling *g, struct trial *t)
{
	int status;

	tempdir_make(g->dir);
	g->calls = calls;
	g->evidence = evidence;
	g->plan.calls = FAULT_CHANGES | FAULT_SEND | FAULT_NOTE;
	g->plan.path = g->dir;
	evidence_reset(evidence, t->seed, SIZE_MOST);
	status = life_in_child(story, g);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && g->plan.kill)
		evidence_killed(evidence);
	else if (status != 0)
		trial_wrong(t, "the process ended by status %d", status);
	trial_wrong(t, "%s", life_aftermath(g->dir, evidence, false));
	tempdir_remove(g->dir);
}

/* How many calls a story makes, each way. Another run may make a few more. */
static void count_calls(void)
{
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		struct telling g = { .way = &ways[i] };
		struct trial t = { .seed = 1 };

		tell(&g, &t);
		ok(t.wrong[0] == '\0' && *calls > 100, "%s, without a kill: %" PRIu64 " calls%s%s", ways[i].name,
		        *calls, t.wrong[0] == '\0' ? "" : "; ", t.wrong);
		points[i] = *calls + *calls / MARGIN;
	}
}

/* Calls of all ways behind one another, every variant of each. */
static uint64_t code(uint64_t i)
{
	uint64_t call = i / VARIANTS;
	size_t way = 0;

	while (call >= points[way])
		call -= points[way++];
	return (call * ARRAY_LEN(ways) + way) * VARIANTS + i % VARIANTS;
}

static void kill_at(struct trial *t, void *arg)
{
	struct telling g = { .plan.kill = true };
	uint64_t variant = t->number % VARIANTS, way = t->number / VARIANTS % ARRAY_LEN(ways);
	uint64_t call = t->number / VARIANTS / ARRAY_LEN(ways);

	(void)arg;
	g.way = &ways[way];
	g.plan.at = call + 1;
	g.plan.half = variant == MIDDLE;
	g.plan.after = variant != BEFORE;
	tell(&g, t);
	if (t->wrong[0] != '\0') {
		char what[CAMPAIGN_TEXT];

		snprintf(what, sizeof(what), "%s", t->wrong);
		snprintf(t->wrong, sizeof(t->wrong), "%s, killed %s call %" PRIu64 ": %.200s", g.way->name,
		        variants[variant], call + 1, what);
	}
	t->sums[KILLED] = evidence->kills;
	t->sums[NOT_REACHED] = evidence->kills == 0;
	t->sums[ACCEPTED] = evidence->ledger.accepted.batches;
	t->sums[MISSING] = evidence_missing(evidence);
	t->sums[UNCERTAIN] = evidence->ledger.place[LEDGER_UNCERTAIN].batches;
	t->sums[AGAIN] = evidence->again;
}

static void in_worker(struct trial *t, void *arg)
{
	if (evidence == NULL)
		evidence = evidence_new();
	kill_at(t, arg);
}

int main(int argc, char **argv)
{
	struct campaign c = {
		.name = "kill_calls",
		.code = code,
		.sums = { "killed", "ended before that call", "batches accepted", "missing", "called uncertain",
		        "delivered again, marked" },
	};
	uint64_t whole = 0;

	campaign_options(&c, SHORT_COUNT, argc, argv);
	campaign_hush(&c);
	tempdir_prefer_memory();
	calls = (uint64_t *)(void *)evidence_new();
	evidence = evidence_new();
	if (c.only == UINT64_MAX)
		count_calls();
	evidence = NULL;
	for (size_t i = 0; i < ARRAY_LEN(ways); i++)
		whole += points[i] * VARIANTS;
	ok(campaign_run(&c, whole, in_worker, NULL), "SIGKILL at every call: %s", c.said);
	if (c.only == UINT64_MAX)
		ok(campaign_sum(&c, KILLED) >= 2 * campaign_sum(&c, NOT_REACHED), /* a busy machine makes fewer calls */
		        "most of them did die: %" PRIu64, campaign_sum(&c, KILLED));
	return tap_done();
}
