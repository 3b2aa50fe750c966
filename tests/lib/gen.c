/* SPDX-License-Identifier: Apache-2.0 */
/* gen.c — one random Batch, told to two encoders at once that share no code with the transcoder:
 * fields in any order, optional ones or not, unknown ones between them, some twice. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "gen_wire.h"

static const uint8_t types[] = { BOOL, BYTE, DOUBLE, I16, I32, I64, TEXT, STRUCT, MAP, SET, LIST };

/* WRITE is for what holds others; the rest is written by its type. */
struct field {
	uint8_t id;
	uint8_t type;
	bool required;
	void (*write)(struct gen *g);
};

static void write_value(struct gen *g, uint8_t type, unsigned levels);

static void write_text(struct gen *g)
{
	static const unsigned longest[] = { 1, 8, 8, 33, 34, 65, 300 };
	uint8_t bytes[300];
	unsigned len = below(g, longest[below(g, ARRAY_LEN(longest))]);

	for (unsigned i = 0; i < len; i++)
		bytes[i] = (uint8_t)(gen_once_in(g, 8) ? gen_random(g) : 'a' + below(g, 26));
	put_text(g, bytes, len);
}

/* Of all sizes alike, so that varints of every length come. */
static int64_t any_number(struct gen *g, unsigned bits)
{
	return (int64_t)(gen_random(g) << (64 - bits)) >> (64 - bits + below(g, bits));
}

static void write_double(struct gen *g)
{
	uint64_t v = gen_random(g);

	for (unsigned i = 0; i < 8; i++)
		buf_byte(&g->compact, (uint8_t)(v >> (8 * i)));
	put_binary(g, v, 8);
}

static void write_bool_element(struct gen *g)
{
	bool v = gen_once_in(g, 2);

	buf_byte(&g->compact, v ? 1 : (uint8_t)(2 * below(g, 2)));
	put_bool_byte(g, v);
}

static void write_field(struct gen *g, uint8_t type, uint16_t id, void (*write)(struct gen *g))
{
	bool v;

	if (type == BOOL) {
		v = gen_once_in(g, 2);
		field_header(g, v ? 1 : 2, type, id);
		put_bool_byte(g, v);
		return;
	}
	field_header(g, compact_code[type], type, id);
	if (write != NULL)
		write(g);
	else
		write_value(g, type, 4);
}

static uint8_t any_type(struct gen *g, unsigned levels)
{
	return types[below(g, levels > 0 ? ARRAY_LEN(types) : 7)];
}

static void unknown_field(struct gen *g, unsigned levels)
{
	static const uint16_t ids[] = { 0, 12, 13, 15, 16, 17, 31, 200, 32767, 32768, 65535 };
	uint8_t type = any_type(g, levels);
	uint16_t id = ids[below(g, ARRAY_LEN(ids))];

	if (type == BOOL) {
		write_field(g, type, id, NULL);
		return;
	}
	field_header(g, compact_code[type], type, id);
	write_value(g, type, levels);
}

static void write_map(struct gen *g, unsigned levels)
{
	unsigned n = below(g, 4);
	uint8_t key = any_type(g, levels), value = any_type(g, levels);

	put_varint(g, n);
	if (n > 0)
		buf_byte(&g->compact, (uint8_t)(compact_code[key] << 4 | compact_code[value]));
	else
		key = value = 0; /* in compact an empty map says no types */
	put_binary(g, key, 1);
	put_binary(g, value, 1);
	put_binary(g, n, 4);
	while (n-- > 0) {
		write_value(g, key, levels);
		write_value(g, value, levels);
	}
}

/* A value that nobody knows, with at most LEVELS below it. */
static void write_value(struct gen *g, uint8_t type, unsigned levels)
{
	unsigned n = levels > 0 ? below(g, levels) : 0, below_it = levels > 0 ? levels - 1 : 0;

	switch (type) {
	case BOOL:
		write_bool_element(g);
		return;
	case BYTE:
		buf_byte(&g->compact, (uint8_t)n);
		put_binary(g, n, 1);
		return;
	case DOUBLE:
		write_double(g);
		return;
	case I16:
	case I32:
	case I64:
		put_number(g, type, any_number(g, type == I64 ? 64 : type == I32 ? 32 : 16));
		return;
	case TEXT:
		write_text(g);
		return;
	case MAP:
		write_map(g, below_it);
		return;
	case STRUCT:
		struct_begin(g);
		while (n-- > 0)
			unknown_field(g, below_it);
		struct_end(g);
		return;
	}
	type = any_type(g, below_it);
	list_header(g, type, n = below(g, 18));
	while (n-- > 0)
		write_value(g, type, below_it);
}

