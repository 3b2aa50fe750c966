/* SPDX-License-Identifier: Apache-2.0 */
/* slowstart.c — a window of requests that grows with successes, a pause after failures, and a limited rate after it.
 *
 *          ┌───── success: the window grows, see below
 *          ▼
 *        OPEN ──failure──► PAUSED ──until_us is over, one is sent──► PROBE ──success──► OPEN, window 1, slowstart_rate
 *                             ▲                                        │
 *                             └─────────────── failure ────────────────┘
 *
 * The window halves with each failure, and that half becomes the threshold: below it the window grows by one per
 * success, above by one per window of successes. After an outage of a second or more the spans per second are limited
 * too, from RAMP_RATE, doubling each second: a collector that has just started responds 202 to everything and drops what
 * its queue cannot hold. */
#include "policy/slowstart.h"

enum { FIRST_WINDOW = 8, RAMP_RATE = 10000, RAMP_SECONDS = 7 };

void slowstart_init(struct slowstart *s, uint32_t most)
{
	*s = (struct slowstart){ .state = SLOW_OPEN, .most = most, .threshold = most };
	s->window = (uint32_t)min_u64(FIRST_WINDOW, most);
}

bool slowstart_may_send(const struct slowstart *s, uint32_t in_flight, uint64_t now_us)
{
	switch (s->state) {
	case SLOW_OPEN:
		return in_flight < s->window;
	case SLOW_PAUSED:
		return now_us >= s->until_us;
	case SLOW_PROBE:
		break;
	}
	return false;
}

bool slowstart_probes(const struct slowstart *s, uint64_t now_us)
{
	return s->state == SLOW_PROBE || (s->state == SLOW_PAUSED && now_us >= s->until_us);
}

uint64_t slowstart_sent(struct slowstart *s)
{
	if (s->state == SLOW_PAUSED)
		s->state = SLOW_PROBE;
	return s->round;
}

static void grow_window(struct slowstart *s)
{
	s->grown++;
	if (s->window < s->most && (s->window < s->threshold || s->grown >= s->window)) {
		s->window++;
		s->grown = 0;
	}
}

void slowstart_succeeded(struct slowstart *s, uint64_t round, uint64_t now_us)
{
	if (round != s->round || s->state == SLOW_PAUSED)
		return;
	s->bad_in_row = 0;
	if (s->state == SLOW_OPEN) {
		grow_window(s);
		return;
	}
	s->state = SLOW_OPEN;
	s->pauses = 0;
	s->window = 1;
	s->grown = 0;
	s->ramp_us = now_us - s->paused_us >= US_PER_S ? now_us : 0;
}

static void halve_window(struct slowstart *s)
{
	s->window = (uint32_t)max_u64(1, s->window / 2);
	s->threshold = (uint32_t)max_u64(2, s->window);
}

bool slowstart_doubted(struct slowstart *s, uint64_t round)
{
	if (round != s->round || s->state != SLOW_OPEN || s->bad_in_row++ > 0)
		return false;
	halve_window(s);
	return true;
}

void slowstart_failed(struct slowstart *s, uint64_t round, uint64_t now_us, uint64_t wait_us)
{
	if (round != s->round)
		return;
	if (s->state == SLOW_OPEN) {
		halve_window(s);
		s->paused_us = now_us;
	}
	s->state = SLOW_PAUSED;
	s->until_us = now_us + wait_us;
	s->round++;
	s->pauses++;
}

uint64_t slowstart_rate(const struct slowstart *s, uint64_t now_us)
{
	uint64_t seconds = (now_us - s->ramp_us) / US_PER_S;

	if (s->ramp_us == 0 || seconds >= RAMP_SECONDS)
		return 0;
	return (uint64_t)RAMP_RATE << seconds;
}
