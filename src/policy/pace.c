/* SPDX-License-Identifier: Apache-2.0 */
/* pace.c — small decisions about time and amount. */
#include "policy/pace.h"

static const uint64_t slack = 10 * US_PER_MS; /* for the timer's inaccuracy and a busy loop */

uint64_t pace_handoff_age(uint64_t exposure, uint64_t commit)
{
	uint64_t reserve = 2 * commit + slack;
	/* The estimate may be too low: the next commit can be slower than all before. */
	uint64_t latest = exposure / 10 * 6;

	/* At least a quarter: with a slow disk an earlier hand-over would store even more batches that the sink is about
	 * to deliver, and the disk would become slower still. */
	return max_u64(exposure / 4, min_u64(latest, exposure > reserve ? exposure - reserve : 0));
}

uint64_t pace_join_age(uint64_t handoff, bool sink_keeps_up)
{
	return sink_keeps_up ? handoff / 2 : 0;
}

uint64_t pace_commit_estimate(uint64_t remembered, uint64_t last)
{
	return max_u64(last, remembered - remembered / 16);
}

uint64_t pace_read_pause(uint64_t bytes, uint64_t elapsed_us, uint64_t buffer)
{
	static const uint64_t most_ms = 8;
	uint64_t per_ms;

	if (elapsed_us == 0)
		return 0;
	/* The kernel charges the buffer with up to twice a datagram's bytes. */
	per_ms = 2 * bytes * US_PER_MS / elapsed_us + 1;
	return min_u64(most_ms, buffer / 8 / per_ms);
}

uint64_t pace_backlog_most(uint64_t window, bool stored)
{
	return stored ? window / 2 : window / 8;
}

bool pace_may_send_fresh(const struct pace_load *l)
{
	uint64_t reserved = l->backlog_waits ? l->backlog_most / 2 : 0;

	return l->fresh + max_u64(l->backlog, reserved) < l->window;
}

bool pace_may_send_backlog(const struct pace_load *l, uint64_t ramp)
{
	if (l->backlog >= ramp)
		return false;
	return l->backlog < l->backlog_most / 2 || l->fresh + l->backlog < l->backlog_most;
}

uint64_t pace_ramp(uint64_t ramp, uint64_t delivered, uint64_t most)
{
	return delivered < ramp ? ramp : min_u64(ramp * 2, most);
}
