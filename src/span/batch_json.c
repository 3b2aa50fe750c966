/* SPDX-License-Identifier: Apache-2.0 */
/* batch_json.c — prints a Batch as JSON: of each struct the last value of each known field, as readers use it, in
 * the order of the IDL. Every function here reads bytes that inspect_batch() has validated. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "span/batch_json.h"
#include "span/inspect.h"
#include "schema.h"
#include "base/utf8.h"
#include "binary_reader.h"

/* Pointers to the values of a struct's known fields. */
struct fields {
	const uint8_t *at[SCHEMA_IDS];
	const uint8_t *end; /* end of the whole Batch */
};

static int find_fields(struct binary_reader *w, const struct schema *s, struct fields *f)
{
	uint16_t id = 0;
	uint8_t type;

	*f = (struct fields){ .end = w->end };
	for (;;) {
		if (binary_field(w, &type, &id) < 0)
			return E_MALFORMED;
		if (type == T_STOP)
			return 0;
		if (schema_knows(s, id, type))
			f->at[id] = w->in;
		if (binary_unknown(w, type) < 0)
			return E_MALFORMED;
	}
}

/* ---- values ---- */

static struct slice text_at(const uint8_t *at)
{
	return slice_of(at + 4, binary_get_32(at));
}

static void add_text(struct buf *to, struct slice text)
{
	buf_byte(to, '"');
	while (text.len > 0) {
		size_t n = utf8_sequence(text);
		uint8_t c = text.at[0];

		if (n == 0)
			buf_text(to, "\\ufffd");
		else if (c == '"' || c == '\\')
			buf_printf(to, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			buf_printf(to, "\\u%04x", c);
		else
			buf_add(to, text.at, n);
		n = n == 0 ? 1 : n;
		text = slice_of(text.at + n, text.len - n);
	}
	buf_byte(to, '"');
}

static void add_base64(struct buf *to, struct slice bytes)
{
	buf_byte(to, '"');
	buf_base64(to, bytes);
	buf_byte(to, '"');
}

/* NaN and infinities become strings, because JSON has no such numbers. */
static void add_double(struct buf *to, const uint8_t *at)
{
	uint64_t bits = binary_get_64(at);
	double v;

	memcpy(&v, &bits, sizeof(v));
	if (isnan(v) || isinf(v)) {
		buf_text(to, isnan(v) ? "\"NaN\"" : v > 0 ? "\"Infinity\"" : "\"-Infinity\"");
		return;
	}
	buf_double(to, v);
}

static void add_int(struct buf *to, const char *key, const uint8_t *at)
{
	if (at != NULL)
		buf_printf(to, ",\"%s\":%" PRId64, key, (int64_t)binary_get_64(at));
}

/* An id of 128 bits in two fields, or of 64 when HIGH is NULL. */
static void add_id(struct buf *to, const char *key, const uint8_t *high, const uint8_t *low)
{
	buf_printf(to, "\"%s\":\"", key);
	if (high != NULL)
		buf_printf(to, "%016" PRIx64, binary_get_64(high));
	buf_printf(to, "%016" PRIx64 "\"", binary_get_64(low));
}

/* ---- structs ---- */

/* Describes field ID of a struct of schema S: a struct, or a list of structs, that ADD prints. */
struct member {
	const char *key; /* with the separator before it */
	const struct schema *s;
	unsigned id;
	int (*add)(struct buf *to, const struct schema *s, const struct fields *f);
};

static void begin_reading(struct binary_reader *w, const struct fields *in, const uint8_t *at)
{
	binary_begin(w, slice_of(at, (size_t)(in->end - at)));
}

/* Prints a list of structs; nothing when the field is absent. */
static int add_list(struct buf *to, const struct fields *in, const struct member *m)
{
	const uint8_t *list = in->at[m->id];
	struct fields f;
	struct binary_reader w;
	uint32_t n;

	if (list == NULL)
		return 0;
	buf_text(to, m->key);
	buf_byte(to, '[');
	n = binary_get_32(list + 1);
	begin_reading(&w, in, list + LIST_HEADER);
	for (uint32_t i = 0; i < n; i++) {
		if (i > 0)
			buf_byte(to, ',');
		if (find_fields(&w, m->s->of[m->id], &f) < 0 || m->add(to, m->s->of[m->id], &f) < 0)
			return E_MALFORMED;
	}
	buf_byte(to, ']');
	return 0;
}

static void add_tag_value(struct buf *to, uint32_t type, const struct fields *f)
{
	static const uint8_t field_of[] = { 3, 4, 5, 6, 7 };
	const uint8_t *at = type < ARRAY_LEN(field_of) ? f->at[field_of[type]] : NULL;

	if (at == NULL)
		buf_text(to, "null");
	else if (type == 0)
		add_text(to, text_at(at));
	else if (type == 1)
		add_double(to, at);
	else if (type == 2)
		buf_text(to, *at == 1 ? "true" : "false");
	else if (type == 3)
		buf_printf(to, "%" PRId64, (int64_t)binary_get_64(at));
	else
		add_base64(to, text_at(at));
}

static int add_tag(struct buf *to, const struct schema *s, const struct fields *f)
{
	static const char *const types[] = { "string", "double", "bool", "long", "binary" };
	uint32_t type = binary_get_32(f->at[2]);

	(void)s;
	buf_text(to, "{\"key\":");
	add_text(to, text_at(f->at[1]));
	if (type < ARRAY_LEN(types))
		buf_printf(to, ",\"type\":\"%s\",\"value\":", types[type]);
	else
		buf_printf(to, ",\"type\":%" PRId32 ",\"value\":", (int32_t)type);
	add_tag_value(to, type, f);
	buf_byte(to, '}');
	return 0;
}

static int add_log(struct buf *to, const struct schema *s, const struct fields *f)
{
	buf_printf(to, "{\"timestamp\":%" PRId64, (int64_t)binary_get_64(f->at[1]));
	if (add_list(to, f, &(struct member){ ",\"fields\":", s, 2, add_tag }) < 0)
		return E_MALFORMED;
	buf_byte(to, '}');
	return 0;
}

static int add_ref(struct buf *to, const struct schema *s, const struct fields *f)
{
	uint32_t type = binary_get_32(f->at[1]);

	(void)s;
	if (type <= 1)
		buf_printf(to, "{\"refType\":\"%s\",", type == 0 ? "CHILD_OF" : "FOLLOWS_FROM");
	else
		buf_printf(to, "{\"refType\":%" PRId32 ",", (int32_t)type);
	add_id(to, "traceId", f->at[3], f->at[2]);
	buf_byte(to, ',');
	add_id(to, "spanId", NULL, f->at[4]);
	buf_byte(to, '}');
	return 0;
}

static int add_span(struct buf *to, const struct schema *s, const struct fields *f)
{
	buf_byte(to, '{');
	add_id(to, "traceId", f->at[2], f->at[1]);
	buf_byte(to, ',');
	add_id(to, "spanId", NULL, f->at[3]);
	buf_byte(to, ',');
	add_id(to, "parentSpanId", NULL, f->at[4]);
	buf_text(to, ",\"operationName\":");
	add_text(to, text_at(f->at[5]));
	if (add_list(to, f, &(struct member){ ",\"references\":", s, 6, add_ref }) < 0)
		return E_MALFORMED;
	buf_printf(to, ",\"flags\":%" PRId32, (int32_t)binary_get_32(f->at[7]));
	add_int(to, "startTime", f->at[8]);
	add_int(to, "duration", f->at[9]);
	if (add_list(to, f, &(struct member){ ",\"tags\":", s, 10, add_tag }) < 0 ||
	        add_list(to, f, &(struct member){ ",\"logs\":", s, 11, add_log }) < 0)
		return E_MALFORMED;
	buf_byte(to, '}');
	return 0;
}

static int add_process(struct buf *to, const struct schema *s, const struct fields *f)
{
	buf_text(to, "{\"serviceName\":");
	add_text(to, text_at(f->at[1]));
	if (add_list(to, f, &(struct member){ ",\"tags\":", s, 2, add_tag }) < 0)
		return E_MALFORMED;
	buf_byte(to, '}');
	return 0;
}

static int add_stats(struct buf *to, const struct schema *s, const struct fields *f)
{
	(void)s;
	buf_printf(to, "{\"fullQueueDroppedSpans\":%" PRId64, (int64_t)binary_get_64(f->at[1]));
	add_int(to, "tooLargeDroppedSpans", f->at[2]);
	add_int(to, "failedToEmitSpans", f->at[3]);
	buf_byte(to, '}');
	return 0;
}

/* Prints one struct; nothing when the field is absent. */
static int add_one(struct buf *to, const struct fields *in, const struct member *m)
{
	struct fields f;
	struct binary_reader w;

	if (in->at[m->id] == NULL)
		return 0;
	buf_text(to, m->key);
	begin_reading(&w, in, in->at[m->id]);
	if (find_fields(&w, m->s->of[m->id], &f) < 0)
		return E_MALFORMED;
	return m->add(to, m->s->of[m->id], &f);
}

static int add_batch(struct buf *to, const struct fields *f)
{
	buf_byte(to, '{');
	if (add_one(to, f, &(struct member){ "\"process\":", &schema_batch, 1, add_process }) < 0 ||
	        add_list(to, f, &(struct member){ ",\"spans\":", &schema_batch, 2, add_span }) < 0)
		return E_MALFORMED;
	add_int(to, "seqNo", f->at[3]);
	if (add_one(to, f, &(struct member){ ",\"stats\":", &schema_batch, 4, add_stats }) < 0)
		return E_MALFORMED;
	buf_byte(to, '}');
	return 0;
}

int batch_json(struct slice value, struct buf *to, struct why *why)
{
	struct inspect_facts facts;
	struct fields f;
	struct binary_reader w;

	if (inspect_batch(value, &facts, NULL, NULL, why) < 0)
		return E_MALFORMED;
	binary_begin(&w, slice_of(value.at, facts.used));
	if (find_fields(&w, &schema_batch, &f) < 0 || add_batch(to, &f) < 0)
		return E_MALFORMED;
	return buf_check(to);
}
