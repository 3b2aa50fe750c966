/* SPDX-License-Identifier: Apache-2.0 */
/* binary_writer.c — appends fields and tags in TBinaryProtocol. */
#include <endian.h>

#include "binary_writer.h"
#include "schema.h"

/* Field ids of a Tag's values by its type. */
static const uint8_t value_id[] = {
	[TAG_STRING] = 3, [TAG_DOUBLE] = 4, [TAG_BOOL] = 5, [TAG_LONG] = 6, [TAG_BINARY] = 7
};

void binary_put_32(struct buf *to, uint32_t v)
{
	v = htobe32(v);
	buf_add(to, &v, sizeof(v));
}

static void put_64(struct buf *to, uint64_t v)
{
	v = htobe64(v);
	buf_add(to, &v, sizeof(v));
}

void binary_put_field(struct buf *to, uint8_t type, uint8_t id)
{
	buf_add(to, (const uint8_t[FIELD_HEADER]){ type, 0, id }, FIELD_HEADER);
}

void binary_put_i32(struct buf *to, uint8_t id, uint32_t v)
{
	binary_put_field(to, T_I32, id);
	binary_put_32(to, v);
}

void binary_put_i64(struct buf *to, uint8_t id, uint64_t v)
{
	binary_put_field(to, T_I64, id);
	put_64(to, v);
}

void binary_put_text(struct buf *to, uint8_t id, struct slice text)
{
	binary_put_field(to, T_STRING, id);
	binary_put_32(to, (uint32_t)text.len);
	buf_add(to, text.at, text.len);
}

size_t binary_put_list(struct buf *to, uint8_t id)
{
	size_t at;

	binary_put_field(to, T_LIST, id);
	buf_byte(to, T_STRUCT);
	at = to->len;
	binary_put_32(to, 0);
	return at;
}

void binary_set_32(struct buf *to, size_t at, uint32_t v)
{
	if (to->failed)
		return;
	v = htobe32(v);
	memcpy(to->at + at, &v, sizeof(v));
}

static void begin_tag(struct buf *to, struct slice key, enum tag_type type)
{
	binary_put_text(to, 1, key);
	binary_put_i32(to, 2, type);
}

void binary_put_text_tag(struct buf *to, struct slice key, enum tag_type type, struct slice value)
{
	begin_tag(to, key, type);
	binary_put_text(to, value_id[type], value);
	buf_byte(to, T_STOP);
}

void binary_put_bool_tag(struct buf *to, struct slice key, bool value)
{
	begin_tag(to, key, TAG_BOOL);
	binary_put_field(to, T_BOOL, value_id[TAG_BOOL]);
	buf_byte(to, value);
	buf_byte(to, T_STOP);
}

void binary_put_number_tag(struct buf *to, struct slice key, enum tag_type type, uint64_t value)
{
	begin_tag(to, key, type);
	binary_put_field(to, type == TAG_DOUBLE ? T_DOUBLE : T_I64, value_id[type]);
	put_64(to, value);
	buf_byte(to, T_STOP);
}
