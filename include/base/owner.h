/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the owner of a directory, and lets root work as that user, so that root leaves no files there that the
 * owner cannot use. */
#ifndef OWNER_H
#define OWNER_H

#include <sys/types.h>

#include "base/err.h"

/* The user who owns a directory, and the directory's group. */
struct owner {
	uid_t uid;
	gid_t gid;
};

/* Finds the owner of directory DIR (a descriptor). If root owns DIR and its group or others may write to it, as
 * for a volume with a group of its own, the owner is that of regular file NAME in it, if there is one. NAME may
 * be NULL. 0, or an error of fstat. */
int owner_find(int dir, const char *name, struct owner *to) MUST_USE;

/* If the effective user is root and OWNER is not, changes the effective user and group to OWNER for all threads;
 * *entered says whether it did. 0, or an error with a sentence, and nothing is changed. Not to be nested. */
int owner_enter(const struct owner *owner, bool *entered, struct why *why) MUST_USE;
/* Restores what owner_enter changed. */
void owner_leave(void);

/* Between owner_pause and owner_resume the process is root again, for work outside of the owner's directory. Both
 * keep errno, and do nothing unless owner_enter has changed the user. */
void owner_pause(void);
void owner_resume(void);

/* For a daemon, which must not run as root in another user's directory: E_DENIED with a sentence that says what
 * to do; else 0. */
int owner_refuse_root(int dir, const char *name, struct why *why) MUST_USE;

enum { OWNER_NAME = 64 };
/* Formats "spanspool (uid 995)", or "uid 995" without a name; returns TO. */
const char *owner_name(uid_t uid, char to[OWNER_NAME]);

#endif
