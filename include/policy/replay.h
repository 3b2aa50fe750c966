/* SPDX-License-Identifier: Apache-2.0 */
/* Parses --from and --until, and computes the range of offsets that a drain reads from each partition. */
#ifndef REPLAY_H
#define REPLAY_H

#include "base/err.h"

enum replay_kind {
	REPLAY_NONE, /* --until was not given: no end */
	REPLAY_STORED,
	REPLAY_BEGINNING,
	REPLAY_END,
	REPLAY_TIME,
	REPLAY_OFFSETS,
};

enum { REPLAY_OFFSETS_MOST = 64 };

struct replay_point {
	enum replay_kind kind;
	uint64_t time_ms; /* of REPLAY_TIME, milliseconds since 1970 */
	struct {
		int32_t partition;
		int64_t offset;
	} offsets[REPLAY_OFFSETS_MOST]; /* of REPLAY_OFFSETS */
	size_t n;
};

/* Parses "beginning", "end", "stored", an RFC 3339 time, or "PARTITION:OFFSET,…"; "" is REPLAY_NONE. E_USAGE. */
int replay_point_read(const char *text, struct replay_point *to, struct why *why) MUST_USE;

/* Refuses two points between which there can be no record, and times after NOW_MS (wall clock), whose offset is not known
 * yet: E_USAGE with the reason. */
int replay_check(
        const struct replay_point *from, const struct replay_point *until, uint64_t now_ms, struct why *why) MUST_USE;

/* Offsets of one partition, from the brokers. */
struct replay_facts {
	int64_t first;    /* of the oldest record that the broker still has */
	int64_t end;      /* of the next record to be produced */
	int64_t stored;   /* the group's committed offset; negative: there is none */
	int64_t at_from;  /* of the first record with FROM's time or a later one */
	int64_t at_until; /* of the first record with UNTIL's time or a later one */
};

struct replay_range {
	int64_t begin;
	int64_t end; /* the first offset that is not read; -1: no end */
};

/* A partition that is not named by a FROM of offsets gets an empty range; one that is not named by an UNTIL of offsets
 * ends at facts->end. BEGIN may be a stored offset below facts->first: the caller must report the records lost. */
struct replay_range replay_range(const struct replay_point *from, const struct replay_point *until, int32_t partition,
        const struct replay_facts *facts);

#endif
