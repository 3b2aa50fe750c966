/* SPDX-License-Identifier: Apache-2.0 */
/* zipkin_read.c — reads structs of zipkincore.thrift. Of duplicate fields the last counts; unknown fields are skipped. */
#include "binary_reader.h"
#include "zipkin_read.h"

/* Moves W to the next field of S that the schema knows, sets VALUE to its bytes and returns its id; 0: the struct has
 * ended. */
static uint16_t next_field(struct binary_reader *w, const struct schema *s, struct slice *value)
{
	uint16_t id = 0;
	uint8_t type;

	for (;;) {
		const uint8_t *at;

		if (binary_field(w, &type, &id) < 0 || type == T_STOP)
			return 0;
		at = w->in;
		if (binary_unknown(w, type) < 0)
			return 0;
		*value = slice_of(at, (size_t)(w->in - at));
		if (schema_knows(s, id, type))
			return id;
	}
}

static struct slice text_of(struct slice value)
{
	return slice_of(value.at + 4, value.len - 4);
}

static uint64_t number_of(struct slice value)
{
	return binary_get_64(value.at);
}

static void read_endpoint(struct slice bytes, struct zipkin_endpoint *e)
{
	struct binary_reader w;
	struct slice value;

	binary_begin(&w, bytes);
	*e = (struct zipkin_endpoint){ .is_set = true };
	for (;;)
		switch (next_field(&w, &schema_zipkin_endpoint, &value)) {
		case 0:
			return;
		case 1:
			e->ipv4 = binary_get_32(value.at);
			break;
		case 2:
			e->port = (uint16_t)(value.at[0] << 8 | value.at[1]);
			break;
		case 3:
			e->service = text_of(value);
			break;
		case 4:
			e->has_ipv6 = true;
			e->ipv6 = text_of(value);
			break;
		}
}

/* Moves LIST behind what W has read. */
static void end_element(struct slice *list, const struct binary_reader *w)
{
	*list = slice_of(w->in, (size_t)(w->end - w->in));
}

uint32_t zipkin_begin(struct slice *list)
{
	uint32_t n;

	if (list->len == 0)
		return 0;
	n = binary_get_32(list->at + 1);
	*list = slice_of(list->at + LIST_HEADER, list->len - LIST_HEADER);
	return n;
}

void zipkin_next_annotation(struct slice *list, struct zipkin_annotation *a)
{
	struct binary_reader w;
	struct slice value;
	uint16_t id;

	binary_begin(&w, *list);
	*a = (struct zipkin_annotation){ 0 };
	while ((id = next_field(&w, &schema_zipkin_annotation, &value)) != 0)
		switch (id) {
		case 1:
			a->timestamp = (int64_t)number_of(value);
			break;
		case 2:
			a->value = text_of(value);
			break;
		case 3:
			read_endpoint(value, &a->host);
			break;
		}
	end_element(list, &w);
}

void zipkin_next_binary_annotation(struct slice *list, struct zipkin_binary_annotation *a)
{
	struct binary_reader w;
	struct slice value;
	uint16_t id;

	binary_begin(&w, *list);
	*a = (struct zipkin_binary_annotation){ 0 };
	while ((id = next_field(&w, &schema_zipkin_binary_annotation, &value)) != 0)
		switch (id) {
		case 1:
			a->key = text_of(value);
			break;
		case 2:
			a->value = text_of(value);
			break;
		case 3:
			a->type = (int32_t)binary_get_32(value.at);
			break;
		case 4:
			read_endpoint(value, &a->host);
			break;
		}
	end_element(list, &w);
}

static void set_field(struct zipkin_span *s, uint16_t id, struct slice value)
{
	switch (id) {
	case 1:
		s->trace_low = number_of(value);
		break;
	case 3:
		s->name = text_of(value);
		break;
	case 4:
		s->id = number_of(value);
		break;
	case 5:
		s->has_parent = true;
		s->parent = number_of(value);
		break;
	case 6:
		s->annotations = value;
		break;
	case 8:
		s->binary_annotations = value;
		break;
	case 9:
		s->debug = value.at[0] == 1;
		break;
	case 10:
		s->has_timestamp = true;
		s->timestamp = (int64_t)number_of(value);
		break;
	case 11:
		s->has_duration = true;
		s->duration = (int64_t)number_of(value);
		break;
	case 12:
		s->trace_high = number_of(value);
		break;
	}
}

void zipkin_next_span(struct slice *list, struct zipkin_span *s)
{
	struct binary_reader w;
	struct slice value;
	uint16_t id;

	binary_begin(&w, *list);
	*s = (struct zipkin_span){ 0 };
	while ((id = next_field(&w, &schema_zipkin_span, &value)) != 0)
		set_field(s, id, value);
	end_element(list, &w);
}
