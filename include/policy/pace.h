/* SPDX-License-Identifier: Apache-2.0 */
/* When to act, and how much at a time. Pure functions of readings. */
#ifndef PACE_H
#define PACE_H

#include "base/base.h"

/* Age at which a batch goes to the spool, so that it is durable before EXPOSURE ends: a turn may be
 * under way (one commit) and its own follows (another). All in microseconds. */
uint64_t pace_handoff(uint64_t exposure, uint64_t commit);

/* Age from which batches that the sink has go to the spool together with one that has reached HANDOFF, so that
 * one commit serves all of them. SINK_KEEPS_UP: the sink has delivered a batch from memory since the last
 * hand-over, so it may deliver the younger half in time; otherwise it will deliver none of them in time, and
 * batches of any age go. All in microseconds. */
uint64_t pace_joins(uint64_t handoff, bool sink_keeps_up);

/* How long the next commit may take: the last one, or a slowly fading memory of a longer one. */
uint64_t pace_commit(uint64_t remembered, uint64_t last);

/* Milliseconds to leave a socket alone after a pass that took BYTES in ELAPSED_US since the pass
 * before, so that few wake-ups read much and a BUFFER of the kernel is never more than 1/8 full. */
uint64_t pace_pause(uint64_t bytes, uint64_t elapsed_us, uint64_t buffer);

/* Bytes with the sink, by origin. */
struct pace_load {
	uint64_t fresh;
	uint64_t backlog;
	uint64_t window;       /* all that may be with the sink, */
	uint64_t backlog_most; /* and of a backlog */
	bool backlog_waits;    /* there is a backlog */
};

/* The most of a backlog that may be with the sink, of WINDOW: what is fresh waits behind it there. Measured with Kafka:
 * with an eighth of the usual window a backlog leaves faster than with half, and what is fresh waits no longer than
 * ever. Where a report comes only when the spans are STORED, a batch stays with the sink for several readings of the
 * collector's counters, and an eighth is less than the collector's queue and those readings hold: then it is half. */
uint64_t pace_backlog_most(uint64_t window, bool stored);
/* Fresh traffic first, but half of that is the backlog's while there is one. */
bool pace_lets_fresh(const struct pace_load *l);
/* The backlog has its half, and what fresh traffic leaves of the other; at most RAMP. */
bool pace_lets_backlog(const struct pace_load *l, uint64_t ramp);

/* Slow start of the backlog after an outage: the ramp doubles each time RAMP bytes were delivered, up to MOST. */
enum { PACE_RAMP_FIRST = 256 * 1024 };
uint64_t pace_ramp(uint64_t ramp, uint64_t delivered, uint64_t most);

#endif
