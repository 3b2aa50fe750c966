/* SPDX-License-Identifier: Apache-2.0 */
/* must.h — what a test cannot do without: it ends here when it does not get it. */
#ifndef MUST_H
#define MUST_H

#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"

static inline void bail_out(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(99);
}

static inline void must(int rc, const struct why *why)
{
	if (rc < 0)
		bail_out(why->text);
}

#endif
