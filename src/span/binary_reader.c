/* SPDX-License-Identifier: Apache-2.0 */
/* binary_reader.c — reads a TBinaryProtocol struct and validates it against its schema. Changes nothing but bools
 * that are neither 0 nor 1. An error is a sentence with the byte offset. */
#include <endian.h>

#include "span/transcode.h"
#include "binary_reader.h"

static const struct schema schema_unknown = { .name = "unknown struct" };

/* Minimum bytes of a value, which up to T_I64 is its exact size; 0 for a code that is no type. */
static const uint8_t least_size[16] = {
	[T_BOOL] = 1,
	[T_BYTE] = 1,
	[T_I16] = 2,
	[T_I32] = 4,
	[T_I64] = 8,
	[T_DOUBLE] = 8,
	[T_STRING] = 4,
	[T_STRUCT] = 1,
	[T_MAP] = 6,
	[T_SET] = 5,
	[T_LIST] = 5,
};

static int binary_container(struct binary_reader *w, uint8_t type, const struct schema *of, unsigned depth);

uint32_t binary_get_32(const uint8_t *at)
{
	uint32_t v;

	memcpy(&v, at, sizeof(v));
	return be32toh(v);
}

uint64_t binary_get_64(const uint8_t *at)
{
	uint64_t v;

	memcpy(&v, at, sizeof(v));
	return be64toh(v);
}

static size_t bytes_left(const struct binary_reader *w)
{
	return (size_t)(w->end - w->in);
}

static __attribute__((noinline, cold)) void set_error(struct binary_reader *w, const char *what, const char *where)
{
	if (w->why != NULL)
		why_set(w->why, E_MALFORMED, "%s%s at byte %zu", what, where, (size_t)(w->in - w->start));
}

/* Sets WHY and returns E_MALFORMED; the offset is that of IN. */
ALWAYS_INLINE int fail_with(struct binary_reader *w, const char *what, const char *where)
{
	set_error(w, what, where);
	return E_MALFORMED;
}

ALWAYS_INLINE int fail_truncated(struct binary_reader *w)
{
	return fail_with(w, "the end comes too early", "");
}

static __attribute__((noinline, cold)) int fail_missing(struct binary_reader *w, const struct schema *s, uint32_t seen)
{
	int id = __builtin_ctz(s->required & ~seen);

	if (w->why != NULL)
		why_set(w->why, E_MALFORMED, "%s without its %s before byte %zu", s->name, s->field[id],
		        (size_t)(w->in - w->start));
	return E_MALFORMED;
}

static bool is_type(uint8_t code)
{
	return code < ARRAY_LEN(least_size) && least_size[code] > 0;
}

/* True when CODE is a valid element type of a container of N elements: an empty one may have none. */
static bool may_hold(uint8_t code, uint32_t n)
{
	return is_type(code) || (code == T_STOP && n == 0);
}

static void check_bools(struct binary_reader *w, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (w->in[i] <= 1)
			continue;
		w->odd_bool = true;
		if (w->fix_bools != NULL)
			w->fix_bools[w->in - w->start + (ptrdiff_t)i] = 0;
	}
}

static bool has_fixed_size(uint8_t type)
{
	return type <= T_I64;
}

/* Skips N values of a type of fixed size. */
ALWAYS_INLINE int binary_fixed(struct binary_reader *w, uint8_t type, size_t n)
{
	if (bytes_left(w) / least_size[type] < n)
		return fail_truncated(w);
	if (type == T_BOOL)
		check_bools(w, n);
	w->in += n * least_size[type];
	return 0;
}

/* Reads 32 bits; the caller has checked that they are there. */
static uint32_t read_32(struct binary_reader *w)
{
	uint32_t v = binary_get_32(w->in);

	w->in += sizeof(v);
	return v;
}

int binary_32(struct binary_reader *w, uint32_t *v)
{
	if (bytes_left(w) < sizeof(*v))
		return fail_truncated(w);
	*v = read_32(w);
	return 0;
}

ALWAYS_INLINE int read_text(struct binary_reader *w, struct slice *text)
{
	uint32_t n;

	if (bytes_left(w) < sizeof(n))
		return fail_truncated(w);
	n = read_32(w);
	if (n > bytes_left(w))
		return fail_with(w, "a text longer than what is left", "");
	*text = slice_of(w->in, n);
	w->in += n;
	return 0;
}

int binary_text(struct binary_reader *w, struct slice *text)
{
	return read_text(w, text);
}

