/* pace.c — a window that grows while answers are good, a pause when they are not, and a slow start
 * after it.
 *
 *          ┌───────────── good: window grows, see below
 *          ▼
 *        OPEN ──bad──► PAUSED ──until is over, one is sent──► TRIAL ──good──► OPEN, window 1, ramp
 *                         ▲                                     │
 *                         └────────────── bad ──────────────────┘
 *
 * The window halves with each failure; below half of what once failed it grows by one an answer,
 * above by one a window. After an outage of a second or more the spans a second are limited too, from
 * RAMP_RATE doubling each second: a collector that comes back takes what it is sent with 202 and drops
 * what its queue cannot hold. */
#include "pace.h"

enum { FIRST_WINDOW = 8, RAMP_RATE = 5000, RAMP_SECONDS = 8 };

void pace_init(struct pace *p, uint32_t most)
{
	*p = (struct pace){ .state = PACE_OPEN, .most = most, .threshold = most };
	p->window = (uint32_t)min_u64(FIRST_WINDOW, most);
}

bool pace_may_send(const struct pace *p, uint32_t in_flight, uint64_t now_us)
{
	switch (p->state) {
	case PACE_OPEN:
		return in_flight < p->window;
	case PACE_PAUSED:
		return now_us >= p->until_us;
	case PACE_TRIAL:
		break;
	}
	return false;
}

uint64_t pace_sent(struct pace *p)
{
	if (p->state == PACE_PAUSED)
		p->state = PACE_TRIAL;
	return p->round;
}

static void grow(struct pace *p)
{
	p->grown++;
	if (p->window < p->most && (p->window < p->threshold || p->grown >= p->window)) {
		p->window++;
		p->grown = 0;
	}
}

void pace_good(struct pace *p, uint64_t round, uint64_t now_us)
{
	if (round != p->round || p->state == PACE_PAUSED)
		return;
	p->bad_in_row = 0;
	if (p->state == PACE_OPEN) {
		grow(p);
		return;
	}
	p->state = PACE_OPEN;
	p->pauses = 0;
	p->window = 1;
	p->grown = 0;
	p->ramp_us = now_us - p->paused_us >= US_PER_S ? now_us : 0;
}

static void halve(struct pace *p)
{
	p->window = (uint32_t)max_u64(1, p->window / 2);
	p->threshold = (uint32_t)max_u64(2, p->window);
}

bool pace_doubt(struct pace *p, uint64_t round)
{
	if (round != p->round || p->state != PACE_OPEN || p->bad_in_row++ > 0)
		return false;
	halve(p);
	return true;
}

void pace_bad(struct pace *p, uint64_t round, uint64_t now_us, uint64_t wait_us)
{
	if (round != p->round)
		return;
	if (p->state == PACE_OPEN) {
		halve(p);
		p->paused_us = now_us;
	}
	p->state = PACE_PAUSED;
	p->until_us = now_us + wait_us;
	p->round++;
	p->pauses++;
}

uint64_t pace_rate(const struct pace *p, uint64_t now_us)
{
	uint64_t seconds = (now_us - p->ramp_us) / US_PER_S;

	if (p->ramp_us == 0 || seconds >= RAMP_SECONDS)
		return 0;
	return (uint64_t)RAMP_RATE << seconds;
}

uint64_t bucket_wait_us(struct bucket *b, uint64_t rate, uint64_t now_us)
{
	double most = (double)rate / 10; /* a tenth of a second may gather, no more */

	if (rate == 0 || b->at_us == 0) {
		b->spans = 0;
		b->at_us = now_us;
		return 0;
	}
	b->spans += (double)(now_us - b->at_us) * (double)rate / US_PER_S;
	b->at_us = now_us;
	if (b->spans > most)
		b->spans = most;
	return b->spans >= 0 ? 0 : (uint64_t)(-b->spans * US_PER_S / (double)rate) + 1;
}

void bucket_take(struct bucket *b, uint64_t spans)
{
	b->spans -= (double)spans;
}
