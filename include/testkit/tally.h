/* SPDX-License-Identifier: Apache-2.0 */
/* Counts numbered spans: which were sent, which arrived, how often. */
#ifndef TALLY_H
#define TALLY_H

#include "base/err.h"

/* Pure. Takes a byte of memory per span number, up to the highest sent. */
struct tally;

struct tally_count {
	uint64_t sent;
	uint64_t stored;     /* numbers that arrived at least once */
	uint64_t missing;    /* sent but never arrived */
	uint64_t duplicates; /* arrivals beyond the first */
};

int tally_open(struct tally **out, uint64_t run) MUST_USE;
void tally_free(struct tally *t);

/* Records COUNT spans from FIRST on as sent. E_NOMEM: none was recorded. */
int tally_sent(struct tally *t, uint64_t first, uint64_t count) MUST_USE;
/* Takes them back, because they were refused. Numbers that were never recorded are ignored. */
void tally_unsent(struct tally *t, uint64_t first, uint64_t count);
/* Records the arrival of the span with this trace id. */
void tally_stored(struct tally *t, uint64_t trace_high, uint64_t trace_low);

/* The counts of the numbers in [FIRST, END). */
struct tally_count tally_range(const struct tally *t, uint64_t first, uint64_t end);
/* The counts of all numbers; O(1). */
struct tally_count tally_total(const struct tally *t);
/* Arrivals of another run, or of numbers that were not sent. */
uint64_t tally_strays(const struct tally *t);

/* The first number in [FIRST, END) that is missing; END when none is. */
uint64_t tally_first_missing(const struct tally *t, uint64_t first, uint64_t end);

#endif
