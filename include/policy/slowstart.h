/* SPDX-License-Identifier: Apache-2.0 */
/* How much one collector is sent at once, and when it is left alone. */
#ifndef SLOWSTART_H
#define SLOWSTART_H

#include "base/base.h"

enum slowstart_state {
	SLOW_OPEN,   /* up to window requests at once */
	SLOW_PAUSED, /* none before until */
	SLOW_TRIAL,  /* one is out to see whether it works again */
};

struct slowstart {
	enum slowstart_state state;
	uint32_t window;    /* requests at once */
	uint32_t most;      /* it never grows beyond */
	uint32_t threshold; /* up to here it grows by one an answer, from there by one a window */
	uint32_t grown;     /* answers since it grew last */
	uint32_t bad_in_row;
	uint32_t pauses;    /* in a row: the attempt that backoff counts */
	uint64_t round;     /* up with each pause: failures of an older one are not counted again */
	uint64_t until_us;  /* end of the pause */
	uint64_t paused_us; /* since when it does not work */
	uint64_t ramp_us;   /* since when it works again and is still sent little; 0 all is well */
};

/* Open, with a small window. */
void slowstart_init(struct slowstart *s, uint32_t most);

/* May another request go out while IN_FLIGHT are? */
bool slowstart_may_send(const struct slowstart *s, uint32_t in_flight, uint64_t now_us);
/* One goes out; it belongs to the round that is returned. */
uint64_t slowstart_sent(struct slowstart *s);

/* A request of ROUND was answered by a collector that works. */
void slowstart_good(struct slowstart *s, uint64_t round, uint64_t now_us);
/* It failed in a way that may be its own fault: a second in a row is needed before slowstart_bad counts. */
bool slowstart_doubt(struct slowstart *s, uint64_t round);
/* It failed: leave the collector alone for WAIT_US. */
void slowstart_bad(struct slowstart *s, uint64_t round, uint64_t now_us, uint64_t wait_us);

/* Spans a second to send at the most, now; 0 no limit. */
uint64_t slowstart_rate(const struct slowstart *s, uint64_t now_us);

#endif
