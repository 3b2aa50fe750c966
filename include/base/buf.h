/* SPDX-License-Identifier: Apache-2.0 */
/* Owned bytes that grow; a failed append sticks and is asked for once. */
#ifndef BUF_H
#define BUF_H

#include "base/err.h"
#include "base/slice.h"

struct buf {
	uint8_t *at;
	size_t len;
	size_t cap;
	bool failed; /* memory ran out at some append; what came after is missing */
};

/* All zero is a valid empty buffer. */
void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_text(struct buf *b, const char *text);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
void buf_byte(struct buf *b, uint8_t byte);

/* Room for LEN more bytes, to be filled by the caller; NULL when memory ran out. */
uint8_t *buf_reserve(struct buf *b, size_t len);

/* Gives back the memory behind the bytes; without bytes, all of it. */
void buf_fit(struct buf *b);

/* Keeps the memory, forgets the bytes and the failure. */
void buf_clear(struct buf *b);
void buf_free(struct buf *b);

/* 0, or E_NOMEM when any append failed. */
int buf_check(const struct buf *b) MUST_USE;

/* The bytes as text with a NUL behind them; borrowed until the next call on B. "" on failure. */
const char *buf_cstr(struct buf *b);

static inline struct slice buf_slice(const struct buf *b)
{
	return slice_of(b->at, b->len);
}

#endif
