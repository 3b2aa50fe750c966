/* SPDX-License-Identifier: Apache-2.0 */
/* lock.h — who has a spool (private). */
#ifndef LOCK_H
#define LOCK_H

#include "base/err.h"

/* An agent, and whoever changes a spool, has it alone. Readers that want it at rest share it. */
enum lock_how { LOCK_ALONE, LOCK_SHARED };

/* Takes the lock of the spool in directory AT: *fd holds it until it is closed. E_LOCKED with a
 * sentence that names the holder. A shared lock writes nothing; where there is no file to lock no agent runs, and
 * *fd is -1. */
int lock_take(int at, enum lock_how how, int *fd, struct why *why) MUST_USE;

/* The process that has it; 0: none. A look at it, nothing is taken. */
long lock_holder(int at);

#endif
