/* SPDX-License-Identifier: Apache-2.0 */
/* hostile.h — batches whose bytes want to pass for the spool's own: whole records, heads and states, and
 * pages of LMDB with such in them. */
#ifndef HOSTILE_H
#define HOSTILE_H

#include "format.h"

/* Where the frames say that they belong. */
enum hostile_aim {
	HOSTILE_INSIDE, /* at positions that the spool has */
	HOSTILE_BEYOND, /* far behind its end */
};

/* A pattern for a kit's batches, sealed with KEY. Gives its length; the bytes are the caller's to free. */
size_t hostile_pattern(uint8_t **bytes, const struct key *key, enum hostile_aim aim);
/* The key of the spool in DIRECTORY, for what has been copied out of it: nobody who only sends spans has it. */
struct key hostile_steal(const char *directory);

#endif
