/* SPDX-License-Identifier: Apache-2.0 */
/* exposure_health.c — a warning while batches are in memory only for longer than spool.exposure, with the cause. */
#include "exposure_health.h"

#include "base/clock.h"

static const char kept[] = "spans are delivered or durable within %llu ms";

static unsigned long long ms(uint64_t us)
{
	return us / US_PER_MS;
}

static bool find_undelivered(void *arg, const struct agent_batch *b)
{
	uint64_t *read_us = arg;

	if (b->place == PLACE_QUEUED_DONE)
		return true;
	*read_us = min_u64(*read_us, b->read_us);
	return false;
}

/* The greatest age that a batch reached in memory only since the last call; 0: there was none, or the spool cannot
 * store, which its own part of the health says. */
static uint64_t greatest_age_us(struct exposure_health *e, struct flight *flight, const struct spooler *spooler)
{
	const struct flight_stats *f = flight_stats(flight);
	uint64_t now = clock_mono_us(), oldest = f->oldest_us == 0 ? now : f->oldest_us;
	bool late = f->late != e->late;

	e->late = f->late;
	if (spooler_write_error(spooler) != 0)
		return 0;
	spooler_each_unstored(spooler, find_undelivered, &oldest);
	return max_u64(now - oldest, late ? f->late_us : 0);
}

void exposure_health_begin(struct exposure_health *e, struct health *health, uint64_t exposure_us)
{
	e->exposure_us = exposure_us;
	e->watch.observed_us = clock_mono_us();
	if (exposure_us > 0)
		health_begin(health, "exposure", HEALTH_OK, kept, ms(exposure_us));
}

static void post_late(const struct exposure_health *e, struct health *health, const struct spooler *spooler)
{
	const struct exposure_watch *w = &e->watch;

	if (w->state == EXPOSURE_DISK)
		health_post(health, "exposure", HEALTH_WARN,
		        "spans were in memory only for %llu ms, spool.exposure is %llu ms: a commit to the spool took "
		        "%llu ms; a SIGKILL or a power cut loses more spans than the exposure allows until the disk "
		        "is faster or has less other load",
		        ms(w->age_us), ms(e->exposure_us), ms(spooler_cycle_us(spooler)));
	else
		health_post(health, "exposure", HEALTH_WARN,
		        "spans were in memory only for %llu ms, spool.exposure is %llu ms: the agent did not run for "
		        "%llu ms; give it more CPU (its limit, its nice value, other load on this host), or do not "
		        "stop it with signals",
		        ms(w->age_us), ms(e->exposure_us), ms(w->stall_us));
}

void exposure_health_post(
        struct exposure_health *e, struct health *health, struct flight *flight, const struct spooler *spooler)
{
	uint64_t age_us = greatest_age_us(e, flight, spooler), now = clock_mono_us();
	enum exposure_state was = e->watch.state;

	if (e->exposure_us == 0)
		return;
	if (exposure_observe(&e->watch, now, e->exposure_us, age_us) == EXPOSURE_KEPT) {
		if (was != EXPOSURE_KEPT)
			health_post(health, "exposure", HEALTH_OK, kept, ms(e->exposure_us));
	} else if (age_us > e->exposure_us) {
		post_late(e, health, spooler);
	}
}
