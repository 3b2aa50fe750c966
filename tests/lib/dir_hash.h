/* SPDX-License-Identifier: Apache-2.0 */
/* dir_hash.h — every file below a directory by its content, to show that none was changed or lost. */
#ifndef DIR_HASH_H
#define DIR_HASH_H

#include <stdint.h>

enum { DIR_HASH_MOST = 512 };

struct dir_hash {
	uint64_t of[DIR_HASH_MOST];    /* of content */
	char path[DIR_HASH_MOST][128]; /* below the directory */
	unsigned n;
	uint64_t bytes; /* of all */
};

/* All files but the lock, which says who looks. Ends the program when it cannot. */
void dir_hash_take(struct dir_hash *p, const char *directory);
/* NULL when both are the same by path and content; else a path that is not. */
const char *dir_hash_differ(const struct dir_hash *before, const struct dir_hash *after);
/* NULL when every content of BEFORE is somewhere in AFTER, as often; else a path that is not. */
const char *dir_hash_lost(const struct dir_hash *before, const struct dir_hash *after);

#endif
