/* SPDX-License-Identifier: Apache-2.0 */
/* numbered_spans.c — one emitBatch message, written once by the Thrift library in either protocol; where
 * the ids and times stand is noted while it is written, and only those bytes change afterwards.
 * That works because every number that changes has a width that does not: ids carry a mark, and
 * microseconds since 1970 have the same varint length from 1978 to 3111. */
#include <stdlib.h>
#include <thrift/c_glib/protocol/thrift_binary_protocol.h>
#include <thrift/c_glib/protocol/thrift_compact_protocol.h>
#include <thrift/c_glib/transport/thrift_memory_buffer.h>

#include "span/numbered_spans.h"

enum {
	ID_VARINT = 9,
	TIME_VARINT = 8,
	LOG_AFTER_US = 120,
	CLIENT_MAX_BYTES = 65000,
	SERVICE_MAX = 200, /* so that the first id stands in what an ICMP error quotes */
};

/* Any moment of these has a varint of TIME_VARINT bytes once it is zigzagged. */
#define TIME_FIRST (UINT64_C(1) << 48)
#define TIME_LAST ((UINT64_C(1) << 55) - 1)

/* Offsets of what changes in one span. */
struct places {
	uint32_t trace_low;
	uint32_t span_id;
	uint32_t start;
	uint32_t log_time;
};

struct numbered_spans {
	bool compact;
	uint32_t spans;
	size_t size;
	uint8_t *bytes;
	struct places *places; /* one a span */
};

/* Thrift's memory buffer forgets to end as the object that it is, which costs 32 bytes each time. */
struct ink {
	ThriftMemoryBuffer parent;
};
struct ink_class {
	ThriftMemoryBufferClass parent;
};
typedef struct ink Ink;
typedef struct ink_class InkClass;
static GType ink_get_type(void);
G_DEFINE_TYPE(Ink, ink, THRIFT_TYPE_MEMORY_BUFFER)

static void ink_finalize(GObject *o)
{
	G_OBJECT_CLASS(ink_parent_class)->finalize(o);
	G_OBJECT_CLASS(g_type_class_peek(G_TYPE_OBJECT))->finalize(o);
}

static void ink_class_init(InkClass *class)
{
	G_OBJECT_CLASS(class)->finalize = ink_finalize;
}

static void ink_init(Ink *i)
{
	(void)i;
}

/* The Thrift library's writer with one error for a whole message. */
struct pen {
	ThriftProtocol *protocol;
	ThriftMemoryBuffer *ink;
	GError *error;
};

static uint32_t at(const struct pen *p)
{
	return p->ink->buf->len;
}

static void field(struct pen *p, ThriftType type, int16_t id)
{
	if (p->error == NULL)
		thrift_protocol_write_field_begin(p->protocol, "", type, id, &p->error);
}

static void begin(struct pen *p)
{
	if (p->error == NULL)
		thrift_protocol_write_struct_begin(p->protocol, "", &p->error);
}

static void end(struct pen *p)
{
	if (p->error == NULL)
		thrift_protocol_write_field_stop(p->protocol, &p->error);
	if (p->error == NULL)
		thrift_protocol_write_struct_end(p->protocol, &p->error);
}

static void list(struct pen *p, int16_t id, uint32_t n)
{
	field(p, T_LIST, id);
	if (p->error == NULL)
		thrift_protocol_write_list_begin(p->protocol, T_STRUCT, (gint32)n, &p->error);
}

/* Returns where the number stands. */
static uint32_t i64(struct pen *p, int16_t id, uint64_t value)
{
	uint32_t where;

	field(p, T_I64, id);
	where = at(p);
	if (p->error == NULL)
		thrift_protocol_write_i64(p->protocol, (gint64)value, &p->error);
	return where;
}

static void i32(struct pen *p, int16_t id, int32_t value)
{
	field(p, T_I32, id);
	if (p->error == NULL)
		thrift_protocol_write_i32(p->protocol, value, &p->error);
}

static void text(struct pen *p, int16_t id, const char *value)
{
	field(p, T_STRING, id);
	if (p->error == NULL)
		thrift_protocol_write_string(p->protocol, value, &p->error);
}

enum { VTYPE_STRING = 0, VTYPE_BOOL = 2, VTYPE_LONG = 3 };

