/* SPDX-License-Identifier: Apache-2.0 */
/* The health of each part of the process: a level and a reason. */
#ifndef HEALTH_H
#define HEALTH_H

#include "base/base.h"

enum health_level { HEALTH_OK, HEALTH_WARN, HEALTH_DOWN };

enum { HEALTH_PARTS = 16, HEALTH_SENTENCE = 384 };

struct health_part {
	const char *name;
	enum health_level level;
	uint64_t since_ms; /* wall clock time of the last change of level */
	char sentence[HEALTH_SENTENCE];
};

struct health {
	struct health_part parts[HEALTH_PARTS];
	size_t nparts;
	bool serving;              /* the ports are open and no stop has begun */
	uint64_t serving_since_ms; /* when serving became true, wall clock and monotonic */
	uint64_t serving_since_us;
};

/* Sets level and reason of part NAME, whose pointer is kept; logs the reason when the level changes. */
void health_post(struct health *h, const char *name, enum health_level level, const char *fmt, ...) PRINTF(4, 5);

/* health_post() without a log line, for a change that was logged already. */
void health_post_known(struct health *h, const char *name, enum health_level level, const char *fmt, ...) PRINTF(4, 5);

/* Sets the initial level of a part, which is not logged. */
void health_begin(struct health *h, const char *name, enum health_level level, const char *fmt, ...) PRINTF(4, 5);

/* Updates the reason of part NAME, as for figures, if the part exists and is HEALTH_OK. */
void health_note(struct health *h, const char *name, const char *fmt, ...) PRINTF(3, 4);

/* Sets SERVING: the ports are open; or no longer: a stop has begun. */
void health_serve(struct health *h, bool serving);

/* Appends the first part of the worst level and its reason to the text TO, unless every part is HEALTH_OK:
 * "; down: spool: no space left on device". Cut at CAP bytes. */
void health_add_worst(const struct health *h, char *to, size_t cap);

/* The worst level of all parts. */
enum health_level health_worst(const struct health *h);

/* "ok", "warn", "down". */
const char *health_word(enum health_level level);

#endif
