/* SPDX-License-Identifier: Apache-2.0 */
/* A temporary directory for one run. */
#ifndef WORKDIR_H
#define WORKDIR_H

#include "base/err.h"

/* Creates a directory below $TMPDIR or /tmp with mode 0700; *PATH is the caller's to free. */
int workdir_make(char **path, const char *name, struct why *why) MUST_USE;

/* Removes PATH and everything below it, without following links. Best effort. */
void workdir_remove(const char *path);

#endif
