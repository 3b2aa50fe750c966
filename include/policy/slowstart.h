/* SPDX-License-Identifier: Apache-2.0 */
/* Slow start and backoff of one collector: how many requests may be in flight, and how long it gets none. */
#ifndef SLOWSTART_H
#define SLOWSTART_H

#include "base/base.h"

enum slowstart_state {
	SLOW_OPEN,   /* up to "window" requests may be in flight */
	SLOW_PAUSED, /* no request before until_us */
	SLOW_PROBE,  /* one request is in flight, to test whether the collector works again */
};

struct slowstart {
	enum slowstart_state state;
	uint32_t window;    /* most requests in flight */
	uint32_t most;      /* the window's upper bound */
	uint32_t threshold; /* below it the window grows by one per success, above by one per window of successes */
	uint32_t grown;     /* successes since the window grew last */
	uint32_t bad_in_row;
	uint32_t pauses;    /* in a row; the attempt number for policy/backoff.h */
	uint64_t round;     /* counts pauses; results of requests from an older round are ignored */
	uint64_t until_us;  /* monotonic; the end of the pause */
	uint64_t paused_us; /* monotonic; when the collector stopped working */
	uint64_t ramp_us;   /* monotonic; when it worked again, which starts slowstart_rate's limit; 0: no limit */
};

/* Starts in SLOW_OPEN with a small window of at most MOST. */
void slowstart_init(struct slowstart *s, uint32_t most);

/* True when another request may be sent while IN_FLIGHT are in flight. */
bool slowstart_may_send(const struct slowstart *s, uint32_t in_flight, uint64_t now_us);
/* True when one request tests whether the collector works again, or may be sent for it. */
bool slowstart_probes(const struct slowstart *s, uint64_t now_us);
/* A request is sent. Returns its round, to be passed back with its result. */
uint64_t slowstart_sent(struct slowstart *s);

/* A request of ROUND succeeded: the collector works. */
void slowstart_succeeded(struct slowstart *s, uint64_t round, uint64_t now_us);
/* A request of ROUND failed in a way that may be the request's own fault. True: it is the first such failure in a row,
 * and is dealt with by a smaller window. False: the caller must call slowstart_failed. */
bool slowstart_doubted(struct slowstart *s, uint64_t round);
/* A request of ROUND failed: the collector gets no request for WAIT_US. */
void slowstart_failed(struct slowstart *s, uint64_t round, uint64_t now_us, uint64_t wait_us);

/* The most spans per second that may be sent now; 0: no limit. */
uint64_t slowstart_rate(const struct slowstart *s, uint64_t now_us);

#endif
