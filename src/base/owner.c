/* SPDX-License-Identifier: Apache-2.0 */
/* owner.c — changes the effective user and group to a directory's owner. The saved user id stays root, so the
 * change can be undone; the kernel drops and restores root's capabilities with it. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/owner.h"

/* State for undoing owner_enter. */
static struct {
	bool entered;
	struct owner to;
	gid_t gid;
	gid_t *groups;
	int ngroups;
} saved;

/* A volume may belong to root and be writable by a group; then the owner of file NAME counts. */
int owner_find(int dir, const char *name, struct owner *to)
{
	struct stat st, file;

	if (fstat(dir, &st) < 0)
		return err_from_errno(errno);
	*to = (struct owner){ st.st_uid, st.st_gid };
	if (st.st_uid == 0 && (st.st_mode & (S_IWGRP | S_IWOTH)) != 0 && name != NULL &&
	        fstatat(dir, name, &file, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(file.st_mode))
		to->uid = file.st_uid;
	return 0;
}

const char *owner_name(uid_t uid, char to[OWNER_NAME])
{
	const struct passwd *pw = getpwuid(uid);

	if (pw != NULL)
		snprintf(to, OWNER_NAME, "%.40s (uid %u)", pw->pw_name, (unsigned)uid);
	else
		snprintf(to, OWNER_NAME, "uid %u", (unsigned)uid);
	return to;
}

static int save_groups(void)
{
	saved.ngroups = getgroups(0, NULL);
	saved.groups = calloc((size_t)saved.ngroups + 1, sizeof(*saved.groups));
	if (saved.groups == NULL)
		return -1;
	saved.gid = getegid();
	return getgroups(saved.ngroups, saved.groups) == saved.ngroups ? 0 : -1;
}

/* The user is changed last: without root the process cannot change its groups. */
static int become_owner(void)
{
	if (setgroups(1, &saved.to.gid) < 0 || setegid(saved.to.gid) < 0)
		return -1;
	return seteuid(saved.to.uid);
}

/* Makes the process root again. When a call fails, the process still runs as the owner of the directory, with fewer rights
 * than root: the caller's next system call then fails by itself, so this function reports no error. */
static void become_root(void)
{
	if (seteuid(0) == 0 && setegid(saved.gid) == 0)
		(void)!setgroups((size_t)saved.ngroups, saved.groups);
}

int owner_enter(const struct owner *owner, bool *entered, struct why *why)
{
	char name[OWNER_NAME];
	int failed;

	*entered = false;
	if (geteuid() != 0 || owner->uid == 0)
		return 0;
	saved.to = *owner;
	if (save_groups() == 0 && become_owner() == 0) {
		*entered = saved.entered = true;
		return 0;
	}
	failed = errno;
	become_root();
	free(saved.groups);
	saved.groups = NULL;
	return why_set(why, err_from_errno(failed), "cannot work as its owner, %s: %s; run this as that user",
	        owner_name(owner->uid, name), strerror(failed));
}

void owner_leave(void)
{
	if (!saved.entered)
		return;
	become_root();
	saved.entered = false;
	free(saved.groups);
	saved.groups = NULL;
}

/* Root again, for work outside the owner's directory (spool_outlet.c, disk_open.c). */
void owner_pause(void)
{
	int saved_errno = errno;

	if (saved.entered)
		become_root();
	errno = saved_errno;
}

void owner_resume(void)
{
	int saved_errno = errno;

	/* owner_enter did the same successfully. Continuing as root would create files that the owner cannot use. */
	if (saved.entered && become_owner() < 0)
		abort();
	errno = saved_errno;
}

/* For a daemon, which must not run as root in another user's directory. */
int owner_refuse_root(int dir, const char *name, struct why *why)
{
	char text[OWNER_NAME];
	struct owner owner;
	int rc = owner_find(dir, name, &owner);

	if (rc < 0)
		return why_set(why, rc, "cannot tell its owner: %s", strerror(errno));
	if (geteuid() != 0 || owner.uid == 0)
		return 0;
	return why_set(why, E_DENIED,
	        "it belongs to %s, who could not use files that root makes there; run this as that "
	        "user, or give the directory and all in it to root",
	        owner_name(owner.uid, text));
}
