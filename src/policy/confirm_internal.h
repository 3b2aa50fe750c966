/* SPDX-License-Identifier: Apache-2.0 */
/* confirm_internal.h — what both halves of the confirmation read out of a collector's counters. */
#ifndef CONFIRM_IMPL_H
#define CONFIRM_IMPL_H

#include "policy/confirm.h"

static inline uint64_t confirm_entered(const struct confirm_counters *n)
{
	uint64_t gone = n->dropped + n->rejected;

	return n->received > gone ? n->received - gone : 0;
}

/* No fewer than had entered when NOW was read. Its own "dropped" may be newer than its "received"; what THEN,
 * the reading before it, says was dropped is older for certain. */
static inline uint64_t confirm_entered_at_most(const struct confirm_counters *now, const struct confirm_counters *then)
{
	return now->received - then->dropped - then->rejected;
}

/* Spans that the store refused after their POST was answered 2xx. */
static inline uint64_t confirm_failed(const struct confirm_counters *n)
{
	return n->failed > n->refused ? n->failed - n->refused : 0;
}

static inline uint64_t confirm_stored(const struct confirm_counters *n)
{
	return n->saved + confirm_failed(n);
}

static inline uint64_t confirm_lost(const struct confirm_counters *n)
{
	return n->dropped + confirm_failed(n);
}

static inline uint64_t confirm_in_queue(const struct confirm_counters *n)
{
	return confirm_entered(n) > confirm_stored(n) ? confirm_entered(n) - confirm_stored(n) : 0;
}

/* confirm_window.c */
/* A window is never smaller than this. */
uint64_t confirm_smallest_window(const struct confirm *c);
/* The window that a process of the collector begins with. */
uint64_t confirm_first_window(const struct confirm *c);
void confirm_set_window(struct confirm *c, uint64_t to);
/* Grows the window when as many spans as it holds were stored without a loss. */
void confirm_grow(struct confirm *c);
/* Sets when the next reading is due after R; c->last is still the reading before it. */
void confirm_next_reading(struct confirm *c, const struct confirm_reading *r);
/* Counts what others sent between the last reading and R. */
void confirm_count_others(struct confirm *c, const struct confirm_reading *r);

#endif
