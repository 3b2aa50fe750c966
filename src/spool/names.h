/* names.h — segments that have one another's names (private). Whoever copies a spool by hand mixes them
 * up; each head says with which position its segment begins. */
#ifndef NAMES_H
#define NAMES_H

#include "segments.h"

/* Looks at the head of every segment; one that cannot be read says nothing. FIRST is what the head says
 * from now on, where no other segment begins there by right, and the list is in that order. SPOOL is the one
 * whose heads count; 0: that of most of them, and it is set. Gives how many heads and names differ, or
 * E_NOMEM. */
int names_learn(struct segments *l, int at, uint64_t *spool) MUST_USE;

/* Gives every segment the name that says where it begins; what is in the way and no segment goes into
 * quarantine/. Durable. 0, or why some have not got it, which changes nothing of what they hold. */
int names_write(struct segments *l, int at) MUST_USE;

#endif
