/* SPDX-License-Identifier: Apache-2.0 */
/* campaign.h — many trials, several at once, by processes that may die or hang of one: what they found
 * is counted, and a failed one is named by the number under which it can be repeated. */
#ifndef CAMPAIGN_H
#define CAMPAIGN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"

/* As many different trials as are asked for: each is nothing but its seed. */
#define CAMPAIGN_ENDLESS ((uint64_t)UINT32_MAX)

enum { CAMPAIGN_SUMS = 12, CAMPAIGN_FIGURES = 16, CAMPAIGN_TEXT = 400 };

struct campaign {
	const char *name;
	uint64_t seed;    /* --seed N; 1 when it is not given */
	uint64_t count;   /* --count N */
	unsigned jobs;    /* --jobs N */
	uint64_t only;    /* --only N: this trial and no other, and it speaks; UINT64_MAX: all */
	const char *own;  /* the name of an option of its own that takes a word; NULL: it has none */
	const char *word; /* what that was given; else as the campaign has set it */
	unsigned hangs_s; /* a trial that takes longer than this hangs; 0: none does */
	/* The number by which trial I of the whole is repeated, whatever the whole is then. */
	uint64_t (*code)(uint64_t i);
	const char *sums[CAMPAIGN_SUMS]; /* names of what trials add up, NULL at the end */
	char said[CAMPAIGN_TEXT];        /* a sentence about the last run */
};

/* What one trial has to say. */
struct trial {
	uint64_t number; /* its code */
	uint64_t seed;   /* of the campaign and the number */
	bool speaks;     /* it is the only one */
	uint64_t sums[CAMPAIGN_SUMS];
	uint32_t figures_us[CAMPAIGN_FIGURES]; /* times that are worth a percentile */
	size_t nfigures;
	char wrong[CAMPAIGN_TEXT]; /* "" when all promises were kept */
};

/* Takes the command line; exits with 2 on a bad one. COUNT is what is run without --count. */
void campaign_options(struct campaign *c, uint64_t count, int argc, char **argv);

/* The program under test prints only when a single trial runs. */
void campaign_hush(const struct campaign *c);

/* Runs count trials, numbers spread evenly over [0, WHOLE) when that is more, by jobs processes.
 * Prints a line for each that failed, then the sums. True when there was one and none failed. */
bool campaign_run(struct campaign *c, uint64_t whole, void (*run)(struct trial *t, void *arg), void *arg);

/* Notes the first thing that is wrong. */
void trial_wrong(struct trial *t, const char *fmt, ...) PRINTF(2, 3);

void trial_figure(struct trial *t, uint64_t us);

/* A number in [0, N) from *SEED, which moves on. */
uint64_t campaign_roll(uint64_t *seed, uint64_t n);

/* The total of a sum over all trials of the last run. */
uint64_t campaign_sum(const struct campaign *c, unsigned i);

#endif
