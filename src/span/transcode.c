/* SPDX-License-Identifier: Apache-2.0 */
/* transcode.c — parses the message header of a datagram, converts its Batch, and adds the agent's tags.
 *
 *   message   protocol, version, type, sequence number, method: only the method counts
 *   arguments field 1 is the Batch or the list of Zipkin spans, of duplicates the last; other fields are skipped
 *   rest      ignored
 *
 * A compact Batch is converted (compact_reader.c); a TBinary Batch is validated in place (binary_reader.c) and
 * copied. Both record the offsets of the Process and its tags. */
#include <endian.h>

#include "client_report.h"
#include "compact_reader.h"
#include "span/transcode.h"
#include "binary_reader.h"
#include "binary_writer.h"

enum {
	COMPACT_ID = 0x82,
	COMPACT_VERSION = 1,
	COMPACT_LIST = 9,
	COMPACT_STRUCT = 12,
	ARGUMENT_ID = 1,
};

#define BINARY_VERSION UINT32_C(0x80010000)
#define BINARY_STRICT UINT32_C(0x80000000)

/* A method of the service Agent and its argument. */
struct method {
	const char *name;
	uint8_t compact_type, binary_type;
	int (*convert)(struct compact_reader *p);
	int (*check)(struct binary_reader *w);
};

static const struct method emit_batch = { "emitBatch", COMPACT_STRUCT, T_STRUCT, compact_batch, binary_batch };
static const struct method emit_zipkin_batch = { "emitZipkinBatch", COMPACT_LIST, T_LIST, compact_zipkin_spans,
	binary_zipkin_spans };

/* The output under construction. */
struct output {
	uint8_t *at;
	size_t size;
	const struct method *method; /* to convert; a message of another method is refused */
	struct slice called;         /* name of the method in the message; empty: its header is malformed */
	struct field_offsets offsets;
};

size_t transcode_bound(size_t datagram_size, const struct transcode_tags *tags)
{
	return datagram_size * TRANSCODE_GROWTH + tags->encoded.len + FIELD_HEADER + LIST_HEADER;
}

static int check_method(struct output *o)
{
	return slice_is(o->called, o->method->name) ? 0 : E_UNKNOWN_METHOD;
}

static int read_compact_header(struct compact_reader *p, struct output *o)
{
	uint64_t v;

	if (p->end - p->in < 2 || (p->in[1] & 0x1f) != COMPACT_VERSION)
		return E_MALFORMED;
	p->in += 2;
	if (compact_varint(p, &v) < 0 || compact_varint(p, &v) < 0)
		return E_MALFORMED;
	if ((uint32_t)v > (size_t)(p->end - p->in))
		return E_MALFORMED;
	o->called = slice_of(p->in, (uint32_t)v);
	p->in += o->called.len;
	return check_method(o);
}

static int convert_compact(struct slice datagram, struct output *o)
{
	struct compact_reader p = {
		.in = datagram.at,
		.end = datagram.at + datagram.len,
		.out = o->at,
		.offsets = &o->offsets,
	};
	uint16_t id = 0;
	uint8_t type;
	int rc = read_compact_header(&p, o);

	if (rc < 0)
		return rc;
	for (;;) {
		if (compact_field(&p, &type, &id) < 0)
			return E_MALFORMED;
		if (type == 0)
			break;
		if (id == ARGUMENT_ID && type == o->method->compact_type) {
			p.out = o->at;
			if (o->method->convert(&p) < 0)
				return E_MALFORMED;
			o->size = (size_t)(p.out - o->at);
		} else if (compact_unknown(&p, type) < 0)
			return E_MALFORMED;
	}
	return o->size > 0 ? 0 : E_MALFORMED;
}

/* Reads a TBinary message header, strict (with a version) or old (without). */
static int read_binary_header(struct binary_reader *w, struct output *o)
{
	uint32_t first, sequence;

	if (binary_32(w, &first) < 0)
		return E_MALFORMED;
	if ((first & BINARY_STRICT) == 0)
		w->in = w->start; /* the number is the length of the name */
	else if ((first & UINT32_C(0xffff0000)) != BINARY_VERSION)
		return E_MALFORMED;
	if (binary_text(w, &o->called) < 0)
		return E_MALFORMED;
	if ((first & BINARY_STRICT) == 0) {
		if (w->in == w->end)
			return E_MALFORMED;
		w->in++; /* the type */
	}
	if (binary_32(w, &sequence) < 0)
		return E_MALFORMED;
	return check_method(o);
}

/* Copies the validated argument BYTES and sets bools that are neither 0 nor 1 to 0. */
static int copy_binary(struct slice bytes, bool odd_bool, struct output *o)
{
	struct binary_reader w;

	memcpy(o->at, bytes.at, bytes.len);
	o->size = bytes.len;
	if (!odd_bool)
		return 0;
	binary_begin(&w, slice_of(o->at, o->size));
	w.fix_bools = o->at;
	return o->method->check(&w);
}

