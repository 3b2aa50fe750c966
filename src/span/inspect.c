/* SPDX-License-Identifier: Apache-2.0 */
/* inspect.c — validates a record's Batch, reads its spans, and splits it. */
#include <endian.h>
#include <string.h>

#include "span/inspect.h"
#include "compact_reader.h"
#include "span/transcode.h"
#include "binary_reader.h"

static const struct {
	uint16_t trace_low, trace_high, span, operation;
} span_ids = { 1, 2, 3, 5 };

/* Reads one span, which binary_batch() has validated, and moves behind it. */
static int read_span(struct binary_reader *w, struct inspect_span *span)
{
	uint16_t id;
	uint8_t type;

	*span = (struct inspect_span){ 0 };
	for (;;) {
		if (binary_field(w, &type, &id) < 0)
			return E_MALFORMED;
		if (type == T_STOP)
			return 0;
		if (type == T_I64 && id == span_ids.trace_low)
			span->trace_low = binary_get_64(w->in);
		else if (type == T_I64 && id == span_ids.trace_high)
			span->trace_high = binary_get_64(w->in);
		else if (type == T_I64 && id == span_ids.span)
			span->span_id = binary_get_64(w->in);
		else if (type == T_STRING && id == span_ids.operation)
			span->operation = slice_of(w->in + 4, binary_get_32(w->in));
		if (binary_unknown(w, type) < 0)
			return E_MALFORMED;
	}
}

/* Validates the Batch VALUE and sets its field offsets. */
static int validate_batch(struct binary_reader *w, struct field_offsets *offsets, struct slice value, struct why *why)
{
	int rc;

	binary_begin(w, value);
	w->offsets = offsets;
	w->why = why;
	rc = binary_batch(w);
	w->offsets = NULL;
	return rc;
}

static struct slice slice_of_range(struct slice value, struct byte_range of)
{
	return slice_of(value.at + of.from, of.to - of.from);
}

int inspect_batch(struct slice value, struct inspect_facts *facts,
        void (*each)(void *arg, const struct inspect_span *span), void *arg, struct why *why)
{
	struct inspect_span span;
	struct field_offsets offsets;
	struct binary_reader w;
	const uint8_t *service;

	*facts = (struct inspect_facts){ 0 };
	if (validate_batch(&w, &offsets, value, why) < 0)
		return E_MALFORMED;
	service = value.at + offsets.service.from + FIELD_HEADER;
	facts->used = (size_t)(w.in - value.at);
	facts->service = slice_of(service + 4, binary_get_32(service));
	facts->spans = binary_get_32(value.at + offsets.spans.from + FIELD_HEADER + 1);
	facts->process = slice_of_range(value, offsets.process);
	facts->list = slice_of_range(value, offsets.spans);
	facts->list =
	        slice_of(facts->list.at + FIELD_HEADER + LIST_HEADER, facts->list.len - FIELD_HEADER - LIST_HEADER);
	if (each == NULL)
		return 0;
	w.in = value.at + offsets.spans.from + FIELD_HEADER + LIST_HEADER;
	for (uint32_t i = 0; i < facts->spans; i++) {
		if (read_span(&w, &span) < 0)
			return E_MALFORMED;
		each(arg, &span);
	}
	return 0;
}

void inspect_join_list(uint8_t to[INSPECT_JOIN_LIST], uint32_t count)
{
	static const uint8_t head[] = { T_LIST, 0, 2, T_STRUCT };
	uint32_t written = htobe32(count);

	memcpy(to, head, sizeof(head));
	memcpy(to + sizeof(head), &written, sizeof(written));
}

/* The first byte of a compact Batch has its first field's id in the upper half and so is at least 0x10; the first
 * byte of a TBinary Batch is a type code, which is at most 15. */
bool inspect_is_compact(struct slice value)
{
	return value.len > 0 && value.at[0] >= 0x10 && (value.at[0] & 0x0f) != 0 && (value.at[0] & 0x0f) <= 12;
}

int inspect_from_compact(struct slice value, struct buf *out)
{
	struct field_offsets offsets;
	struct compact_reader p = { .in = value.at, .end = value.at + value.len, .offsets = &offsets };

	p.out = buf_reserve(out, value.len * TRANSCODE_GROWTH);
	if (p.out == NULL)
		return E_NOMEM;
	if (compact_batch(&p) < 0)
		return E_MALFORMED;
	out->len = (size_t)(p.out - out->at);
	return 0;
}

/* Appends the bytes from FROM to the position of W. */
static void add_since(struct buf *out, const struct binary_reader *w, const uint8_t *from)
{
	buf_add(out, from, (size_t)(w->in - from));
}

static int skip_spans(struct binary_reader *w, uint32_t count)
{
	for (; count > 0; count--)
		if (binary_unknown(w, T_STRUCT) < 0)
			return E_MALFORMED;
	return 0;
}

/* Appends the span list at FIELD with only the spans FIRST … FIRST + COUNT - 1; moves W behind the list. */
static int copy_spans(struct binary_reader *w, const uint8_t *field, uint32_t first, uint32_t count, struct buf *out)
{
	uint32_t have = binary_get_32(field + FIELD_HEADER + 1), written;
	const uint8_t *from;

	first = first < have ? first : have;
	count = count < have - first ? count : have - first;
	written = htobe32(count);
	buf_add(out, field, FIELD_HEADER + 1);
	buf_add(out, &written, sizeof(written));
	w->in = field + FIELD_HEADER + LIST_HEADER;
	if (skip_spans(w, first) < 0)
		return E_MALFORMED;
	from = w->in;
	if (skip_spans(w, count) < 0)
		return E_MALFORMED;
	add_since(out, w, from);
	return skip_spans(w, have - first - count);
}

/* True for a Process or span list. The caller has handled the last one of each, so it is a duplicate that no reader
 * uses. */
static bool is_duplicate(uint8_t type, uint16_t id)
{
	return id <= 2 && schema_knows(&schema_batch, id, type);
}

int inspect_cut(struct slice value, uint32_t first, uint32_t count, struct buf *out)
{
	struct field_offsets offsets;
	struct binary_reader w;
	uint16_t id;
	uint8_t type;

	if (validate_batch(&w, &offsets, value, NULL) < 0)
		return E_MALFORMED;
	w.in = value.at;
	for (;;) {
		const uint8_t *field = w.in;
		size_t at = (size_t)(field - value.at);

		if (binary_field(&w, &type, &id) < 0)
			return E_MALFORMED;
		if (type == T_STOP)
			break;
		if (at == offsets.spans.from) {
			if (copy_spans(&w, field, first, count, out) < 0)
				return E_MALFORMED;
			continue;
		}
		if (binary_unknown(&w, type) < 0)
			return E_MALFORMED;
		if (at == offsets.process.from || (first == 0 && !is_duplicate(type, id)))
			add_since(out, &w, field);
	}
	buf_byte(out, T_STOP);
	return buf_check(out);
}
