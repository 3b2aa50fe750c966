/* SPDX-License-Identifier: Apache-2.0 */
/* location.c — detects that a start would not find this spool.
 *
 * The spool's directory can be moved, deleted or covered by a mount while its files are open. The open files
 * still work then, but the next process finds another spool at that path, or none. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "spool_internal.h"

/* True when PATH below AT is missing or another file than FD. Other errors count as the same file. */
static bool is_other(int at, const char *path, int fd, int flags)
{
	struct stat there, open;

	if (fstat(fd, &open) < 0)
		return false;
	if (fstatat(at, path, &there, flags) < 0)
		return errno == ENOENT || errno == ENOTDIR;
	return there.st_dev != open.st_dev || there.st_ino != open.st_ino;
}

bool location_is_lost(const struct spool *s)
{
	return is_other(AT_FDCWD, s->opts.directory, s->dir, 0) ||
	       is_other(s->dir, "lock", s->lock, AT_SYMLINK_NOFOLLOW) ||
	       is_other(s->dir, "state", s->file.fd, AT_SYMLINK_NOFOLLOW);
}
