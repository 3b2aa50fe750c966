/* SPDX-License-Identifier: Apache-2.0 */
/* names.h — segments that have one another's names (private). Whoever copies a spool by hand mixes them
 * up; each head says with which position its segment begins. */
#ifndef NAMES_H
#define NAMES_H

#include "format.h"
#include "segments.h"

/* Reads the head of every segment; one that does not hold, or is another spool's, says nothing. FIRST is
 * what the head says from now on, where no other segment begins there by right, and the list is in that
 * order. OURS has the key of the heads that count; where it is not known (spool 0) it becomes that of most
 * of them. *ALL says whether every head was read, or can never be. Gives how many heads and names differ, or
 * E_NOMEM. */
int names_learn(struct segments *l, int at, struct spool_id *ours, bool *all) MUST_USE;

/* Gives every segment the name that says where it begins; what is in the way and no segment goes into
 * quarantine/. Durable. 0, or why some have not got it, which changes nothing of what they hold. */
int names_write(struct segments *l, int at) MUST_USE;

#endif
