/* SPDX-License-Identifier: Apache-2.0 */
/* The count of numbered spans: which were sent, which arrived, how often. */
#ifndef TALLY_H
#define TALLY_H

#include "base/err.h"

/* Pure, and as large as the highest number sent: a byte a span. */
struct tally;

struct tally_count {
	uint64_t sent;
	uint64_t stored;     /* numbers that arrived at least once */
	uint64_t missing;    /* sent, and never arrived */
	uint64_t duplicates; /* arrivals beyond the first */
};

int tally_open(struct tally **out, uint64_t run) MUST_USE;
void tally_free(struct tally *t);

/* COUNT spans from FIRST on went out. E_NOMEM: nothing was noted. */
int tally_sent(struct tally *t, uint64_t first, uint64_t count) MUST_USE;
/* They turned out not to have gone out. Numbers that were never noted are passed over. */
void tally_unsent(struct tally *t, uint64_t first, uint64_t count);
/* A span arrived, under the two halves of its trace id. */
void tally_stored(struct tally *t, uint64_t trace_high, uint64_t trace_low);

/* Of the numbers in [FIRST, END). */
struct tally_count tally_range(const struct tally *t, uint64_t first, uint64_t end);
/* Of all numbers; kept while counting, so it costs nothing to ask. */
struct tally_count tally_total(const struct tally *t);
/* Arrivals of another run, or of numbers that were not sent. */
uint64_t tally_strays(const struct tally *t);

/* The first number in [FIRST, END) that is missing; END when none is. */
uint64_t tally_first_missing(const struct tally *t, uint64_t first, uint64_t end);

#endif
