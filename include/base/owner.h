/* SPDX-License-Identifier: Apache-2.0 */
/* Whose a directory is, and working in it as that user, so that root leaves nothing there that
 * its owner cannot use. */
#ifndef OWNER_H
#define OWNER_H

#include <sys/types.h>

#include "base/err.h"

/* The user who works in a directory, and the directory's group. */
struct owner {
	uid_t uid;
	gid_t gid;
};

/* Finds the owner of directory DIR (a descriptor). A directory of root that others may write to, as a
 * volume with a group of its own, belongs to the owner of regular file NAME in it, where there is one;
 * NAME may be NULL. 0, or an error of fstat. */
int owner_find(int dir, const char *name, struct owner *to) MUST_USE;

/* Root takes the user and the group of OWNER for all threads; *entered says whether it had to: the
 * effective user is root and the owner is not. 0, or an error with a sentence; then nothing has changed.
 * There is one such change at a time. */
int owner_enter(const struct owner *owner, bool *entered, struct why *why) MUST_USE;
/* Takes back what owner_enter changed. */
void owner_leave(void);

/* For what is not the owner's while owner_enter lasts: the process is root again from owner_pause to
 * owner_resume. Both keep errno, and do nothing when root has entered nothing. */
void owner_pause(void);
void owner_resume(void);

/* A process that keeps running must not be root where another user owns the directory. E_DENIED with a
 * sentence that says so, and what to do; else 0. */
int owner_refuse_root(int dir, const char *name, struct why *why) MUST_USE;

enum { OWNER_NAME = 64 };
/* "spanspool (uid 995)". */
const char *owner_name(uid_t uid, char to[OWNER_NAME]);

#endif
