/* SPDX-License-Identifier: Apache-2.0 */
/* rounds.h — what the campaigns on whole agents share: their two options, progress, and a skip that CI
 * does not take for a pass. */
#ifndef ROUNDS_H
#define ROUNDS_H

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "tap.h"

struct rounds {
	unsigned seed, count;
};

static inline struct rounds rounds_options(int argc, char **argv, unsigned count)
{
	struct rounds c = { 1, count };

	for (int i = 1; i + 1 < argc; i += 2) {
		unsigned n = (unsigned)strtoul(argv[i + 1], NULL, 10);

		if (strcmp(argv[i], "--seed") == 0)
			c.seed = n;
		else if (strcmp(argv[i], "--count") == 0)
			c.count = n;
	}
	return c;
}

static inline void rounds_progress(const struct rounds *c, unsigned seed)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%u of %u ", seed - c->seed, c->count);
}

static inline void rounds_bail(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(99);
}

static inline bool rounds_is_ci(void)
{
	const char *ci = getenv("CI");

	return ci != NULL && strcmp(ci, "true") == 0;
}

/* One part cannot run here. */
static inline void rounds_skip(const char *why)
{
	if (rounds_is_ci())
		ok(false, "nothing is skipped in CI: %s", why);
	else
		printf("ok %d - # SKIP %s\n", ++tap_count, why);
}

/* None of it can. */
static inline int rounds_skip_all(const char *why)
{
	if (!rounds_is_ci()) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	rounds_skip(why);
	return tap_done();
}

#endif
