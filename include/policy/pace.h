/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions about when to hand over, read and send, and how much at a time. Pure functions. */
#ifndef PACE_H
#define PACE_H

#include "base/base.h"

/* The age at which a batch is handed over to the spooler, so that it is durable before EXPOSURE ends: it may have to wait
 * for the commit cycle under way, and then for its own, each of COMMIT. All in microseconds. */
uint64_t pace_handoff_age(uint64_t exposure, uint64_t commit);

/* The age from which batches that the sink has are handed over together with one that has reached HANDOFF, so that one
 * commit serves all of them. SINK_KEEPS_UP: the sink has delivered a batch from memory since the last hand-over, so it
 * may deliver the younger half in time; otherwise it will deliver none of them in time, and the age is 0. All in
 * microseconds. */
uint64_t pace_join_age(uint64_t handoff, bool sink_keeps_up);

/* An estimate of how long the next commit takes: LAST, or REMEMBERED less a sixteenth if that is longer. */
uint64_t pace_commit_estimate(uint64_t remembered, uint64_t last);

/* Milliseconds for which a socket is not read after a pass that read BYTES, ELAPSED_US after the previous pass: so that
 * each wake-up reads many datagrams, and the kernel's BUFFER (bytes) is filled to an eighth at most. */
uint64_t pace_read_pause(uint64_t bytes, uint64_t elapsed_us, uint64_t buffer);

/* Memory of the batches that the sink has, in bytes. */
struct pace_load {
	uint64_t fresh;        /* of batches that come from the intake */
	uint64_t backlog;      /* of batches that were read back from the spool */
	uint64_t window;       /* the bound of both together */
	uint64_t backlog_most; /* the bound of backlog */
	bool backlog_waits;    /* the backlog has batches to offer */
};

/* The bound of the backlog in a WINDOW. A fresh batch waits in the sink behind the backlog that is there, so the bound is
 * small: measured with Kafka, an eighth of the usual window delivers a backlog faster than half, and does not delay fresh
 * batches. STORED: the sink reports only when the spans are stored, so a batch stays there for several readings of the
 * collector's counters; an eighth would not fill the collector's queue meanwhile, and the bound is half. */
uint64_t pace_backlog_most(uint64_t window, bool stored);
/* True when a fresh batch may be sent: while the backlog waits, half of backlog_most is reserved for it. */
bool pace_may_send_fresh(const struct pace_load *l);
/* True when a batch of the backlog may be sent: up to half of backlog_most in any case, up to backlog_most as far as
 * fresh batches leave room, and never beyond RAMP bytes. */
bool pace_may_send_backlog(const struct pace_load *l, uint64_t ramp);

/* Slow start of the backlog after an outage: returns the new ramp, which doubles once DELIVERED (bytes since it last
 * grew) has reached RAMP, up to MOST. */
enum { PACE_RAMP_FIRST = 256 * 1024 };
uint64_t pace_ramp(uint64_t ramp, uint64_t delivered, uint64_t most);

#endif
