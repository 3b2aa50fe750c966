/* SPDX-License-Identifier: Apache-2.0 */
/* compact_reader.c — converts compact protocol to TBinaryProtocol: one pass, field by field, without a copy in
 * between.
 *
 * Every length and count read is checked against the bytes left in the datagram. The output is not checked, because
 * no item grows by more than TRANSCODE_GROWTH: a field's header 1 byte → 3 (with a bool 4), i64 1 → 8, an empty list
 * 1 → 5, an empty map 1 → 6, a string 1 → 4.
 *
 * Numbers are read as jaeger-agent reads them: a varint may be longer than needed, a value that does not fit into 16
 * or 32 bits is truncated, and a bool is true only when its byte is 1. The type UUID, which most readers in use
 * cannot skip, is refused like an unknown type. */
#include <endian.h>

#include "base/err.h"
#include "compact_reader.h"
#include "span/transcode.h"

#define EVERY_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

/* Type codes of compact protocol. */
enum { C_STOP, C_TRUE, C_FALSE, C_BYTE, C_I16, C_I32, C_I64, C_DOUBLE, C_TEXT, C_LIST, C_SET, C_MAP, C_STRUCT };

enum { SHORT_TEXT = 32 };

static const uint8_t binary_type[16] = {
	[C_TRUE] = T_BOOL,
	[C_FALSE] = T_BOOL,
	[C_BYTE] = T_BYTE,
	[C_I16] = T_I16,
	[C_I32] = T_I32,
	[C_I64] = T_I64,
	[C_DOUBLE] = T_DOUBLE,
	[C_TEXT] = T_STRING,
	[C_LIST] = T_LIST,
	[C_SET] = T_SET,
	[C_MAP] = T_MAP,
	[C_STRUCT] = T_STRUCT,
};

static const struct schema schema_unknown = { .name = "unknown" };

static int compact_container(struct compact_reader *p, uint8_t code, const struct schema *of, unsigned depth);

ALWAYS_INLINE size_t bytes_left(const struct compact_reader *p)
{
	return (size_t)(p->end - p->in);
}

ALWAYS_INLINE void put_32(struct compact_reader *p, uint32_t v)
{
	v = htobe32(v);
	memcpy(p->out, &v, sizeof(v));
	p->out += sizeof(v);
}

ALWAYS_INLINE void put_64(struct compact_reader *p, uint64_t v)
{
	v = htobe64(v);
	memcpy(p->out, &v, sizeof(v));
	p->out += sizeof(v);
}

ALWAYS_INLINE uint64_t load_64(const uint8_t *at)
{
	uint64_t v;

	memcpy(&v, at, sizeof(v));
	return le64toh(v);
}

ALWAYS_INLINE uint64_t zigzag_64(uint64_t v)
{
	return (v >> 1) ^ -(v & 1);
}

ALWAYS_INLINE uint32_t zigzag_32(uint64_t v)
{
	return ((uint32_t)v >> 1) ^ -((uint32_t)v & 1);
}

/* Reads a varint near the end of the datagram, or one longer than 10 bytes. */
static const uint8_t *read_varint_bytewise(const uint8_t *in, const uint8_t *end, uint64_t *v)
{
	*v = 0;
	for (unsigned shift = 0; in < end; shift += 7) {
		uint8_t b = *in++;

		if (shift < 64)
			*v |= (uint64_t)(b & 0x7f) << shift;
		if (b < 0x80)
			return in;
	}
	return NULL;
}

/* Joins the low seven bits of each of eight bytes. */
ALWAYS_INLINE uint64_t unpack_varint(uint64_t x)
{
	x &= EVERY_BYTE(0x7f);
	x = (x & UINT64_C(0x007f007f007f007f)) | (x & UINT64_C(0x7f007f007f007f00)) >> 1;
	x = (x & UINT64_C(0x00003fff00003fff)) | (x & UINT64_C(0x3fff00003fff0000)) >> 2;
	return (x & UINT64_C(0x0fffffff)) | (x & UINT64_C(0x0fffffff00000000)) >> 4;
}

/* Reads a varint; returns the byte behind it, or NULL when it is cut off. Ids are random and take nine or ten bytes,
 * so this case must not branch on which. */
