/* SPDX-License-Identifier: Apache-2.0 */
/* numbered_spans.c — the Thrift library writes one emitBatch message in either protocol, during which the offsets of
 * ids and times are recorded; afterwards only those bytes are patched. Their widths are constant: ids carry a mark,
 * and microseconds since 1970 have the same varint length from 1978 to 3111. */
#include <stdlib.h>
#include <thrift/c_glib/protocol/thrift_binary_protocol.h>
#include <thrift/c_glib/protocol/thrift_compact_protocol.h>
#include <thrift/c_glib/transport/thrift_memory_buffer.h>

#include "testkit/numbered_spans.h"

enum {
	ID_VARINT = 9,
	TIME_VARINT = 8,
	LOG_AFTER_US = 120,
	CLIENT_MAX_BYTES = 65000,
	SERVICE_MAX = 200, /* so that an ICMP error quotes enough to include the first id */
};

/* The zigzag varint of any time in this range has TIME_VARINT bytes. */
#define TIME_FIRST (UINT64_C(1) << 48)
#define TIME_LAST ((UINT64_C(1) << 55) - 1)

/* Offsets of the patched fields of one span. */
struct span_offsets {
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
	struct span_offsets *offsets; /* one per span */
};

/* ThriftMemoryBuffer's finalize does not call GObject's, which leaks 32 bytes per buffer; this subclass does. */
struct message_buffer {
	ThriftMemoryBuffer parent;
};
struct message_buffer_class {
	ThriftMemoryBufferClass parent;
};
typedef struct message_buffer MessageBuffer;
typedef struct message_buffer_class MessageBufferClass;
static GType message_buffer_get_type(void);
G_DEFINE_TYPE(MessageBuffer, message_buffer, THRIFT_TYPE_MEMORY_BUFFER)

static void message_buffer_finalize(GObject *o)
{
	G_OBJECT_CLASS(message_buffer_parent_class)->finalize(o);
	G_OBJECT_CLASS(g_type_class_peek(G_TYPE_OBJECT))->finalize(o);
}

static void message_buffer_class_init(MessageBufferClass *class)
{
	G_OBJECT_CLASS(class)->finalize = message_buffer_finalize;
}

static void message_buffer_init(MessageBuffer *i)
{
	(void)i;
}

/* A Thrift writer; after an error its functions do nothing. */
struct thrift_writer {
	ThriftProtocol *protocol;
	ThriftMemoryBuffer *buffer;
	GError *error;
};

static uint32_t offset_of_next(const struct thrift_writer *p)
{
	return p->buffer->buf->len;
}

static void begin_field(struct thrift_writer *p, ThriftType type, int16_t id)
{
	if (p->error == NULL)
		thrift_protocol_write_field_begin(p->protocol, "", type, id, &p->error);
}

static void begin_struct(struct thrift_writer *p)
{
	if (p->error == NULL)
		thrift_protocol_write_struct_begin(p->protocol, "", &p->error);
}

static void end_struct(struct thrift_writer *p)
{
	if (p->error == NULL)
		thrift_protocol_write_field_stop(p->protocol, &p->error);
	if (p->error == NULL)
		thrift_protocol_write_struct_end(p->protocol, &p->error);
}

static void begin_list(struct thrift_writer *p, int16_t id, uint32_t n)
{
	begin_field(p, T_LIST, id);
	if (p->error == NULL)
		thrift_protocol_write_list_begin(p->protocol, T_STRUCT, (gint32)n, &p->error);
}

/* Returns the offset of the number. */
static uint32_t write_i64(struct thrift_writer *p, int16_t id, uint64_t value)
{
	uint32_t where;

	begin_field(p, T_I64, id);
	where = offset_of_next(p);
	if (p->error == NULL)
		thrift_protocol_write_i64(p->protocol, (gint64)value, &p->error);
	return where;
}

static void write_i32(struct thrift_writer *p, int16_t id, int32_t value)
{
	begin_field(p, T_I32, id);
	if (p->error == NULL)
		thrift_protocol_write_i32(p->protocol, value, &p->error);
}

static void write_text(struct thrift_writer *p, int16_t id, const char *value)
{
	begin_field(p, T_STRING, id);
	if (p->error == NULL)
		thrift_protocol_write_string(p->protocol, value, &p->error);
}

enum { VTYPE_STRING = 0, VTYPE_BOOL = 2, VTYPE_LONG = 3 };

static void write_text_tag(struct thrift_writer *p, const char *key, const char *value)
{
	begin_struct(p);
	write_text(p, 1, key);
	write_i32(p, 2, VTYPE_STRING);
	write_text(p, 3, value);
	end_struct(p);
}

static void write_true_tag(struct thrift_writer *p, const char *key)
{
	begin_struct(p);
	write_text(p, 1, key);
	write_i32(p, 2, VTYPE_BOOL);
	begin_field(p, T_BOOL, 5);
	if (p->error == NULL)
		thrift_protocol_write_bool(p->protocol, TRUE, &p->error);
	end_struct(p);
}

static void write_long_tag(struct thrift_writer *p, const char *key, uint64_t value)
{
	begin_struct(p);
	write_text(p, 1, key);
	write_i32(p, 2, VTYPE_LONG);
	write_i64(p, 6, value);
	end_struct(p);
}

