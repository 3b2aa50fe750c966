/* SPDX-License-Identifier: Apache-2.0 */
/* Repairs a spool that no process uses. Nothing is deleted: damaged files are moved to quarantine/. */
#ifndef SPOOL_REPAIR_H
#define SPOOL_REPAIR_H

#include "spool/inspect.h"

/* Each function takes an inspection that was opened with SPOOL_INSPECT_ALONE, and resets its iteration. If a
 * repair crashes, the next start finds every intact record, and a second repair completes the first. */

/* Call this first. 0, or a sentence that names a segment that may not be opened (a link, another owner, or no
 * free descriptor). Its records may be intact, and a repair would lose them. */
int spool_repair_check(const struct spool_inspect *in, struct why *why) MUST_USE;

/* Writes the inspected state into each slot of the state file that is not intact; a copy of the old file goes to
 * quarantine/. */
int spool_repair_state(struct spool_inspect *in, struct why *why) MUST_USE;

/* Moves segment I to quarantine/. Refuses what spool_repair_check refuses. */
int spool_quarantine_segment(struct spool_inspect *in, size_t i, struct why *why) MUST_USE;

/* Copies the intact records of segment I, from the cursor on, to new segments at the same positions, then moves
 * segment I to quarantine/. Does not count lost positions: the agent counts them when it reads the range.
 * *records is the number copied. E_FULL: there is no room for the copy, nothing was changed. */
int spool_rewrite(struct spool_inspect *in, size_t i, uint64_t *records, struct why *why) MUST_USE;

#endif
