/* SPDX-License-Identifier: Apache-2.0 */
/* older.c — refuses a spool in which an older version left undelivered batches, and says what to do. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "older.h"

int older_check_tail(int at, bool remove, struct why *why)
{
	struct stat st;

	if (fstatat(at, "tail", &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : why_set(why, err_from_errno(errno), "tail: %s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return 0;
	if (st.st_size > 0)
		return why_set(why, E_OLDER,
		        "tail: version 0.1.0 left %lld bytes of batches in this file; start and "
		        "stop that version once, which moves them into a segment, or move the "
		        "file away to give them up",
		        (long long)st.st_size);
	if (remove && unlinkat(at, "tail", 0) < 0)
		log_debug("spool: the empty file tail of version 0.1.0 cannot be removed: %s", strerror(errno));
	return 0;
}
