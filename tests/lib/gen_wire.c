/* SPDX-License-Identifier: Apache-2.0 */
/* gen_wire.c — the two encoders that are told the same. They take the liberties that the
 * protocols leave: padded varints, long field and list headers, odd bools. */
#include "gen_wire.h"

const uint8_t compact_code[16] = {
	[BOOL] = 1,
	[BYTE] = 3,
	[I16] = 4,
	[I32] = 5,
	[I64] = 6,
	[DOUBLE] = 7,
	[TEXT] = 8,
	[LIST] = 9,
	[SET] = 10,
	[MAP] = 11,
	[STRUCT] = 12,
};

uint64_t gen_random(struct gen *g)
{
	uint64_t z = g->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

unsigned below(struct gen *g, unsigned n)
{
	return (unsigned)(gen_random(g) % n);
}

bool gen_once_in(struct gen *g, unsigned n)
{
	return below(g, n) == 0;
}

bool liberty(struct gen *g, unsigned n)
{
	return !g->tidy && gen_once_in(g, n);
}

void put_varint(struct gen *g, uint64_t v)
{
	unsigned pad = liberty(g, 24) ? 1 + below(g, 5) : 0, n = 1;

	for (; v >= 0x80; v >>= 7, n++)
		buf_byte(&g->compact, (uint8_t)(v | 0x80));
	if (n + pad > 10)
		g->plain = false;
	if (pad == 0) {
		buf_byte(&g->compact, (uint8_t)v);
		return;
	}
	buf_byte(&g->compact, (uint8_t)(v | 0x80));
	while (--pad > 0)
		buf_byte(&g->compact, 0x80);
	buf_byte(&g->compact, 0);
}

void put_binary(struct gen *g, uint64_t v, unsigned len)
{
	while (len-- > 0) {
		buf_byte(&g->binary, (uint8_t)(v >> (8 * len)));
		if (g->in_batch)
			buf_byte(&g->expected, (uint8_t)(v >> (8 * len)));
	}
}

static uint64_t zigzag(int64_t v)
{
	return ((uint64_t)v << 1) ^ (uint64_t)(v >> 63);
}

void put_number(struct gen *g, uint8_t type, int64_t v)
{
	uint64_t z = zigzag(v);

	if (type != I64 && liberty(g, 32)) {
		/* What is above 32 bits does not count. */
		z = (uint32_t)z | (uint64_t)below(g, 1000) << 32;
	}
	put_varint(g, z);
	put_binary(g, (uint64_t)v, type == I64 ? 8 : type == I32 ? 4 : 2);
}

void put_text(struct gen *g, const uint8_t *at, unsigned len)
{
	put_varint(g, len);
	put_binary(g, len, 4);
	buf_add(&g->compact, at, len);
	buf_add(&g->binary, at, len);
	if (g->in_batch)
		buf_add(&g->expected, at, len);
}

void put_bool_byte(struct gen *g, bool v)
{
	bool odd = !v && liberty(g, 6);

	buf_byte(&g->binary, odd ? (uint8_t)(2 + below(g, 254)) : v);
	if (odd)
		g->plain = false;
	if (g->in_batch)
		buf_byte(&g->expected, v);
}

void field_header(struct gen *g, uint8_t code, uint8_t type, uint16_t id)
{
	uint16_t *last = &g->last[g->depth];
	int delta = (int16_t)id - (int16_t)*last;

	if (delta > 0 && delta < 16 && !liberty(g, 16))
		buf_byte(&g->compact, (uint8_t)(delta << 4 | code));
	else {
		buf_byte(&g->compact, code);
		put_varint(g, zigzag((int16_t)id));
	}
	*last = id;
	put_binary(g, type, 1);
	put_binary(g, id, 2);
}

void struct_begin(struct gen *g)
{
	g->last[++g->depth] = 0;
}

void struct_end(struct gen *g)
{
	g->depth--;
	buf_byte(&g->compact, 0);
	put_binary(g, 0, 1);
}

void list_header(struct gen *g, uint8_t type, unsigned n)
{
	if (n < 15 && !liberty(g, 16))
		buf_byte(&g->compact, (uint8_t)(n << 4 | compact_code[type]));
	else {
		buf_byte(&g->compact, (uint8_t)(0xf0 | compact_code[type]));
		put_varint(g, n);
	}
	put_binary(g, type, 1);
	put_binary(g, n, 4);
}
