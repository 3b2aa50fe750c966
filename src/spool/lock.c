/* SPDX-License-Identifier: Apache-2.0 */
/* lock.c — an flock on the file "lock", which contains the holder's process id as text. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "disk.h"
#include "lock.h"
#include "base/log.h"

/* Reads the process id from the lock file; 0: it has none. */
static long read_pid(int fd)
{
	char text[32] = "";
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return strtol(text, NULL, 10);
}

/* The id is only for messages, so an error, as of a full disk, does not stop a start. */
static void write_pid(int fd)
{
	char pid[32];
	int n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());

	if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, (size_t)n, 0) < 0)
		log_debug("spool: the lock file could not be written");
}

/* Finds the holder in /proc/locks. A line is "1: FLOCK ADVISORY WRITE 4187 fe:00:10027287 0 EOF". Some file
 * systems show another device number there than stat does; then the line counts only if its process is NOTED. */
static long holder_in(FILE *locks, const struct stat *st, long noted)
{
	char kind[16], line[256];
	unsigned long inode;
	unsigned major, minor;
	long pid;

	while (fgets(line, sizeof(line), locks) != NULL) {
		if (sscanf(line, "%*s %15s %*s %*s %ld %x:%x:%lu", kind, &pid, &major, &minor, &inode) != 5 ||
		        strcmp(kind, "FLOCK") != 0 || inode != st->st_ino)
			continue;
		if ((major == major(st->st_dev) && minor == minor(st->st_dev)) || pid == noted)
			return pid;
	}
	return 0;
}

/* Process that holds a lock on FD; 0: unknown. */
static long holder_of(int fd)
{
	long pid = 0, noted = read_pid(fd);
	FILE *locks = fopen("/proc/locks", "re");
	struct stat st;

	if (locks != NULL && fstat(fd, &st) == 0)
		pid = holder_in(locks, &st, noted);
	else if (noted > 0 && (kill((pid_t)noted, 0) == 0 || errno == EPERM))
		pid = noted; /* /proc/locks cannot be read */
	if (locks != NULL)
		fclose(locks);
	return pid;
}

/* A reader writes no process id, so the one in the file is used only if /proc/locks names no holder. */
static int explain_locked(int fd, struct why *why)
{
	long holder = holder_of(fd), pid = holder > 0 ? holder : read_pid(fd);

	if (pid <= 0)
		return why_set(why, E_LOCKED, "another process uses it");
	return why_set(why, E_LOCKED, "process %ld uses it; one spool takes one agent", pid);
}

int lock_take(int at, enum lock_how how, int *fd, struct why *why)
{
	bool shared = how == LOCK_SHARED;

	*fd = disk_open(at, "lock", shared ? O_RDONLY : O_RDWR | O_CREAT);
	if (*fd < 0 && errno == ENOENT && shared)
		return 0; /* an agent creates it first of all, so none is running */
	if (*fd < 0)
		return disk_explain(at, "lock", err_from_errno(errno), strerror(errno), why);
	if (flock(*fd, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) < 0) {
		int rc = errno == EWOULDBLOCK ? explain_locked(*fd, why)
		                              : why_set(why, err_from_errno(errno), "lock: %s", strerror(errno));

		close(*fd);
		*fd = -1;
		return rc;
	}
	if (!shared)
		write_pid(*fd);
	return 0;
}

long lock_holder(int at)
{
	int fd = disk_open(at, "lock", O_RDONLY);
	long pid;

	if (fd < 0)
		return 0;
	pid = holder_of(fd);
	close(fd);
	return pid;
}
