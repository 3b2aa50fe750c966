/* SPDX-License-Identifier: Apache-2.0 */
/* A board on which each part posts how it is, in a word and a sentence. */
#ifndef HEALTH_H
#define HEALTH_H

#include "base/base.h"

enum health_level { HEALTH_OK, HEALTH_WARN, HEALTH_DOWN };

enum { HEALTH_PARTS = 16, HEALTH_SENTENCE = 384 };

struct health_part {
	const char *name;
	enum health_level level;
	uint64_t since_ms; /* wall clock of the last change of level */
	char sentence[HEALTH_SENTENCE];
};

struct health {
	struct health_part parts[HEALTH_PARTS];
	size_t nparts;
	bool serving;              /* the ports are open and the stop has not begun */
	uint64_t serving_since_ms; /* wall clock, and monotonic, of the moment serving became true */
	uint64_t serving_since_us;
};

/* Posts; a change of level is logged once, the sentence with it. NAME is kept by address. */
void health_post(struct health *h, const char *name, enum health_level level, const char *fmt, ...) PRINTF(4, 5);

/* The same for a change that the log has heard of already. */
void health_post_known(struct health *h, const char *name, enum health_level level, const char *fmt, ...) PRINTF(4, 5);

/* The level that a part begins with, which is no change and is not logged. */
void health_begin(struct health *h, const char *name, enum health_level level, const char *fmt, ...) PRINTF(4, 5);

/* Replaces the sentence of part NAME while that part is HEALTH_OK, for figures that are true now. Does nothing
 * to a part that is not, or that does not exist. */
void health_note(struct health *h, const char *name, const char *fmt, ...) PRINTF(3, 4);

/* The ports are open, or the stop has begun. */
void health_serve(struct health *h, bool serving);

/* The worst level on the board. */
enum health_level health_worst(const struct health *h);

/* "ok", "warn", "down". */
const char *health_word(enum health_level level);

#endif
