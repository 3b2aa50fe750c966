/* SPDX-License-Identifier: Apache-2.0 */
/* disk_open.c — opens all files of the spool. The operator chooses the spool's directory. Below it, no symbolic
 * link is followed, and a file must have one name and belong to this user or to the directory's owner; so nothing
 * in the directory can lead to a file outside it. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk.h"
#include "base/owner.h"

int disk_open_spool(const char *path)
{
	int fd;

	owner_pause();
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	owner_resume();
	return fd;
}

static bool is_link(int at, const char *name)
{
	struct stat st;

	return fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
}

static int open_dir(int at, const char *name, int flags)
{
	int fd = openat(at, name, flags | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == ENOTDIR)
		errno = is_link(at, name) ? ELOOP : ENOTDIR;
	return fd;
}

int disk_open_dir(int at, const char *name)
{
	return open_dir(at, name, O_RDONLY);
}

/* Checks that FD is an acceptable file of the spool in directory AT. Returns 0 or an errno value. */
static int check_file(int fd, int at)
{
	struct stat st, dir;

	if (fstat(fd, &st) < 0)
		return errno;
	if (!S_ISREG(st.st_mode))
		return EMEDIUMTYPE;
	if (st.st_nlink > 1) /* 0: a running agent has just unlinked it */
		return EMLINK;
	if (st.st_uid == geteuid())
		return 0;
	if (fstat(at, &dir) < 0)
		return errno;
	return st.st_uid == dir.st_uid ? 0 : EPERM;
}

/* Opens NAME, which has no slash. O_TRUNC is applied after the checks, so that a refused file is unchanged. */
static int open_file(int at, const char *name, int flags)
{
	int safe = (flags & ~O_TRUNC) | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	int fd = openat(at, name, safe, 0600), failed;

	if (fd < 0)
		return -1;
	failed = check_file(fd, at);
	if (failed == 0 && (flags & O_TRUNC) != 0 && ftruncate(fd, 0) < 0)
		failed = errno;
	if (failed == 0)
		return fd;
	close(fd);
	errno = failed;
	return -1;
}

int disk_open(int at, const char *path, int flags)
{
	const char *slash = strchr(path, '/');
	char name[NAME_MAX + 1];
	int dir, fd, failed;

	if (slash == NULL)
		return open_file(at, path, flags);
	snprintf(name, sizeof(name), "%.*s", (int)(slash - path), path);
	dir = open_dir(at, name, O_PATH);
	if (dir < 0)
		return -1;
	fd = disk_open(dir, slash + 1, flags);
	failed = errno;
	close(dir);
	errno = failed;
	return fd;
}

/* Sets TO to the shortest leading part of PATH that is a symbolic link, or to PATH. */
static void find_link(int at, const char *path, char to[PATH_MAX])
{
	snprintf(to, PATH_MAX, "%s", path);
	for (char *slash = strchr(to, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (is_link(at, to))
			return;
		*slash = '/';
	}
}

int disk_explain(int at, const char *path, int rc, const char *otherwise, struct why *why)
{
	char part[PATH_MAX], its[OWNER_NAME], ours[OWNER_NAME];
	struct stat st, dir;

	find_link(at, path, part);
	if (rc != E_LINK && rc != E_DENIED && rc != E_CORRUPT)
		return why_set(why, rc, "%s: %s", path, otherwise);
	if (fstatat(at, part, &st, AT_SYMLINK_NOFOLLOW) < 0 || fstat(at, &dir) < 0)
		return why_set(why, rc, "%s: %s", path, otherwise);
	if (S_ISLNK(st.st_mode))
		return why_set(why, rc,
		        "%s is a symbolic link, and only the spool's directory itself may be one: "
		        "put "
		        "what it points to in its place",
		        part);
	if (S_ISREG(st.st_mode) && st.st_nlink > 1)
		return why_set(why, rc,
		        "%s has %ju names (hard links), so another program may change it: copy it "
		        "to a "
		        "new file, and rename that to %s",
		        part, (uintmax_t)st.st_nlink, part);
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return why_set(why, rc, "%s is not a regular file: move it out of the spool", part);
	if (st.st_uid != geteuid() && rc == E_DENIED)
		return why_set(why, rc, "%s belongs to %s, and the spool is used as %s: chown it to that user", part,
		        owner_name(st.st_uid, its), owner_name(geteuid(), ours));
	return why_set(why, rc, "%s: %s", path, otherwise);
}