static void tag_text(struct pen *p, const char *key, const char *value)
{
	begin(p);
	text(p, 1, key);
	i32(p, 2, VTYPE_STRING);
	text(p, 3, value);
	end(p);
}

static void tag_true(struct pen *p, const char *key)
{
	begin(p);
	text(p, 1, key);
	i32(p, 2, VTYPE_BOOL);
	field(p, T_BOOL, 5);
	if (p->error == NULL)
		thrift_protocol_write_bool(p->protocol, TRUE, &p->error);
	end(p);
}

static void tag_long(struct pen *p, const char *key, uint64_t value)
{
	begin(p);
	text(p, 1, key);
	i32(p, 2, VTYPE_LONG);
	i64(p, 6, value);
	end(p);
}

static void write_process(struct pen *p, const char *service)
{
	field(p, T_STRUCT, 1);
	begin(p);
	text(p, 1, service);
	list(p, 2, 3);
	tag_text(p, "jaeger.version", "spanspool-emit");
	tag_text(p, "hostname", "localhost");
	tag_text(p, "ip", "127.0.0.1");
	end(p);
}

static void write_log(struct pen *p, struct places *where)
{
	begin(p);
	where->log_time = i64(p, 1, TIME_FIRST);
	list(p, 2, 1);
	tag_text(p, "event", "sent");
	end(p);
}

static void write_span(struct pen *p, uint64_t run, uint32_t slot, struct places *where)
{
	begin(p);
	where->trace_low = i64(p, 1, NUMBERED_MARK);
	i64(p, 2, run);
	where->span_id = i64(p, 3, NUMBERED_MARK);
	i64(p, 4, 0);
	text(p, 5, "GET /order");
	i32(p, 7, 1);
	where->start = i64(p, 8, TIME_FIRST);
	i64(p, 9, 900 + slot);
	list(p, 10, 6);
	tag_text(p, "sampler.type", "const");
	tag_true(p, "sampler.param");
	tag_text(p, "span.kind", "server");
	tag_text(p, "http.method", "GET");
	tag_long(p, "http.status_code", 200);
	tag_long(p, "slot", slot);
	list(p, 11, 1);
	write_log(p, where);
	end(p);
}

static void write_message(struct pen *p, const struct numbered_spans_opts *o, struct places *places)
{
	thrift_protocol_write_message_begin(p->protocol, "emitBatch", T_ONEWAY, 0, &p->error);
	begin(p);
	field(p, T_STRUCT, 1);
	begin(p);
	write_process(p, o->service);
	list(p, 2, o->spans);
	for (uint32_t i = 0; i < o->spans; i++)
		write_span(p, o->run, i, &places[i]);
	end(p);
	end(p);
}

static int take_bytes(struct numbered_spans *n, struct pen *p, size_t max_bytes, struct why *why)
{
	if (p->error != NULL)
		return why_set(why, E_FATAL, "test spans: %s", p->error->message);
	n->size = at(p);
	if (n->size > max_bytes)
		return why_set(why, E_TOO_LARGE, "%u spans make a datagram of %zu bytes, and %zu is the most", n->spans,
		        n->size, max_bytes);
	n->bytes = malloc(n->size);
	if (n->bytes == NULL)
		return why_set(why, E_NOMEM, "test spans");
	memcpy(n->bytes, p->ink->buf->data, n->size);
	return 0;
}

static int encode(struct numbered_spans *n, const struct numbered_spans_opts *o, struct why *why)
{
	struct pen p = { 0 };
	int rc;

	p.ink = g_object_new(ink_get_type(), NULL);
	p.protocol = g_object_new(
	        n->compact ? THRIFT_TYPE_COMPACT_PROTOCOL : THRIFT_TYPE_BINARY_PROTOCOL, "transport", p.ink, NULL);
	write_message(&p, o, n->places);
	rc = take_bytes(n, &p, o->max_bytes == 0 ? CLIENT_MAX_BYTES : o->max_bytes, why);
	g_clear_error(&p.error);
	g_object_unref(p.protocol);
	g_object_unref(p.ink);
	return rc;
}

