/* SPDX-License-Identifier: Apache-2.0 */
/* kill_load.c — SIGKILL at any moment under load, the sink up, away and flapping: ten deaths of one
 * spool, each start on what the death before left; then all is delivered, and the evidence compared.
 *
 *   campaign/kill_load [--seed N] [--count N] [--jobs N] [--only N] */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "campaign.h"
#include "base/clock.h"
#include "life.h"
#include "tap.h"
#include "tempdir.h"

enum {
	SHORT_COUNT = 40,
	DEATHS = 10,
	SIZE_MOST = 12000,
	LONGEST_US = 90000,
	ALARM_SECONDS = 60,
};

enum { KILLS, ACCEPTED, DELIVERED, MISSING, UNCERTAIN, AGAIN };

enum weather { UP, AWAY, FLAPPING, WEATHERS };

static const char *const weathers[] = { "up", "away", "flapping" };

static struct evidence *evidence;

static void load(const struct life_opts *o, enum weather weather)
{
	static struct life l;
	struct why why;

	if (life_open(&l, o, evidence, &why) < 0) {
		evidence_broken(evidence, "it does not start: %s", why.text);
		return;
	}
	life_mood(&l, weather == AWAY ? MOOD_REFUSING : MOOD_GOOD);
	life_feed(&l, EVIDENCE_NUMBERS); /* which takes longer than it has */
}

/* One life of at most LONGEST_US, its end included. */
static void live_and_die(struct trial *t, const struct life_opts *o, enum weather weather, uint64_t after_us)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		alarm(ALARM_SECONDS);
		load(o, weather);
		_exit(1);
	}
	usleep((useconds_t)after_us);
	kill(pid, SIGKILL);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		exit(99);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		evidence_killed(evidence);
	else
		trial_wrong(t, "the process ended by itself, by status %d", status);
}

static const uint64_t exposures_us[] = { 20 * US_PER_MS, 0, 100 * US_PER_MS };

static void run(struct trial *t, void *arg)
{
	uint64_t dice = t->seed;
	enum weather weather = (enum weather)(t->number % WEATHERS);
	size_t way = t->number / WEATHERS % ARRAY_LEN(exposures_us);
	struct life_opts o;
	char dir[TEMPDIR_PATH];

	(void)arg;
	if (evidence == NULL)
		evidence = evidence_new();
	tempdir_make(dir);
	evidence_reset(evidence, t->seed, SIZE_MOST);
	for (int i = 0; i < DEATHS; i++) {
		o = life_usual(dir, campaign_roll(&dice, UINT64_MAX));
		o.exposure_us = exposures_us[way];
		o.each_turn = 1 + (unsigned)campaign_roll(&dice, 12);
		o.restless = weather == FLAPPING;
		live_and_die(t, &o, weather, campaign_roll(&dice, LONGEST_US));
	}
	trial_wrong(t, "%s", life_aftermath(dir, evidence, false));
	if (t->wrong[0] != '\0')
		diag("the sink was %s, exposure %" PRIu64 " us", weathers[weather], exposures_us[way]);
	tempdir_remove(dir);
	t->sums[KILLS] = evidence->kills;
	t->sums[ACCEPTED] = evidence->ledger.accepted.batches;
	t->sums[DELIVERED] = evidence->ledger.place[LEDGER_DELIVERED].batches;
	t->sums[MISSING] = evidence_missing(evidence);
	t->sums[UNCERTAIN] = evidence->ledger.place[LEDGER_UNCERTAIN].batches;
	t->sums[AGAIN] = evidence->again;
}

int main(int argc, char **argv)
{
	struct campaign c = {
		.name = "kill_load",
		.sums = { "SIGKILLs", "batches accepted", "delivered", "missing", "called uncertain",
		        "delivered again, marked" },
	};

	campaign_options(&c, SHORT_COUNT, argc, argv);
	campaign_hush(&c);
	tempdir_prefer_memory();
	ok(campaign_run(&c, c.count, run, NULL), "SIGKILL under load, %d of each spool: %s", DEATHS, c.said);
	return tap_done();
}
