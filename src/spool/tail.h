/* tail.h — the file "tail": what was put and is not yet in a segment (private).
 *
 * Only with sync=interval and sync=off. One write a turn, no sync: it survives SIGKILL. From time
 * to time it is put into segments, synced, and emptied. It is a row of records and states, each
 * whole in itself, so that after a power cut what is whole is found.
 */
#ifndef TAIL_H
#define TAIL_H

#include "writer.h"

enum {
	TAIL_FLUSH_BYTES =
	        4 << 20, /* from here on it is put into a segment, whatever the interval */
	TAIL_MOST_BYTES = 64 << 20, /* when that fails it still grows to this */
};

struct tail {
	int fd; /* -1: no file */
	uint64_t bytes;
	bool holds;        /* records that are in no segment */
	uint64_t since_us; /* the first of them was put then */
};

/* A part of the file in memory: entries borrow its bytes. */
struct tail_part {
	uint8_t *bytes;
	struct entry *e;
	size_t n;
	size_t cap;
	uint64_t next;  /* offset of what follows; the file's size: nothing does */
	uint64_t whole; /* offset behind the last frame that is whole; 0: there is none */
	bool broken;    /* something before that was not whole */
	bool mixed;     /* they were not in the order of their positions; now they are */
	bool has_state; /* the last one in this part */
	struct spool_state state;
	struct origin origin;
};

/* Opens the file if it is there, or makes it when MAKE. */
int tail_open(struct tail *t, int at, bool make, struct why *why) MUST_USE;
/* Opens it for reading only, if it is there. */
int tail_look(struct tail *t, int at) MUST_USE;
/* STATE and all N entries, or nothing. STATE stands first, and is as before them: when a kill cuts the
 * write short, what of it is whole is still known to have been offered. */
int tail_append(struct tail *t, const struct entry *e, size_t n, const struct spool_state *state,
        const struct origin *origin) MUST_USE;
/* Reads a few MiB from OFFSET on. tail_part_free in any case. */
int tail_load(const struct tail *t, uint64_t offset, struct tail_part *part) MUST_USE;
void tail_part_free(struct tail_part *part);
/* Forgets what stands behind BYTES: the half of an append that a kill cut short. */
void tail_cut(struct tail *t, uint64_t bytes);
/* Empties it. */
void tail_clear(struct tail *t);
void tail_close(struct tail *t);

#endif
