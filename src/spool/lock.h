/* SPDX-License-Identifier: Apache-2.0 */
/* lock.h — the lock of a spool's directory (private). */
#ifndef LOCK_H
#define LOCK_H

#include "base/err.h"

/* LOCK_ALONE for an agent and for every process that writes to the spool; LOCK_SHARED for readers that need it
 * unchanged. */
enum lock_how { LOCK_ALONE, LOCK_SHARED };

/* Takes the lock of the spool in directory AT; closing *fd releases it. E_LOCKED with a sentence that names the
 * holder. A shared lock writes nothing; without a lock file no agent runs, and *fd is -1. */
int lock_take(int at, enum lock_how how, int *fd, struct why *why) MUST_USE;

/* Process id of the holder; 0: none. Does not take the lock. */
long lock_holder(int at);

#endif
