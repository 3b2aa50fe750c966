/* tempdir.h — a directory of its own for a test, and its end. */
#ifndef TEMPDIR_H
#define TEMPDIR_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TEMPDIR_PATH = 256 };

/* Makes it below $TMPDIR or /tmp; ends the program when it cannot. */
static inline void tempdir_make(char path[TEMPDIR_PATH])
{
	const char *base = getenv("TMPDIR");

	snprintf(path, TEMPDIR_PATH, "%s/spanspool-test-XXXXXX", base != NULL ? base : "/tmp");
	if (mkdtemp(path) == NULL) {
		perror(path);
		exit(99);
	}
}

/* For tests that count calls and do not ask the disk: memory, where there is some. */
static inline void tempdir_prefer_memory(void)
{
	if (getenv("TMPDIR") == NULL && access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
}

static inline int tempdir_remove_one(
        const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void tempdir_remove(const char *path)
{
	nftw(path, tempdir_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
