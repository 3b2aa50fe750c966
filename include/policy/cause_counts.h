/* SPDX-License-Identifier: Apache-2.0 */
/* How many records were refused for each cause. Bounded memory, whatever the causes are. */
#ifndef CAUSE_COUNTS_H
#define CAUSE_COUNTS_H

#include "base/base.h"

enum { CAUSE_COUNTS_MOST = 32, CAUSE_COUNTS_NAME = 32 };

struct cause_count {
	char cause[CAUSE_COUNTS_NAME];
	uint64_t records;
	uint64_t spans;
};

/* All zero is a valid empty one. Causes stand in the order in which they came; those beyond the first
 * CAUSE_COUNTS_MOST - 1 are counted together as "other". */
struct cause_counts {
	struct cause_count at[CAUSE_COUNTS_MOST];
	size_t n;
};

/* One record with SPANS was refused for CAUSE, a word, which is cut after CAUSE_COUNTS_NAME - 1 bytes. */
void cause_counts_add(struct cause_counts *c, const char *cause, uint64_t spans);

#endif
