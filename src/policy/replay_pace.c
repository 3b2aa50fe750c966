/* SPDX-License-Identifier: Apache-2.0 */
/* replay_pace.c — a rate is learned from the backlog's own times, and the backlog leaves at twice that.
 *
 * Records come nearly in the order of their times: several producers write into one partition. So their time
 * moves on only when a record is newer than all before it. A step of more than STRETCH_MS either way is the end
 * of one stretch of records and the beginning of another, or a wrong clock; it moves nothing on.
 *
 * Each WINDOW_MS of the records' time gives one figure for the mean. A figure counts for at most LEAP times the
 * mean, since a million records with one and the same time are a clock that stood still and not a rate. While
 * the records' time does not move at all there are no figures: the backlog leaves as before, or by the floor. */
#include <math.h>

#include "policy/replay_pace.h"

enum {
	FRESH_MS = 2000,    /* a record is that old when its batch, Kafka and a fetch took long */
	STRETCH_MS = 10000, /* more than producers' batching sets records out of order */
	WINDOW_MS = 100,
	MEMORY_MS = 5000, /* of the records' time, in the mean */
	LEAP = 20,        /* bursts that fill a twentieth of the time are averaged in full */
	SPEED = 2,        /* times as fast as it was produced */
	LATE_US = 50000,  /* a loop that turns late makes up for so much */
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
	(void)spans; /* what goes delays the next */
	if (is_fresh(produced_ms, wall_ms) || p->next_us <= mono_us)
		return 0;
	return p->next_us - mono_us;
}

/* The milliseconds by which a record moves the records' time on. */
static uint64_t step_ms(struct replay_pace *p, uint64_t produced_ms)
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

static void learn(struct replay_pace *p)
{
	double most = LEAP * fmax(p->floor_per_s, p->produced_per_s);
	double figure = (double)p->window_spans * 1000 / (double)p->window_ms;
	double memory_ms;

	p->known_ms += p->window_ms;
	memory_ms = (double)max_u64(min_u64(p->known_ms, MEMORY_MS), p->window_ms);
	p->produced_per_s += (fmin(figure, most) - p->produced_per_s) * (double)p->window_ms / memory_ms;
	p->window_ms = p->window_spans = 0;
}

void replay_pace_take(struct replay_pace *p, uint32_t spans, uint64_t produced_ms, uint64_t wall_ms, uint64_t mono_us)
{
	uint64_t from_us = mono_us > LATE_US ? mono_us - LATE_US : 0;

	if (is_fresh(produced_ms, wall_ms))
		return;
	p->window_ms += step_ms(p, produced_ms);
	if (p->window_ms >= WINDOW_MS)
		learn(p);
	p->window_spans += spans;
	p->next_us = max_u64(p->next_us, from_us) + (uint64_t)(spans * (double)US_PER_S / replay_pace_per_s(p));
}
