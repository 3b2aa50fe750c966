/* SPDX-License-Identifier: Apache-2.0 */
/* Which records of each partition a drain reads, by --from and --until. */
#ifndef REPLAY_H
#define REPLAY_H

#include "base/err.h"

enum replay_kind {
	REPLAY_NONE, /* --until that nobody has given */
	REPLAY_STORED,
	REPLAY_BEGINNING,
	REPLAY_END,
	REPLAY_TIME,
	REPLAY_OFFSETS,
};

enum { REPLAY_OFFSETS_MOST = 64 };

struct replay_point {
	enum replay_kind kind;
	uint64_t time_ms; /* of REPLAY_TIME, since 1970 */
	struct {
		int32_t partition;
		int64_t offset;
	} offsets[REPLAY_OFFSETS_MOST]; /* of REPLAY_OFFSETS */
	size_t n;
};

/* "beginning", "end", "stored", an RFC 3339 time, or "PARTITION:OFFSET,…"; "" is REPLAY_NONE. E_USAGE. */
int replay_point_read(const char *text, struct replay_point *to, struct why *why) MUST_USE;

/* Refuses two points between which nothing can ever be, and those that nobody can know yet. E_USAGE with the
 * reason. NOW_MS is the wall clock. */
int replay_check(
        const struct replay_point *from, const struct replay_point *until, uint64_t now_ms, struct why *why) MUST_USE;

/* Of one partition, as the brokers said. */
struct replay_facts {
	int64_t first;    /* the oldest record that the broker still has */
	int64_t end;      /* where the next record will be */
	int64_t stored;   /* the group's committed offset; negative: none */
	int64_t at_from;  /* the first record of FROM's time or later */
	int64_t at_until; /* the same of UNTIL's time */
};

struct replay_range {
	int64_t begin;
	int64_t end; /* the first offset that is not read; -1: no end */
};

/* A partition that a FROM of offsets does not name has an empty range; one that an UNTIL of offsets does not
 * name ends where it ends now. A stored offset may lie before FIRST: the loss is the reader's to tell. */
struct replay_range replay_range(const struct replay_point *from, const struct replay_point *until, int32_t partition,
        const struct replay_facts *facts);

#endif
