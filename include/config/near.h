/* The known name that is nearest to a misspelt one. */
#ifndef NEAR_H
#define NEAR_H

#include "base/base.h"

struct near {
	const char *wrong; /* what was written */
	const char *best;  /* the nearest so far, NULL while none is near enough */
	size_t distance;
};

/* Offers NAME, which is kept by address. Case counts nothing, nor '.', '-' and '_' against each
 * other; the last part of a dotted name written alone is near to the whole. */
void near_offer(struct near *n, const char *name);

#endif