int numbered_spans_open(struct numbered_spans **out, const struct numbered_spans_opts *o, struct why *why)
{
	struct numbered_spans *n;

	if (o->service[0] == '\0' || strlen(o->service) > SERVICE_MAX)
		return why_set(why, E_USAGE, "a service name has 1 to %d bytes", SERVICE_MAX);
	if (o->spans == 0 || o->spans > CLIENT_MAX_BYTES)
		return why_set(why, E_USAGE, "a datagram has 1 span or more, not %u", o->spans);
	n = calloc(1, sizeof(*n));
	if (n == NULL)
		return why_set(why, E_NOMEM, "test spans");
	n->compact = o->protocol == NUMBERED_COMPACT;
	n->spans = o->spans;
	n->places = calloc(o->spans, sizeof(*n->places));
	if (n->places == NULL) {
		why_set(why, E_NOMEM, "test spans");
		goto fail;
	}
	if (encode(n, o, why) < 0)
		goto fail;
	*out = n;
	return 0;
fail:
	numbered_spans_free(n);
	return why->code;
}

void numbered_spans_free(struct numbered_spans *n)
{
	if (n == NULL)
		return;
	free(n->bytes);
	free(n->places);
	free(n);
}

size_t numbered_spans_size(const struct numbered_spans *n)
{
	return n->size;
}

uint32_t numbered_spans_count(const struct numbered_spans *n)
{
	return n->spans;
}

static void put_varint(uint8_t *to, uint64_t value, int width)
{
	uint64_t zigzag = value << 1;

	for (int i = 0; i < width - 1; i++) {
		to[i] = (uint8_t)(zigzag | 0x80);
		zigzag >>= 7;
	}
	to[width - 1] = (uint8_t)zigzag;
}

static void put_big_endian(uint8_t *to, uint64_t value)
{
	value = __builtin_bswap64(value);
	memcpy(to, &value, sizeof(value));
}

static void patch_compact(const struct numbered_spans *n, uint64_t first, uint64_t wall_us, uint8_t *to)
{
	for (uint32_t i = 0; i < n->spans; i++) {
		const struct places *p = &n->places[i];

		put_varint(to + p->trace_low, numbered_spans_trace_low(first + i), ID_VARINT);
		memcpy(to + p->span_id, to + p->trace_low, ID_VARINT);
		put_varint(to + p->start, wall_us, TIME_VARINT);
		put_varint(to + p->log_time, wall_us + LOG_AFTER_US, TIME_VARINT);
	}
}

static void patch_binary(const struct numbered_spans *n, uint64_t first, uint64_t wall_us, uint8_t *to)
{
	for (uint32_t i = 0; i < n->spans; i++) {
		const struct places *p = &n->places[i];

		put_big_endian(to + p->trace_low, numbered_spans_trace_low(first + i));
		put_big_endian(to + p->span_id, numbered_spans_trace_low(first + i));
		put_big_endian(to + p->start, wall_us);
		put_big_endian(to + p->log_time, wall_us + LOG_AFTER_US);
	}
}

void numbered_spans_write(const struct numbered_spans *n, uint64_t first, uint64_t wall_us, uint8_t *to)
{
	wall_us = min_u64(max_u64(wall_us, TIME_FIRST), TIME_LAST - LOG_AFTER_US);
	memcpy(to, n->bytes, n->size);
	if (n->compact)
		patch_compact(n, first, wall_us, to);
	else
		patch_binary(n, first, wall_us, to);
}

/* False when it has not the width that all of ours have. */
static bool take_varint(const uint8_t *from, uint64_t *value)
{
	uint64_t zigzag = 0;

	for (int i = 0; i < ID_VARINT; i++) {
		if ((from[i] >= 0x80) != (i < ID_VARINT - 1))
			return false;
		zigzag |= (uint64_t)(from[i] & 0x7f) << (7 * i);
	}
	*value = zigzag >> 1;
	return true;
}

bool numbered_spans_first(const struct numbered_spans *n, struct slice beginning, uint64_t *first)
{
	const uint32_t where = n->places[0].trace_low;
	uint64_t low;

	if (beginning.len < where + ID_VARINT)
		return false;
	if (n->compact) {
		if (!take_varint(beginning.at + where, &low))
			return false;
	} else {
		memcpy(&low, beginning.at + where, sizeof(low));
		low = __builtin_bswap64(low);
	}
	return numbered_spans_number(low, first);
}