ALWAYS_INLINE const uint8_t *read_varint(const uint8_t *in, const uint8_t *end, uint64_t *v)
{
	uint64_t x, stop;
	unsigned more;

	if (__builtin_expect(end - in < 10, 0))
		return read_varint_bytewise(in, end, v);
	if (in[0] < 0x80) {
		*v = in[0];
		return in + 1;
	}
	x = load_64(in);
	stop = ~x & EVERY_BYTE(0x80);
	if (stop != 0) {
		*v = unpack_varint(x & (stop ^ (stop - 1)));
		return in + __builtin_ctzll(stop) / 8 + 1;
	}
	more = in[8] >> 7;
	if (__builtin_expect(more && in[9] >= 0x80, 0))
		return read_varint_bytewise(in, end, v);
	*v = unpack_varint(x) | (uint64_t)(in[8] & 0x7f) << 56 | (uint64_t)(in[9] & more) << 63;
	return in + 9 + more;
}

int compact_varint(struct compact_reader *p, uint64_t *v)
{
	p->in = read_varint(p->in, p->end, v);
	return p->in == NULL ? E_MALFORMED : 0;
}

/* Copies LEN bytes, which the caller has checked to be there. A short string is copied with one fixed-size memcpy():
 * it copies too much, which later output overwrites; the input has that many bytes left, so the output has room for
 * them. */
ALWAYS_INLINE void copy_bytes(struct compact_reader *p, size_t len)
{
	if (len <= SHORT_TEXT && bytes_left(p) >= SHORT_TEXT)
		memcpy(p->out, p->in, SHORT_TEXT);
	else
		memcpy(p->out, p->in, len);
	p->in += len;
	p->out += len;
}

/* Reads a length or count; false when fewer bytes than that are left. */
ALWAYS_INLINE bool read_count(struct compact_reader *p, uint32_t *n)
{
	uint64_t v;

	p->in = read_varint(p->in, p->end, &v);
	*n = (uint32_t)v;
	return p->in != NULL && *n <= bytes_left(p);
}

/* Converts one scalar value. False: malformed. */
ALWAYS_INLINE bool compact_scalar(struct compact_reader *p, uint8_t code)
{
	uint64_t v;
	uint32_t n;

	switch (code) {
	case C_I16:
	case C_I32:
	case C_I64:
		p->in = read_varint(p->in, p->end, &v);
		if (__builtin_expect(p->in == NULL, 0))
			return false;
		if (code == C_I64)
			put_64(p, zigzag_64(v));
		else if (code == C_I32)
			put_32(p, zigzag_32(v));
		else {
			*p->out++ = (uint8_t)(zigzag_32(v) >> 8);
			*p->out++ = (uint8_t)zigzag_32(v);
		}
		return true;
	case C_TEXT:
		if (__builtin_expect(!read_count(p, &n), 0))
			return false;
		put_32(p, n);
		copy_bytes(p, n);
		return true;
	case C_DOUBLE:
		if (bytes_left(p) < 8)
			return false;
		put_64(p, load_64(p->in));
		p->in += 8;
		return true;
	case C_BYTE:
		if (bytes_left(p) < 1)
			return false;
		*p->out++ = *p->in++;
		return true;
	}
	return false;
}

/* Reads a field's type code, and its id into *LAST, which has the id before on entry. False: malformed. */
ALWAYS_INLINE bool read_field_header(struct compact_reader *p, uint8_t *code, uint16_t *last)
{
	uint64_t v;
	uint8_t b;

	if (__builtin_expect(p->in == p->end, 0))
		return false;
	b = *p->in++;
	*code = b & 0x0f;
	*last = (uint16_t)(*last + (b >> 4));
	if (__builtin_expect(b < 0x10, 0) && b != C_STOP) {
		p->in = read_varint(p->in, p->end, &v);
		if (p->in == NULL)
			return false;
		*last = (uint16_t)zigzag_32(v);
	}
	return true;
}

int compact_field(struct compact_reader *p, uint8_t *code, uint16_t *last)
{
	return read_field_header(p, code, last) ? 0 : E_MALFORMED;
}

ALWAYS_INLINE void put_field_header(struct compact_reader *p, uint8_t type, uint16_t id)
{
	uint32_t v = htobe32((uint32_t)type << 24 | (uint32_t)id << 8);

	memcpy(p->out, &v, sizeof(v));
	p->out += FIELD_HEADER;
}