/* The fields of a struct, in any order, the optional ones or not, with others between them. */
static void write_struct(struct gen *g, const struct field *fields, unsigned count)
{
	unsigned order[16];

	struct_begin(g);
	for (unsigned i = 0; i < count; i++)
		order[i] = i;
	if (liberty(g, 6))
		for (unsigned i = count - 1; i > 0; i--) {
			unsigned j = below(g, i + 1), was = order[i];

			order[i] = order[j];
			order[j] = was;
		}
	for (unsigned i = 0; i < count; i++) {
		const struct field *f = &fields[order[i]];

		if (liberty(g, 20))
			unknown_field(g, 3);
		if (!f->required && gen_once_in(g, 3)) {
			/* An optional field of another type is one that nobody knows. */
			if (liberty(g, 20))
				write_field(g, f->type == BYTE ? BOOL : BYTE, f->id, NULL);
			continue;
		}
		if (f->required && liberty(g, 2000)) {
			g->broken = true;
			continue;
		}
		write_field(g, f->type, f->id, f->write);
		if (liberty(g, 60)) {
			write_field(g, f->type, f->id, f->write);
			/* Thrift's library reads the second on top of the first. */
			g->plain = g->plain && f->type != STRUCT && f->type != LIST;
		}
	}
	struct_end(g);
}

static void write_list(struct gen *g, const struct field *fields, unsigned count, unsigned most)
{
	unsigned n = below(g, most + 1);

	list_header(g, STRUCT, n);
	while (n-- > 0)
		write_struct(g, fields, count);
}

static void write_tags(struct gen *g)
{
	static const struct field tag[] = {
		{ 1, TEXT, true, NULL },
		{ 2, I32, true, NULL },
		{ 3, TEXT, false, NULL },
		{ 4, DOUBLE, false, NULL },
		{ 5, BOOL, false, NULL },
		{ 6, I64, false, NULL },
		{ 7, TEXT, false, NULL },
	};

	write_list(g, tag, ARRAY_LEN(tag), gen_once_in(g, 30) ? 40 : 4);
}

static void write_logs(struct gen *g)
{
	static const struct field log[] = { { 1, I64, true, NULL }, { 2, LIST, true, write_tags } };

	write_list(g, log, ARRAY_LEN(log), 2);
}

static void write_refs(struct gen *g)
{
	static const struct field ref[] = {
		{ 1, I32, true, NULL },
		{ 2, I64, true, NULL },
		{ 3, I64, true, NULL },
		{ 4, I64, true, NULL },
	};

	write_list(g, ref, ARRAY_LEN(ref), 2);
}

static void write_spans(struct gen *g)
{
	static const struct field span[] = {
		{ 1, I64, true, NULL },
		{ 2, I64, true, NULL },
		{ 3, I64, true, NULL },
		{ 4, I64, true, NULL },
		{ 5, TEXT, true, NULL },
		{ 6, LIST, false, write_refs },
		{ 7, I32, true, NULL },
		{ 8, I64, true, NULL },
		{ 9, I64, true, NULL },
		{ 10, LIST, false, write_tags },
		{ 11, LIST, false, write_logs },
	};
	unsigned n = below(g, gen_once_in(g, 20) ? 24 : 5);

	list_header(g, STRUCT, n);
	for (unsigned i = 0; i < n; i++)
		write_struct(g, span, ARRAY_LEN(span));
	g->spans = n;
}

static void write_process(struct gen *g)
{
	static const struct field process[] = { { 1, TEXT, true, NULL }, { 2, LIST, false, write_tags } };

	write_struct(g, process, ARRAY_LEN(process));
}

static void write_stats(struct gen *g)
{
	static const struct field stats[] = {
		{ 1, I64, true, NULL },
		{ 2, I64, true, NULL },
		{ 3, I64, true, NULL },
	};

	write_struct(g, stats, ARRAY_LEN(stats));
}

static void write_batch(struct gen *g)
{
	static const struct field batch[] = {
		{ 1, STRUCT, true, write_process },
		{ 2, LIST, true, write_spans },
		{ 3, I64, false, NULL },
		{ 4, STRUCT, false, write_stats },
	};

	g->in_batch = true;
	buf_clear(&g->expected);
	write_struct(g, batch, ARRAY_LEN(batch));
	g->in_batch = false;
}

static void put_both(struct gen *g, const char *text)
{
	buf_text(&g->compact, text);
	buf_text(&g->binary, text);
}

void gen_batch(struct gen *g)
{
	buf_clear(&g->compact);
	buf_clear(&g->binary);
	g->broken = false;
	g->plain = true;
	g->depth = 0;
	buf_byte(&g->compact, 0x82);
	buf_byte(&g->compact, 0x81);
	put_varint(g, below(g, 1000));
	put_varint(g, 9);
	put_binary(g, 0x80010004, 4);
	put_binary(g, 9, 4);
	put_both(g, "emitBatch");
	put_binary(g, 0, 4);
	struct_begin(g);
	if (liberty(g, 30))
		unknown_field(g, 3);
	write_field(g, STRUCT, 1, write_batch);
	if (liberty(g, 50)) {
		g->plain = false;
		write_field(g, STRUCT, 1, write_batch);
	}
	if (liberty(g, 30))
		unknown_field(g, 3);
	struct_end(g);
}

void gen_free(struct gen *g)
{
	buf_free(&g->compact);
	buf_free(&g->binary);
	buf_free(&g->expected);
}

uint64_t gen_seed(void)
{
	const char *text = getenv("SEED");
	struct timespec now;
	uint64_t seed;

	clock_gettime(CLOCK_REALTIME, &now);
	seed = (uint64_t)now.tv_sec * 1000000007u + (uint64_t)now.tv_nsec;
	if (text != NULL)
		seed = strtoull(text, NULL, 0);
	printf("# SEED=%" PRIu64 "\n", seed);
	return seed;
}
