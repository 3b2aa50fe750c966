/* SPDX-License-Identifier: Apache-2.0 */
/* A growing byte buffer. After a failed append all further appends fail, so the caller checks once, with
 * buf_check. */
#ifndef BUF_H
#define BUF_H

#include "base/err.h"
#include "base/slice.h"

struct buf {
	uint8_t *at;
	size_t len;
	size_t cap;
	bool failed; /* an append ran out of memory; it and all later ones are missing */
};

/* A struct buf of zeros is a valid empty buffer. */
void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_text(struct buf *b, const char *text);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
void buf_byte(struct buf *b, uint8_t byte);
/* V as the shortest decimal number that reads back as V; V is finite. */
void buf_double(struct buf *b, double v);
/* BYTES in base64, with padding. */
void buf_base64(struct buf *b, struct slice bytes);

/* Returns space for LEN more bytes, which the caller fills and adds to len; NULL: out of memory. */
uint8_t *buf_reserve(struct buf *b, size_t len);

/* Shrinks the allocation to the bytes in use; an empty buffer frees all of it. */
void buf_fit(struct buf *b);

/* Empties the buffer and clears the failure; the allocation is kept. */
void buf_clear(struct buf *b);
void buf_free(struct buf *b);

/* 0, or E_NOMEM when any append failed. */
int buf_check(const struct buf *b) MUST_USE;

/* The bytes as a NUL-terminated text, valid until the next call on B; "" on failure. */
const char *buf_cstr(struct buf *b);

static inline struct slice buf_slice(const struct buf *b)
{
	return slice_of(b->at, b->len);
}

#endif
