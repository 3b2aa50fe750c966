/* SPDX-License-Identifier: Apache-2.0 */
/* Mends a spool that nobody uses. Nothing is deleted: what is damaged goes into quarantine/. */
#ifndef SPOOL_REPAIR_H
#define SPOOL_REPAIR_H

#include "spool/inspect.h"

/* All want a look that was opened with SPOOL_INSPECT_ALONE, and end its way through. A crash in
 * between leaves every intact record where the next start finds it; mending again finishes it. */

/* To be asked before anything is planned. 0, or a sentence that names the segment that may not be opened, for
 * what it is or whose it is: its records can be whole, so a mend would lose them. */
int spool_repair_check(const struct spool_inspect *l, struct why *why) MUST_USE;

/* Every segment that is misnamed gets the name that its head says. First of all: names are what the others
 * go by. */
int spool_repair_names(struct spool_inspect *l, struct why *why) MUST_USE;

/* The state as it is seen goes into each slot of the state file that is not whole; what was there goes
 * into quarantine/. */
int spool_repair_state(struct spool_inspect *l, struct why *why) MUST_USE;

/* Segment I goes into quarantine/ whole; refused as by spool_repair_check. */
int spool_set_aside(struct spool_inspect *l, size_t i, struct why *why) MUST_USE;

/* What is intact of segment I and waits is written anew, at the positions that it has, then the
 * segment goes into quarantine/. Of what is lost nothing is said here: the agent counts it when it
 * comes to it. *records were written. E_FULL: there is no room for the copy, nothing was changed. */
int spool_rewrite(struct spool_inspect *l, size_t i, uint64_t *records, struct why *why) MUST_USE;

#endif
