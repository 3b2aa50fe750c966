/* SPDX-License-Identifier: Apache-2.0 */
/* The known name that is nearest to a misspelt one. */
#ifndef SUGGESTION_H
#define SUGGESTION_H

#include "base/base.h"

struct suggestion {
	const char *wrong; /* what was written */
	const char *best;  /* the nearest so far, NULL while none is near enough */
	size_t distance;
};

/* Offers NAME, which is kept by address. Case counts nothing, nor '.', '-' and '_' against each
 * other; the last part of a dotted name written alone is near to the whole. */
void suggestion_consider(struct suggestion *n, const char *name);

#endif