static int copy_from_binary(struct slice datagram, struct output *o)
{
	struct slice argument = { 0 };
	struct binary_reader w;
	bool odd_bool = false;
	uint16_t id;
	uint8_t type;
	int rc;

	binary_begin(&w, datagram);
	w.offsets = &o->offsets;
	rc = read_binary_header(&w, o);
	if (rc < 0)
		return rc;
	for (;;) {
		if (binary_field(&w, &type, &id) < 0)
			return E_MALFORMED;
		if (type == T_STOP)
			break;
		if (id == ARGUMENT_ID && type == o->method->binary_type) {
			w.odd_bool = false;
			if (o->method->check(&w) < 0)
				return E_MALFORMED;
			argument = slice_of(w.start, (size_t)(w.in - w.start));
			odd_bool = w.odd_bool;
		} else if (binary_unknown(&w, type) < 0)
			return E_MALFORMED;
	}
	return argument.len > 0 ? copy_binary(argument, odd_bool, o) : E_MALFORMED;
}

static void set_32(uint8_t *at, uint32_t v)
{
	v = htobe32(v);
	memcpy(at, &v, sizeof(v));
}

/* Inserts LEN bytes at offset AT and adjusts the field offsets behind it; returns the gap. */
static uint8_t *insert_gap(struct output *o, size_t at, size_t len)
{
	struct field_offsets *m = &o->offsets;

	memmove(o->at + at + len, o->at + at, o->size - at);
	o->size += len;
	if (m->service.from >= at)
		m->service.from += len;
	if (m->spans.from >= at)
		m->spans.from += len;
	return o->at + at;
}

/* Adds TAGS behind the tags of the Process, or as its last field when it has none. */
static void add_tags(struct output *o, const struct transcode_tags *tags)
{
	const struct field_offsets *m = &o->offsets;
	uint8_t *list, *gap;

	if (tags->count == 0)
		return;
	if (m->tags.from > 0) {
		list = o->at + m->tags.from + FIELD_HEADER;
		/* An empty list may have no element type. */
		list[0] = T_STRUCT;
		set_32(list + 1, binary_get_32(list + 1) + tags->count);
		gap = insert_gap(o, m->tags.to, tags->encoded.len);
	} else {
		gap = insert_gap(o, m->process.to - 1, FIELD_HEADER + LIST_HEADER + tags->encoded.len);
		memcpy(gap, (const uint8_t[]){ T_LIST, 0, 2, T_STRUCT }, FIELD_HEADER + 1);
		set_32(gap + FIELD_HEADER + 1, tags->count);
		gap += FIELD_HEADER + LIST_HEADER;
	}
	memcpy(gap, tags->encoded.at, tags->encoded.len);
}

static bool is_compact(struct slice datagram)
{
	return datagram.at[0] == COMPACT_ID;
}

static int convert_argument(struct slice datagram, struct output *o)
{
	if (datagram.len == 0)
		return E_MALFORMED;
	return is_compact(datagram) ? convert_compact(datagram, o) : copy_from_binary(datagram, o);
}

int transcode_datagram(struct slice datagram, const struct transcode_tags *tags, uint8_t *out, size_t cap,
        struct transcode_facts *facts)
{
	struct output o = { .at = out, .method = &emit_batch };
	const uint8_t *service;
	int rc;

	*facts = (struct transcode_facts){ 0 };
	if (cap < transcode_bound(datagram.len, tags))
		return E_TOO_LARGE;
	rc = convert_argument(datagram, &o);
	facts->zipkin = rc == E_UNKNOWN_METHOD && slice_is(o.called, emit_zipkin_batch.name);
	if (rc < 0)
		return rc;
	facts->compact = is_compact(datagram);
	if (o.offsets.number.to > 0)
		client_report_read(&facts->client, out, &o.offsets);
	add_tags(&o, tags); /* behind client.uuid, which stays where it is */
	service = out + o.offsets.service.from + FIELD_HEADER;
	facts->size = o.size;
	facts->spans = binary_get_32(out + o.offsets.spans.from + FIELD_HEADER + 1);
	facts->service = slice_of(service + 4, binary_get_32(service));
	return 0;
}

int transcode_zipkin(struct slice datagram, uint8_t *out, size_t cap, struct slice *spans)
{
	struct output o = { .at = out, .method = &emit_zipkin_batch };
	int rc = cap < datagram.len * TRANSCODE_GROWTH ? E_TOO_LARGE : convert_argument(datagram, &o);

	*spans = slice_of(out, rc < 0 ? 0 : o.size);
	return rc;
}

void transcode_encode_tag(struct buf *to, const char *key, const char *value)
{
	binary_put_text_tag(to, slice_text(key), TAG_STRING, slice_text(value));
}
