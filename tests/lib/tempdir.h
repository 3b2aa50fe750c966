/* SPDX-License-Identifier: Apache-2.0 */
/* tempdir.h — a directory of its own for a test, and its end. */
#ifndef TEMPDIR_H
#define TEMPDIR_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "testkit/workdir.h"

enum { TEMPDIR_PATH = 256 };

/* Makes it below $TMPDIR or /tmp; ends the program when it cannot. */
static inline void tempdir_make(char path[TEMPDIR_PATH])
{
	struct why why;
	char *made;

	if (workdir_make(&made, "spanspool-test", &why) < 0) {
		fprintf(stderr, "%s\n", why.text);
		exit(99);
	}
	snprintf(path, TEMPDIR_PATH, "%s", made);
	free(made);
}

/* For tests that count calls and do not ask the disk: memory, where there is some. */
static inline void tempdir_prefer_memory(void)
{
	if (getenv("TMPDIR") == NULL && access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
}

static inline void tempdir_remove(const char *path)
{
	workdir_remove(path);
}

#endif
