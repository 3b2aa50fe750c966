/* policy: how much one collector is sent at once, and when it is left alone. */
#ifndef PACE_H
#define PACE_H

#include "base.h"

enum pace_state {
	PACE_OPEN,   /* up to window requests at once */
	PACE_PAUSED, /* none before until */
	PACE_TRIAL,  /* one is out to see whether it works again */
};

struct pace {
	enum pace_state state;
	uint32_t window;    /* requests at once */
	uint32_t most;      /* it never grows beyond */
	uint32_t threshold; /* up to here it grows by one an answer, from there by one a window */
	uint32_t grown;     /* answers since it grew last */
	uint32_t bad_in_row;
	uint32_t pauses; /* in a row: the attempt that backoff counts */
	uint64_t
	        round; /* goes up with each pause; failures of an older round are not counted again */
	uint64_t until_us;  /* end of the pause */
	uint64_t paused_us; /* since when it does not work */
	uint64_t ramp_us;   /* since when it works again and is still sent little; 0 all is well */
};

/* Open, with a small window. */
void pace_init(struct pace *p, uint32_t most);

/* May another request go out while IN_FLIGHT are? */
bool pace_may_send(const struct pace *p, uint32_t in_flight, uint64_t now_us);
/* One goes out; it belongs to the round that is returned. */
uint64_t pace_sent(struct pace *p);

/* A request of ROUND was answered by a collector that works. */
void pace_good(struct pace *p, uint64_t round, uint64_t now_us);
/* It failed in a way that may be its own fault: a second in a row is needed before pace_bad counts. */
bool pace_doubt(struct pace *p, uint64_t round);
/* It failed: leave the collector alone for WAIT_US. */
void pace_bad(struct pace *p, uint64_t round, uint64_t now_us, uint64_t wait_us);

/* Spans a second to send at the most, now; 0 no limit. */
uint64_t pace_rate(const struct pace *p, uint64_t now_us);

/* Lets an average of RATE spans a second through, in whole batches. All zero is valid. */
struct bucket {
	double spans;   /* in hand; below zero after a large batch */
	uint64_t at_us; /* when that was so */
};

/* May a batch go now at RATE (0 none)? Else how long from now, in microseconds. */
uint64_t bucket_wait_us(struct bucket *b, uint64_t rate, uint64_t now_us);
void bucket_take(struct bucket *b, uint64_t spans);

#endif
