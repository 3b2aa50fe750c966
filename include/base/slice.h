/* SPDX-License-Identifier: Apache-2.0 */
/* Borrowed bytes, a pointer and a length. */
#ifndef SLICE_H
#define SLICE_H

#include <string.h>

#include "base/base.h"

struct slice {
	const uint8_t *at;
	size_t len;
};

static inline struct slice slice_of(const void *at, size_t len)
{
	return (struct slice){ at, len };
}

static inline struct slice slice_text(const char *text)
{
	return slice_of(text, strlen(text));
}

static inline bool slice_is(struct slice s, const char *text)
{
	return s.len == strlen(text) && (s.len == 0 || memcmp(s.at, text, s.len) == 0);
}

static inline bool slice_same(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* 64-bit FNV-1a hash of S, continued from BEFORE, the hash of the bytes in front of S, or SLICE_HASH_BEGIN. An
 * attacker can find collisions. */
#define SLICE_HASH_BEGIN UINT64_C(0xcbf29ce484222325)
static inline uint64_t slice_hash(struct slice s, uint64_t before)
{
	for (size_t i = 0; i < s.len; i++)
		before = (before ^ s.at[i]) * UINT64_C(0x100000001b3);
	return before;
}

/* Sum of the lengths of the N slices at PARTS. */
static inline size_t slices_len(const struct slice *parts, size_t n)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		len += parts[i].len;
	return len;
}

#endif
