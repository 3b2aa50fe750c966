/* campaign.h — what the campaigns on whole agents share: their two options, progress, and a skip that CI
 * does not take for a pass. */
#ifndef CAMPAIGN_H
#define CAMPAIGN_H

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "tap.h"

struct campaign {
	unsigned seed, count;
};

static inline struct campaign campaign_options(int argc, char **argv, unsigned count)
{
	struct campaign c = { 1, count };

	for (int i = 1; i + 1 < argc; i += 2) {
		unsigned n = (unsigned)strtoul(argv[i + 1], NULL, 10);

		if (strcmp(argv[i], "--seed") == 0)
			c.seed = n;
		else if (strcmp(argv[i], "--count") == 0)
			c.count = n;
	}
	return c;
}

static inline void campaign_progress(const struct campaign *c, unsigned seed)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%u of %u ", seed - c->seed, c->count);
}

static inline void campaign_bail(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(99);
}

static inline bool campaign_is_ci(void)
{
	const char *ci = getenv("CI");

	return ci != NULL && strcmp(ci, "true") == 0;
}

/* One part cannot run here. */
static inline void campaign_skip(const char *why)
{
	if (campaign_is_ci())
		ok(false, "nothing is skipped in CI: %s", why);
	else
		printf("ok %d - # SKIP %s\n", ++tap_count, why);
}

/* None of it can. */
static inline int campaign_skip_all(const char *why)
{
	if (!campaign_is_ci()) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	campaign_skip(why);
	return tap_done();
}

#endif
