/* SPDX-License-Identifier: Apache-2.0 */
/* guard.h — bytes that end where memory ends: one step beyond is a fault, without sanitizer. */
#ifndef GUARD_H
#define GUARD_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct guard {
	uint8_t *end; /* the first byte that must not be touched */
	size_t room;
};

/* Room for at least ROOM bytes before the end. The process ends where there is none. */
static inline struct guard guard_new(size_t room)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t pages = (room + page - 1) / page + 1;
	uint8_t *at = mmap(NULL, pages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED || mprotect(at + (pages - 1) * page, page, PROT_NONE) != 0) {
		perror("guard");
		exit(99);
	}
	return (struct guard){ at + (pages - 1) * page, (pages - 1) * page };
}

/* Copies LEN bytes so that they end at the end. */
static inline const uint8_t *guard_put(struct guard *g, const void *bytes, size_t len)
{
	if (len > 0)
		memcpy(g->end - len, bytes, len);
	return g->end - len;
}

static inline void guard_free(struct guard *g)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	munmap(g->end - g->room, g->room + page);
}

#endif
