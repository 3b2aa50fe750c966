/* cases.h — many small cases by number, in child processes: one that dies or hangs is a failure with
 * its number, and the campaign goes on behind it. */
#ifndef CASES_H
#define CASES_H

#include <stdint.h>

#include "base.h"

enum { CASES_SUMS = 8, CASES_TEXT = 400 };

struct cases {
	uint64_t seed;                 /* --seed N: the number of the first case */
	uint64_t count;                /* --count N */
	const char *plant;             /* --plant NAME: the bug that is put in; NULL: none */
	const char *names[CASES_SUMS]; /* of the sums, NULL behind the last */
	uint64_t sums[CASES_SUMS];     /* over all cases */
	uint64_t failed;
};

/* What a case says: TEXT what is wrong, untouched when nothing is, and what it adds to the sums. */
struct verdict {
	char text[CASES_TEXT];
	uint64_t sums[CASES_SUMS];
};

/* Ends the program with 2 where the command line is not understood. */
void cases_options(struct cases *c, int argc, char **argv);
/* Runs them all; says each failure and the sums as comments. */
void cases_run(struct cases *c, void (*run)(uint64_t number, struct verdict *v));
/* A number below N out of *STATE, which begins as the case's. */
uint64_t cases_draw(uint64_t *state, uint64_t n);

#endif
