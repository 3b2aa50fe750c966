/* SPDX-License-Identifier: Apache-2.0 */
/* binary_writer.h — appends TBinaryProtocol to a buf. */
#ifndef BINARY_WRITER_H
#define BINARY_WRITER_H

#include "base/buf.h"

/* Values of jaeger.TagType. */
enum tag_type { TAG_STRING, TAG_DOUBLE, TAG_BOOL, TAG_LONG, TAG_BINARY };

void binary_put_32(struct buf *to, uint32_t v);
/* A field's header. */
void binary_put_field(struct buf *to, uint8_t type, uint8_t id);
/* Fields with their values. */
void binary_put_i32(struct buf *to, uint8_t id, uint32_t v);
void binary_put_i64(struct buf *to, uint8_t id, uint64_t v);
void binary_put_text(struct buf *to, uint8_t id, struct slice text);

/* The header of a field that is a list of structs. Returns the offset of its number of elements, which is 0 until
 * binary_set_32 changes it. */
size_t binary_put_list(struct buf *to, uint8_t id);
void binary_set_32(struct buf *to, size_t at, uint32_t v);

/* Whole Tag structs, as elements of a list. A double is the 64 bits of the number. */
void binary_put_text_tag(struct buf *to, struct slice key, enum tag_type type, struct slice value);
void binary_put_bool_tag(struct buf *to, struct slice key, bool value);
void binary_put_number_tag(struct buf *to, struct slice key, enum tag_type type, uint64_t value);

#endif
