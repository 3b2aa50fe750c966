/* SPDX-License-Identifier: Apache-2.0 */
/* damage.h — one thing that is wrong with a spool, and which of its records are intact after it. */
#ifndef DAMAGE_H
#define DAMAGE_H

#include "image.h"

enum { DAMAGE_WORDS = 160 };

/* What was done. */
struct damage {
	bool state; /* the state file was touched */
	bool names; /* nothing but names of segments */
	char words[DAMAGE_WORDS];
};

/* Does to M what *seed says; segments of another spool come from OTHER. */
struct damage damage_do(struct image *m, const struct image *other, uint64_t *seed);

/* A page of zeros in a batch that has pages of its own. FIRST: the one that says whose they are, and the
 * segment's first as well, so that its tree does not hold; else another one. */
struct damage damage_batch(struct image *m, bool first, uint64_t *seed);

/* Where the bytes of each record of a spool are: header and batch, by position. */
struct damage_record {
	const uint8_t *bytes;
	size_t len;
};

/* Says whether it is one, and not the rest of an old copy. */
typedef bool damage_is_whole(void *arg, uint64_t position, const struct damage_record *r);
/* The records in M, whose bytes stay M's, below position N. */
void damage_find(const struct image *m, struct damage_record *records, size_t n, damage_is_whole *is_whole, void *arg);
/* Sets intact[position] for each of RECORDS that stands whole in M where it belongs: in the segment
 * that WHOLE has it in. */
void damage_intact(
        const struct image *m, const struct image *whole, const struct damage_record *records, bool *intact, size_t n);

#endif
