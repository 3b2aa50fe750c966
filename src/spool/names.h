/* names.h — segments that have one another's names (private). Whoever copies a spool by hand mixes them
 * up; each head says with which position its segment begins. */
#ifndef NAMES_H
#define NAMES_H

#include "segments.h"

/* Looks at the head of every segment. Where it says something else than the name, and no other has that
 * name by right, it is believed: FIRST is what it says, and the list is in that order again. Gives how
 * many names are wrong then, or an error: not all heads could be read, and nothing is changed. SPOOL is
 * the one whose heads count. */
int names_learn(struct segments *l, int at, uint64_t spool) MUST_USE;
/* Gives every segment the name that it should have. Durable. On an error those that did not get it are
 * what their names say. */
int names_write(struct segments *l, int at) MUST_USE;

#endif