ALWAYS_INLINE int read_field(struct binary_reader *w, uint8_t *type, uint16_t *id)
{
	if (bytes_left(w) < 1)
		return fail_truncated(w);
	*type = *w->in;
	if (*type == T_STOP) {
		w->in++;
		return 0;
	}
	if (bytes_left(w) < FIELD_HEADER)
		return fail_truncated(w);
	if (!is_type(*type))
		return fail_with(w, "a field of no known type", "");
	*id = (uint16_t)(w->in[1] << 8 | w->in[2]);
	w->in += FIELD_HEADER;
	return 0;
}

int binary_field(struct binary_reader *w, uint8_t *type, uint16_t *id)
{
	return read_field(w, type, id);
}

/* Skips one value of TYPE. The common types are inlined. */
ALWAYS_INLINE int binary_value(struct binary_reader *w, uint8_t type, const struct schema *of, unsigned depth)
{
	struct slice text;

	if (has_fixed_size(type))
		return binary_fixed(w, type, 1);
	if (type == T_STRING)
		return read_text(w, &text);
	return binary_container(w, type, of, depth);
}

static int binary_struct(struct binary_reader *w, const struct schema *s, unsigned depth)
{
	uint32_t seen = 0;
	uint16_t id = 0;
	uint8_t type;

	for (;;) {
		const uint8_t *field = w->in;
		bool known;

		if (read_field(w, &type, &id) < 0)
			return E_MALFORMED;
		if (type == T_STOP)
			break;
		known = schema_knows(s, id, type);
		seen |= (uint32_t)known << (id & (SCHEMA_IDS - 1));
		if (binary_value(w, type, known ? s->of[id] : NULL, depth + 1) < 0)
			return E_MALFORMED;
		if (s->kind != SCHEMA_IS_PLAIN && known && w->offsets != NULL)
			field_offsets_record(w->offsets, s, id,
			        (struct byte_range){ (size_t)(field - w->start), (size_t)(w->in - w->start) });
	}
	return (seen & s->required) == s->required ? 0 : fail_missing(w, s, seen);
}

static int binary_list(struct binary_reader *w, const struct schema *of, unsigned depth)
{
	uint32_t n;
	uint8_t type;

	if (bytes_left(w) < LIST_HEADER)
		return fail_truncated(w);
	type = *w->in++;
	n = read_32(w);
	if (!may_hold(type, n))
		return fail_with(w, "a list of no known type", "");
	if (of != NULL && n > 0 && type != T_STRUCT)
		return fail_with(w, "a list of something else than ", of->name);
	if (n > 0 && bytes_left(w) / least_size[type] < n)
		return fail_with(w, "a list longer than what is left", "");
	if (n > 0 && has_fixed_size(type))
		return binary_fixed(w, type, n);
	for (; n > 0; n--)
		if (binary_value(w, type, of, depth + 1) < 0)
			return E_MALFORMED;
	return 0;
}

static int binary_map(struct binary_reader *w, unsigned depth)
{
	uint32_t n;
	uint8_t key, value;

	if (bytes_left(w) < MAP_HEADER)
		return fail_truncated(w);
	key = *w->in++;
	value = *w->in++;
	n = read_32(w);
	if (!may_hold(key, n) || !may_hold(value, n))
		return fail_with(w, "a map of no known type", "");
	if (n > 0 && bytes_left(w) / (size_t)(least_size[key] + least_size[value]) < n)
		return fail_with(w, "a map longer than what is left", "");
	for (; n > 0; n--)
		if (binary_value(w, key, NULL, depth + 1) < 0 || binary_value(w, value, NULL, depth + 1) < 0)
			return E_MALFORMED;
	return 0;
}

/* Reads a struct, map, list or set; OF is the schema of its structs, or NULL. */
static int binary_container(struct binary_reader *w, uint8_t type, const struct schema *of, unsigned depth)
{
	if (depth > TRANSCODE_DEPTH)
		return fail_with(w, "nested too deep", "");
	switch (type) {
	case T_STRUCT:
		return binary_struct(w, of != NULL ? of : &schema_unknown, depth);
	case T_MAP:
		return binary_map(w, depth);
	}
	return binary_list(w, of, depth);
}

void binary_begin(struct binary_reader *w, struct slice bytes)
{
	*w = (struct binary_reader){ .start = bytes.at, .in = bytes.at, .end = bytes.at + bytes.len };
}

int binary_batch(struct binary_reader *w)
{
	w->start = w->in;
	if (w->offsets != NULL)
		*w->offsets = (struct field_offsets){ 0 };
	return binary_struct(w, &schema_batch, 1);
}

int binary_zipkin_spans(struct binary_reader *w)
{
	w->start = w->in;
	return binary_list(w, &schema_zipkin_span, 1);
}

int binary_unknown(struct binary_reader *w, uint8_t type)
{
	return binary_value(w, type, NULL, 1);
}
