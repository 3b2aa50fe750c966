/* SPDX-License-Identifier: Apache-2.0 */
/* spool_history.h — one run of a spool with everything in it, and what must be true after it, wherever it
 * was cut short. */
#ifndef SPOOL_HISTORY_H
#define SPOOL_HISTORY_H

#include "spool_fixture.h"

/* What a run was told, in memory that outlives it. Sequence and position are the same here. */
struct spool_fixture_told {
	uint64_t tried;     /* batches up to this one were handed over */
	uint64_t durable;   /* and up to this one reported durable */
	uint64_t resolving; /* the cursor that was asked for last */
	uint64_t resolved;  /* and that was reported durable */
	uint64_t refused;   /* batches that were not put */
	bool opened;
	bool quarantined;
	bool done;
};
/* One run with everything in it: start, turns over several segments, reading, delivery,
 * unlinking, a quarantined record, stop. Ends early when it cannot open. */
void spool_fixture_history(struct spool_fixture *k, struct spool_fixture_told *told);
/* Opens what a run left, and asks that all it was told is true. NULL, or what is not. */
const char *spool_fixture_check(struct spool_fixture *k, const struct spool_fixture_told *told);

#endif
