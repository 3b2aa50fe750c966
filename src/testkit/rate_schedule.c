/* SPDX-License-Identifier: Apache-2.0 */
/* rate_schedule.c — unit N is due N / rate after the beginning, so rounding errors do not add up. */
#include "rate_schedule.h"

/* a * b / c without overflow in between. */
static uint64_t scale(uint64_t a, uint64_t b, uint64_t c)
{
	return (uint64_t)((unsigned __int128)a * b / c);
}

static uint64_t due_at(const struct rate_schedule *s, uint64_t now_us)
{
	return now_us < s->began_us ? 0 : scale(now_us - s->began_us, s->per_s, US_PER_S) + 1;
}

uint64_t rate_schedule_due(struct rate_schedule *s, uint64_t now_us)
{
	uint64_t due, late;

	if (s->per_s == 0)
		return UINT64_MAX;
	due = due_at(s, now_us);
	if (due <= s->done)
		return 0;
	late = max_u64(scale(RATE_SCHEDULE_LATE_US, s->per_s, US_PER_S), 1);
	if (due - s->done > late) {
		s->began_us += scale(due - s->done - late, US_PER_S, s->per_s);
		due = min_u64(due_at(s, now_us), s->done + late);
	}
	return due > s->done ? due - s->done : 0;
}

uint64_t rate_schedule_wait_us(const struct rate_schedule *s, uint64_t now_us)
{
	uint64_t next;

	if (s->per_s == 0)
		return 0;
	/* Rounded up, so that the unit is due at that microsecond. */
	next = s->began_us + scale(s->done, US_PER_S, s->per_s) + 1;
	return next > now_us ? next - now_us : 0;
}
