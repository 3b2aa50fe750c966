/* SPDX-License-Identifier: Apache-2.0 */
/* batchmake.h — small Batches in TBinaryProtocol, their spans numbered so that each can be told. */
#ifndef BATCHMAKE_H
#define BATCHMAKE_H

#include "base/buf.h"

static inline void batchmake_int(struct buf *b, uint64_t value, int bytes)
{
	while (bytes-- > 0)
		buf_byte(b, (uint8_t)(value >> (8 * bytes)));
}

static inline void batchmake_field(struct buf *b, int type, int id)
{
	buf_byte(b, (uint8_t)type);
	batchmake_int(b, (uint64_t)id, 2);
}

static inline void batchmake_string(struct buf *b, int id, const char *text)
{
	batchmake_field(b, 11, id);
	batchmake_int(b, strlen(text), 4);
	buf_text(b, text);
}

static inline void batchmake_i64(struct buf *b, int id, uint64_t value)
{
	batchmake_field(b, 10, id);
	batchmake_int(b, value, 8);
}

/* The whole span but for what Jaeger does not require. */
static inline void batchmake_span(struct buf *b, uint64_t trace, uint64_t id)
{
	batchmake_i64(b, 1, trace);
	batchmake_i64(b, 2, 0);
	batchmake_i64(b, 3, id);
	batchmake_i64(b, 4, 0);
	batchmake_string(b, 5, "op");
	batchmake_field(b, 8, 7);
	batchmake_int(b, 1, 4);
	batchmake_i64(b, 8, 1700000000000000);
	batchmake_i64(b, 9, 5);
	buf_byte(b, 0);
}

/* Spans FIRST … FIRST+N-1 of trace TRACE, appended. */
static inline void batchmake(struct buf *b, const char *service, uint64_t trace, uint64_t first, uint32_t n)
{
	batchmake_field(b, 12, 1);
	batchmake_string(b, 1, service);
	buf_byte(b, 0);
	batchmake_field(b, 15, 2);
	buf_byte(b, 12);
	batchmake_int(b, n, 4);
	for (uint32_t i = 0; i < n; i++)
		batchmake_span(b, trace, first + i);
	buf_byte(b, 0);
}

#endif
