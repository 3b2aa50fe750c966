/* SPDX-License-Identifier: Apache-2.0 */
/* replay_pace.c — computes the rate of production from the backlog's timestamps, and sends at twice that rate.
 *
 * Records come nearly in the order of their timestamps, since several producers write into one partition. So the
 * records' time advances only when a record is newer than all before it. A jump of more than STRETCH_MS, forward or back,
 * begins another stretch of records, or comes from a wrong clock: the records' time does not advance by it.
 *
 * Each WINDOW_MS of the records' time gives one figure for the average. A figure is limited to FIGURE_MOST times the
 * average, since many records with the same timestamp come from a clock that stood still. While the records' time does
 * not advance there are no figures, and the rate stays as it is. */
#include <math.h>

#include "policy/replay_pace.h"

enum {
	FRESH_MS = 2000,    /* a younger record is no backlog: batching, Kafka and a slow fetch may take this long */
	STRETCH_MS = 10000, /* producers' batching puts records less far out of order than this */
	WINDOW_MS = 100,    /* of the records' time, for one figure */
	MEMORY_MS = 5000,   /* of the records' time, in the average */
	FIGURE_MOST = 20,   /* bursts that fill a twentieth of the time are averaged in full */
	SPEED = 2,          /* the rate of sending, in rates of production */
	LATE_US = 50000,    /* so much of a delay of the event loop is made up for */
};

void replay_pace_init(struct replay_pace *p, uint64_t floor_spans_per_s)
{
	*p = (struct replay_pace){ .floor_per_s = (double)max_u64(floor_spans_per_s, 1) };
}

double replay_pace_per_s(const struct replay_pace *p)
{
	return fmax(p->floor_per_s, SPEED * p->produced_per_s);
}

static bool is_fresh(uint64_t produced_ms, uint64_t wall_ms)
{
	return produced_ms + FRESH_MS >= wall_ms && produced_ms <= wall_ms + FRESH_MS;
}

uint64_t replay_pace_wait_us(
        const struct replay_pace *p, uint32_t spans, uint64_t produced_ms, uint64_t wall_ms, uint64_t mono_us)
{
	(void)spans; /* a batch delays the next one, not itself */
	if (is_fresh(produced_ms, wall_ms) || p->next_us <= mono_us)
		return 0;
	return p->next_us - mono_us;
}

/* Milliseconds by which a record with timestamp PRODUCED_MS advances the records' time. */
static uint64_t records_time_step_ms(struct replay_pace *p, uint64_t produced_ms)
{
	uint64_t before_ms = p->newest_ms;

	if (produced_ms > before_ms) {
		p->newest_ms = produced_ms;
		return produced_ms - before_ms <= STRETCH_MS ? produced_ms - before_ms : 0;
	}
	if (before_ms - produced_ms > STRETCH_MS)
		p->newest_ms = produced_ms;
	return 0;
}

static void update_rate(struct replay_pace *p)
{
	double most = FIGURE_MOST * fmax(p->floor_per_s, p->produced_per_s);
	double figure = (double)p->window_spans * 1000 / (double)p->window_ms;
	double memory_ms;

	p->known_ms += p->window_ms;
	memory_ms = (double)max_u64(min_u64(p->known_ms, MEMORY_MS), p->window_ms);
	p->produced_per_s += (fmin(figure, most) - p->produced_per_s) * (double)p->window_ms / memory_ms;
	p->window_ms = p->window_spans = 0;
}

void replay_pace_sent(struct replay_pace *p, uint32_t spans, uint64_t produced_ms, uint64_t wall_ms, uint64_t mono_us)
{
	uint64_t from_us = mono_us > LATE_US ? mono_us - LATE_US : 0;

	if (is_fresh(produced_ms, wall_ms))
		return;
	p->window_ms += records_time_step_ms(p, produced_ms);
	if (p->window_ms >= WINDOW_MS)
		update_rate(p);
	p->window_spans += spans;
	p->next_us = max_u64(p->next_us, from_us) + (uint64_t)(spans * (double)US_PER_S / replay_pace_per_s(p));
}