static void write_process(struct thrift_writer *p, const char *service)
{
	begin_field(p, T_STRUCT, 1);
	begin_struct(p);
	write_text(p, 1, service);
	begin_list(p, 2, 3);
	write_text_tag(p, "jaeger.version", "spanspool-emit");
	write_text_tag(p, "hostname", "localhost");
	write_text_tag(p, "ip", "127.0.0.1");
	end_struct(p);
}

static void write_log(struct thrift_writer *p, struct span_offsets *where)
{
	begin_struct(p);
	where->log_time = write_i64(p, 1, TIME_FIRST);
	begin_list(p, 2, 1);
	write_text_tag(p, "event", "sent");
	end_struct(p);
}

static void write_span(struct thrift_writer *p, uint64_t run, uint32_t slot, struct span_offsets *where)
{
	begin_struct(p);
	where->trace_low = write_i64(p, 1, NUMBERED_MARK);
	write_i64(p, 2, run);
	where->span_id = write_i64(p, 3, NUMBERED_MARK);
	write_i64(p, 4, 0);
	write_text(p, 5, "GET /order");
	write_i32(p, 7, 1);
	where->start = write_i64(p, 8, TIME_FIRST);
	write_i64(p, 9, 900 + slot);
	begin_list(p, 10, 6);
	write_text_tag(p, "sampler.type", "const");
	write_true_tag(p, "sampler.param");
	write_text_tag(p, "span.kind", "server");
	write_text_tag(p, "http.method", "GET");
	write_long_tag(p, "http.status_code", 200);
	write_long_tag(p, "slot", slot);
	begin_list(p, 11, 1);
	write_log(p, where);
	end_struct(p);
}

static void write_message(struct thrift_writer *p, const struct numbered_spans_opts *o, struct span_offsets *offsets)
{
	thrift_protocol_write_message_begin(p->protocol, "emitBatch", T_ONEWAY, 0, &p->error);
	begin_struct(p);
	begin_field(p, T_STRUCT, 1);
	begin_struct(p);
	write_process(p, o->service);
	begin_list(p, 2, o->spans);
	for (uint32_t i = 0; i < o->spans; i++)
		write_span(p, o->run, i, &offsets[i]);
	end_struct(p);
	end_struct(p);
}

static int copy_message(struct numbered_spans *n, struct thrift_writer *p, size_t max_bytes, struct why *why)
{
	if (p->error != NULL)
		return why_set(why, E_FATAL, "test spans: %s", p->error->message);
	n->size = offset_of_next(p);
	if (n->size > max_bytes)
		return why_set(why, E_TOO_LARGE, "%u spans make a datagram of %zu bytes, and %zu is the most", n->spans,
		        n->size, max_bytes);
	n->bytes = malloc(n->size);
	if (n->bytes == NULL)
		return why_set(why, E_NOMEM, "test spans");
	memcpy(n->bytes, p->buffer->buf->data, n->size);
	return 0;
}

static int encode_message(struct numbered_spans *n, const struct numbered_spans_opts *o, struct why *why)
{
	struct thrift_writer p = { 0 };
	int rc;

	p.buffer = g_object_new(message_buffer_get_type(), NULL);
	p.protocol = g_object_new(
	        n->compact ? THRIFT_TYPE_COMPACT_PROTOCOL : THRIFT_TYPE_BINARY_PROTOCOL, "transport", p.buffer, NULL);
	write_message(&p, o, n->offsets);
	rc = copy_message(n, &p, o->max_bytes == 0 ? CLIENT_MAX_BYTES : o->max_bytes, why);
	g_clear_error(&p.error);
	g_object_unref(p.protocol);
	g_object_unref(p.buffer);
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
	n->offsets = calloc(o->spans, sizeof(*n->offsets));
	if (n->offsets == NULL) {
		why_set(why, E_NOMEM, "test spans");
		goto fail;
	}
	if (encode_message(n, o, why) < 0)
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
	free(n->offsets);
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
		const struct span_offsets *p = &n->offsets[i];

		put_varint(to + p->trace_low, numbered_spans_trace_low(first + i), ID_VARINT);
		memcpy(to + p->span_id, to + p->trace_low, ID_VARINT);
		put_varint(to + p->start, wall_us, TIME_VARINT);
		put_varint(to + p->log_time, wall_us + LOG_AFTER_US, TIME_VARINT);
	}
}

static void patch_binary(const struct numbered_spans *n, uint64_t first, uint64_t wall_us, uint8_t *to)
{
	for (uint32_t i = 0; i < n->spans; i++) {
		const struct span_offsets *p = &n->offsets[i];

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

/* False when the varint's width is not ID_VARINT. */
static bool read_varint(const uint8_t *from, uint64_t *value)
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
	const uint32_t where = n->offsets[0].trace_low;
	uint64_t low;

	if (beginning.len < where + ID_VARINT)
		return false;
	if (n->compact) {
		if (!read_varint(beginning.at + where, &low))
			return false;
	} else {
		memcpy(&low, beginning.at + where, sizeof(low));
		low = __builtin_bswap64(low);
	}
	return numbered_spans_number(low, first);
}
