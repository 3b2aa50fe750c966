/* SPDX-License-Identifier: Apache-2.0 */
/* A directory for one run, gone afterwards. */
#ifndef WORKDIR_H
#define WORKDIR_H

#include "base/err.h"

/* Gives the path (free), below $TMPDIR or /tmp, readable for this user alone. */
int workdir_make(char **path, const char *name, struct why *why) MUST_USE;

/* Takes away PATH and all below it, without following links. Best effort. */
void workdir_remove(const char *path);

#endif
