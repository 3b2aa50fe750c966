/* SPDX-License-Identifier: Apache-2.0 */
/* workdir.c — creates the directory with mkdtemp(), and removes it recursively. */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "testkit/workdir.h"

int workdir_make(char **path, const char *name, struct why *why)
{
	const char *base = getenv("TMPDIR");

	if (base == NULL || base[0] == '\0')
		base = "/tmp";
	if (asprintf(path, "%s/%s.XXXXXX", base, name) < 0)
		return why_set(why, E_NOMEM, "temporary directory");
	if (mkdtemp(*path) != NULL)
		return 0;
	why_set(why, err_from_errno(errno), "%s: %s", *path, strerror(errno));
	free(*path);
	*path = NULL;
	return why->code;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	remove(path);
	return 0;
}

void workdir_remove(const char *path)
{
	nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}