static int compact_struct(struct compact_reader *to, const struct schema *s, unsigned depth)
{
	struct compact_reader p = *to;
	uint32_t seen = 0;
	uint16_t id = 0;
	uint8_t code;

	if (depth > TRANSCODE_DEPTH)
		return E_MALFORMED;
	for (;;) {
		uint8_t *field = p.out;
		bool known;

		if (!read_field_header(&p, &code, &id))
			return E_MALFORMED;
		if (code == C_STOP)
			break;
		known = schema_knows(s, id, binary_type[code]);
		seen |= (uint32_t)known << (id & (SCHEMA_IDS - 1));
		put_field_header(&p, binary_type[code], id);
		if (code <= C_FALSE)
			*p.out++ = code == C_TRUE;
		else if (code <= C_TEXT) {
			if (!compact_scalar(&p, code))
				return E_MALFORMED;
		} else {
			to->in = p.in;
			to->out = p.out;
			if (compact_container(to, code, known ? s->of[id] : NULL, depth + 1) < 0)
				return E_MALFORMED;
			p.in = to->in;
			p.out = to->out;
		}
		if (s->kind != SCHEMA_IS_PLAIN && known)
			field_offsets_record(p.offsets, s, id,
			        (struct byte_range){ (size_t)(field - p.batch), (size_t)(p.out - p.batch) });
	}
	*p.out++ = T_STOP;
	to->in = p.in;
	to->out = p.out;
	return (seen & s->required) == s->required ? 0 : E_MALFORMED;
}

/* Converts one element of a list, set or map. */
static int compact_element(struct compact_reader *p, uint8_t code, unsigned depth)
{
	if (code >= C_LIST)
		return compact_container(p, code, NULL, depth);
	if (code > C_FALSE)
		return compact_scalar(p, code) ? 0 : E_MALFORMED;
	if (bytes_left(p) < 1)
		return E_MALFORMED;
	*p->out++ = *p->in++ == 1;
	return 0;
}

static int compact_list(struct compact_reader *p, const struct schema *of, unsigned depth)
{
	uint32_t n;
	uint8_t code;

	if (bytes_left(p) < 1)
		return E_MALFORMED;
	code = *p->in & 0x0f;
	n = *p->in++ >> 4;
	if (n == 0x0f ? !read_count(p, &n) : n > bytes_left(p))
		return E_MALFORMED;
	/* An empty list may have no element type. */
	if (binary_type[code] == T_STOP && (code != C_STOP || n > 0))
		return E_MALFORMED;
	if (of != NULL && n > 0 && code != C_STRUCT)
		return E_MALFORMED;
	*p->out++ = binary_type[code];
	put_32(p, n);
	if (code == C_STRUCT) {
		for (of = of != NULL ? of : &schema_unknown; n > 0; n--)
			if (compact_struct(p, of, depth + 1) < 0)
				return E_MALFORMED;
		return 0;
	}
	for (; n > 0; n--)
		if (compact_element(p, code, depth + 1) < 0)
			return E_MALFORMED;
	return 0;
}

static int compact_map(struct compact_reader *p, unsigned depth)
{
	uint32_t n;
	uint8_t types = 0;

	if (!read_count(p, &n))
		return E_MALFORMED;
	if (n > 0) {
		types = *p->in++;
		if (binary_type[types >> 4] == T_STOP || binary_type[types & 0x0f] == T_STOP)
			return E_MALFORMED;
	}
	*p->out++ = binary_type[types >> 4];
	*p->out++ = binary_type[types & 0x0f];
	put_32(p, n);
	for (; n > 0; n--)
		if (compact_element(p, types >> 4, depth + 1) < 0 || compact_element(p, types & 0x0f, depth + 1) < 0)
			return E_MALFORMED;
	return 0;
}

/* Converts a struct, map, list or set; OF is the schema of its structs, or NULL. */
static int compact_container(struct compact_reader *p, uint8_t code, const struct schema *of, unsigned depth)
{
	if (depth > TRANSCODE_DEPTH)
		return E_MALFORMED;
	switch (code) {
	case C_STRUCT:
		return compact_struct(p, of != NULL ? of : &schema_unknown, depth);
	case C_LIST:
	case C_SET:
		return compact_list(p, of, depth);
	case C_MAP:
		return compact_map(p, depth);
	}
	return E_MALFORMED;
}

int compact_batch(struct compact_reader *p)
{
	*p->offsets = (struct field_offsets){ 0 };
	p->batch = p->out;
	return compact_struct(p, &schema_batch, 1);
}

int compact_zipkin_spans(struct compact_reader *p)
{
	return compact_list(p, &schema_zipkin_span, 1);
}

int compact_unknown(struct compact_reader *p, uint8_t code)
{
	/* The value of a bool is in the field's header. */
	if (code == C_TRUE || code == C_FALSE)
		return 0;
	return compact_element(p, code, 1);
}
