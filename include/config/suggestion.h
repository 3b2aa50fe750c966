/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the known name nearest to a misspelt one. */
#ifndef SUGGESTION_H
#define SUGGESTION_H

#include "base/base.h"

struct suggestion {
	const char *wrong; /* the misspelt name */
	const char *best;  /* the nearest so far; NULL while none is near enough */
	size_t distance;
};

/* Considers NAME, whose pointer is kept. Case is ignored, and '.', '-' and '_' are equal. The last part of a dotted
 * name alone is near to the whole name. */
void suggestion_consider(struct suggestion *n, const char *name);

#endif
