/* SPDX-License-Identifier: Apache-2.0 */
/* Decides how much memory an exporter leaves to batches that fail each time while the collector takes others. Pure
 * functions. */
#ifndef FAILING_H
#define FAILING_H

#include "base/base.h"

/* A batch fails when it was answered FAILING_TIMES times or more with a failure that says nothing of the batch
 * (RESPONSE_RETRY), and failing_counts. It is neither lost nor called bad (response_stuck may do that after a minute), so
 * it is kept; without a bound such batches would fill the memory in the end, and no other could enter. */
enum { FAILING_TIMES = 2 };

/* True when a batch that failed may be the cause itself: OTHERS_PASS, a collector took one since the batch failed first.
 * While none was taken the collector may fail, and all that waits with it; but when the memory is nearly full of what
 * waits (HELD of MOST bytes), the only way to find out is to let others in. */
bool failing_counts(bool others_pass, uint64_t held, uint64_t most);

/* Memory of an exporter, in bytes. */
struct failing_load {
	uint64_t batches; /* that fail */
	uint64_t bytes;   /* of these */
	uint64_t held;    /* of all batches, these included */
	uint64_t most;    /* the bound of "held" */
	uint64_t share; /* the bound of "bytes"; 0: none, because the owner could not keep a batch that is given back */
	uint64_t lasted_us; /* since the first failure of the batch that has failed longest */
};

/* How many bytes of failing batches the exporter must give back to their owner, which stores them and offers them again
 * later: those above share. 0: none. */
uint64_t failing_excess(const struct failing_load *l);

/* The level that health reports. Batches that have failed for less than FAILING_S seconds are not reported, because most
 * such failures end by themselves. */
enum { FAILING_S = 30 };
enum failing_level {
	FAILING_NONE,
	FAILING_SOME, /* others are delivered beside them */
	FAILING_ALL,  /* they take nearly all of the memory: nothing new enters */
};
enum failing_level failing_level(const struct failing_load *l);

#endif
