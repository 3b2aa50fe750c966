/* lab: a directory for one run, gone afterwards. */
#ifndef TEMPDIR_H
#define TEMPDIR_H

#include "err.h"

/* Gives the path (free), below $TMPDIR or /tmp, readable for this user alone. */
int tempdir_make(char **path, const char *name, struct why *why) MUST_USE;

/* Takes away PATH and all below it, without following links. Best effort. */
void tempdir_remove(const char *path);

#endif
