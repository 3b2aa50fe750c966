/* SPDX-License-Identifier: Apache-2.0 */
/* test_pipeline_exposure.c — the health part "exposure": batches that stay in memory only for too long, because a commit
 * takes long or because the loop does not run. The clock is moved by the test, and commits end when the test says so, so
 * the machine's speed decides nothing. */
#include <semaphore.h>

#include "fakeclock.h"
#include "pipeline_fixture.h"
#include "policy/exposure.h"
#include "spool/spool.h"

#define EXPOSURE (10 * US_PER_S)

static _Atomic bool hold_commits;
static sem_t may_commit;

/* In the worker's thread. */
void __real_spool_cycle(struct spool *s, struct spool_cycle *c);
void __wrap_spool_cycle(struct spool *s, struct spool_cycle *c);
void __wrap_spool_cycle(struct spool *s, struct spool_cycle *c)
{
	if (hold_commits)
		sem_wait(&may_commit);
	__real_spool_cycle(s, c);
}

static const char *sentence(const struct server_fixture *h)
{
	for (size_t i = 0; i < h->health.nparts; i++)
		if (strcmp(h->health.parts[i].name, "exposure") == 0)
			return h->health.parts[i].sentence;
	return "";
}

static bool one_is_spooled(void *arg)
{
	return at(arg, LEDGER_IN_SPOOL)->batches > 0;
}

static bool is_warned(void *arg)
{
	return level_of(arg, "exposure") == HEALTH_WARN;
}

static bool is_disk(void *arg)
{
	return is_warned(arg) && strstr(sentence(arg), "a commit to the spool took ") != NULL;
}

static bool is_cpu(void *arg)
{
	return is_warned(arg) && strstr(sentence(arg), "the agent did not run for ") != NULL;
}

/* At each look the clock has gone on. */
static bool is_cleared(void *arg)
{
	fakeclock_ahead_us += EXPOSURE_EVERY_MS * US_PER_MS;
	return level_of(arg, "exposure") == HEALTH_OK;
}

/* The sink takes nothing yet. */
static void begin(struct server_fixture *h, uint64_t exposure_us)
{
	struct pipeline_opts o = house_opts(h, false, 0);

	o.flight.exposure_us = exposure_us;
	enter_with(h, &o);
	h->mood = FULL;
	h->size = 300;
}

static void end(struct server_fixture *h)
{
	ok(wait_until(h->loop, is_cleared, h, SECONDS), "it ends by itself");
	h->mood = TAKES;
	ok(wait_until(h->loop, all_are_settled, h, SECONDS), "all is delivered in the end");
	leave(h);
}

static void a_commit_that_takes_long_is_a_warning_while_it_lasts(void)
{
	struct server_fixture h;

	begin(&h, 20 * US_PER_MS);
	hold_commits = true;
	feed_one(&h, 0);
	ok(wait_until(h.loop, is_disk, &h, SECONDS), "a commit that hangs is a warning, before it ends");
	is_int(at(&h, LEDGER_IN_FLIGHT)->batches, 1, "while the batch is in memory only");
	hold_commits = false;
	sem_post(&may_commit);
	ok(wait_until(h.loop, one_is_spooled, &h, SECONDS), "the commit ends");
	end(&h);
}

static void a_loop_that_does_not_run_is_another(void)
{
	struct server_fixture h;

	begin(&h, EXPOSURE);
	feed_one(&h, 0);
	fakeclock_ahead_us += 60 * US_PER_S;
	ok(wait_until(h.loop, is_cpu, &h, SECONDS), "60 s without a turn of the loop are another warning");
	end(&h);
}

static void in_time_there_is_no_warning(void)
{
	struct server_fixture h;

	begin(&h, EXPOSURE);
	feed_one(&h, EXPOSURE * 9 / 10);
	ok(wait_until(h.loop, one_is_spooled, &h, SECONDS), "a batch is stored in time");
	is_int(level_of(&h, "exposure"), HEALTH_OK, "and there is no warning");
	fakeclock_ahead_us += 60 * US_PER_S;
	feed_one(&h, EXPOSURE * 9 / 10);
	ok(wait_until(h.loop, none_is_in_flight, &h, SECONDS), "the loop did not run while no batch was in memory");
	is_int(level_of(&h, "exposure"), HEALTH_OK, "and there is no warning");
	end(&h);
}

int main(void)
{
	sem_init(&may_commit, 0, 0);
	a_commit_that_takes_long_is_a_warning_while_it_lasts();
	a_loop_that_does_not_run_is_another();
	in_time_there_is_no_warning();
	return tap_done();
}
