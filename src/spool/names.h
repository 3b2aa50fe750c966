/* SPDX-License-Identifier: Apache-2.0 */
/* names.h — corrects segments whose directory names were mixed up, as by copying a spool by hand (private). The
 * head of each segment says with which position it begins. */
#ifndef NAMES_H
#define NAMES_H

#include "format.h"
#include "segments.h"

/* Reads the head of every segment and sets FIRST of each to what its head says, unless another segment has a
 * better claim to that position; sorts the list by FIRST. A damaged head, or one of another spool, is ignored.
 * OURS has the key of the spool; when it is unknown (spool 0) it is set to the key of most heads. *ALL: no head
 * remains that may be readable later. Returns the number of segments whose head and name differ, or E_NOMEM. */
int names_learn(struct segments *l, int at, struct spool_id *ours, bool *all) MUST_USE;

/* Renames every segment to the name of its FIRST, durably. A directory that has such a name and is no segment of
 * the list goes to quarantine/. 0, or the first error; segments that keep a wrong name are still read correctly. */
int names_write(struct segments *l, int at) MUST_USE;

#endif
