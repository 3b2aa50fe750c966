/* SPDX-License-Identifier: Apache-2.0 */
/* location.c — whether a start would find this spool again.
 *
 * A directory can be moved, deleted or covered by a mount while its files are open. All is written and read as
 * before then, but the next process finds another spool at that path, or none. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "spool_internal.h"

/* True when PATH below AT is another file than FD, or none. What cannot be told counts as the same. */
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
