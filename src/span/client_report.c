/* SPDX-License-Identifier: Apache-2.0 */
/* client_report.c — seqNo, ClientStats and the process tag client-uuid of a TBinary Batch. The readers have validated
 * the bytes, so a read that fails here ends the search and no more. */
#include "binary_reader.h"
#include "client_report.h"

/* Reads one Tag. True: its key is client-uuid; VALUE is its vStr, empty when it has none. Of duplicate fields the last
 * counts. */
static bool read_uuid(struct binary_reader *w, struct slice *value)
{
	struct slice key = { 0 };
	uint8_t type;
	uint16_t id;

	*value = (struct slice){ 0 };
	while (binary_field(w, &type, &id) == 0 && type != T_STOP) {
		int rc = type == T_STRING && id == 1   ? binary_text(w, &key)
		         : type == T_STRING && id == 3 ? binary_text(w, value)
		                                       : binary_unknown(w, type);

		if (rc < 0)
			break;
	}
	return slice_is(key, "client-uuid");
}

static struct slice find_uuid(struct slice tags)
{
	struct binary_reader w;
	struct slice value;

	binary_begin(&w, tags);
	w.in += LIST_HEADER;
	for (uint32_t n = binary_get_32(tags.at + 1); n > 0; n--)
		if (read_uuid(&w, &value))
			return value;
	return (struct slice){ 0 };
}

static void read_dropped(struct client_report *c, struct slice stats)
{
	struct binary_reader w;
	uint8_t type;
	uint16_t id;

	binary_begin(&w, stats);
	while (binary_field(&w, &type, &id) == 0 && type != T_STOP) {
		if (type == T_I64 && id >= 1 && id <= ARRAY_LEN(c->dropped))
			c->dropped[id - 1] = (int64_t)binary_get_64(w.in);
		if (binary_unknown(&w, type) < 0)
			return;
	}
	c->has_dropped = true;
}

/* The value of a field at WHERE. */
static struct slice value_at(const uint8_t *batch, struct byte_range where)
{
	return slice_of(batch + where.from + FIELD_HEADER, where.to - where.from - FIELD_HEADER);
}

void client_report_read(struct client_report *c, const uint8_t *batch, const struct field_offsets *m)
{
	c->numbered = true;
	c->number = (int64_t)binary_get_64(value_at(batch, m->number).at);
	if (m->stats.to > 0)
		read_dropped(c, value_at(batch, m->stats));
	if (m->tags.from > 0)
		c->uuid = find_uuid(value_at(batch, m->tags));
}
