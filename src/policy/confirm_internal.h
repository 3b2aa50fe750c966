/* SPDX-License-Identifier: Apache-2.0 */
/* confirm_internal.h — figures derived from a collector's counters, and what confirm.c calls in confirm_window.c. */
#ifndef CONFIRM_INTERNAL_H
#define CONFIRM_INTERNAL_H

#include "policy/confirm.h"

/* Spans that entered the queue. */
static inline uint64_t confirm_entered(const struct confirm_counters *n)
{
	uint64_t gone = n->dropped + n->rejected;

	return n->received > gone ? n->received - gone : 0;
}

/* An upper bound of the spans that had entered the queue when NOW was read. NOW's "dropped" may be newer than its
 * "received"; that of THEN, the reading before, is certainly older. */
static inline uint64_t confirm_entered_at_most(const struct confirm_counters *now, const struct confirm_counters *then)
{
	return now->received - then->dropped - then->rejected;
}

/* Spans that the store refused after their POST was answered 2xx. */
static inline uint64_t confirm_failed(const struct confirm_counters *n)
{
	return n->failed > n->refused ? n->failed - n->refused : 0;
}

/* Spans that left the workers: saved or failed. */
static inline uint64_t confirm_stored(const struct confirm_counters *n)
{
	return n->saved + confirm_failed(n);
}

/* Spans that were lost although their POST was answered 2xx. */
static inline uint64_t confirm_lost(const struct confirm_counters *n)
{
	return n->dropped + confirm_failed(n);
}

/* Spans in the queue or in a worker. */
static inline uint64_t confirm_in_queue(const struct confirm_counters *n)
{
	return confirm_entered(n) > confirm_stored(n) ? confirm_entered(n) - confirm_stored(n) : 0;
}

/* The lower bound of the window. */
uint64_t confirm_smallest_window(const struct confirm *c);
/* The window at the first reading of a process. */
uint64_t confirm_first_window(const struct confirm *c);
void confirm_set_window(struct confirm *c, uint64_t to);
/* Grows the window when as many spans as it holds were stored without a loss. */
void confirm_grow(struct confirm *c);
/* Begins or ends a pause in sending, after R has decided what it can. */
void confirm_pause_or_resume(struct confirm *c, const struct confirm_reading *r);
/* Sets when the next reading is due after R; c->last is still the reading before it. */
void confirm_next_reading(struct confirm *c, const struct confirm_reading *r);
/* Sets c->others to the spans that other senders sent between the last reading and R. */
void confirm_count_others(struct confirm *c, const struct confirm_reading *r);

#endif
