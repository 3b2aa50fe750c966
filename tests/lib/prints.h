/* prints.h — every file below a directory by its content, to show that none was changed or lost. */
#ifndef PRINTS_H
#define PRINTS_H

#include <stdint.h>

enum { PRINTS_MOST = 512 };

struct prints {
	uint64_t of[PRINTS_MOST];    /* of content */
	char path[PRINTS_MOST][128]; /* below the directory */
	unsigned n;
	uint64_t bytes; /* of all */
};

/* All files but the lock, which says who looks. Ends the program when it cannot. */
void prints_take(struct prints *p, const char *directory);
/* NULL when both are the same by path and content; else a path that is not. */
const char *prints_differ(const struct prints *before, const struct prints *after);
/* NULL when every content of BEFORE is somewhere in AFTER, as often; else a path that is not. */
const char *prints_lost(const struct prints *before, const struct prints *after);

#endif
