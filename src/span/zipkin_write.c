/* SPDX-License-Identifier: Apache-2.0 */
/* zipkin_write.c — the fields of a Jaeger span from those of a Zipkin span.
 *
 *   binary annotation   tag of its type; its numbers are big-endian
 *     lc                tag component
 *     ca, sa, ma        tags peer.service, peer.ipv4, peer.ipv6, peer.port of its host
 *     error             tag of type BOOL; a text that says more goes into error.message
 *     jaegerClient, jaeger.version, jaeger.hostname
 *                       tag of the Process
 *   core annotation     tag span.kind, for the first of them
 *   other annotation    log: the fields of a JSON object of texts, or one field "event" */
#include <stdio.h>
#include <strings.h>

#include <jansson.h>

#include "binary_reader.h"
#include "binary_writer.h"
#include "span/zipkin.h"
#include "zipkin_write.h"

enum { FLAG_DEBUG = 2, REF_CHILD_OF = 0 };

/* Binary annotations that describe the Process, and the keys of its tags. */
static const struct {
	const char *annotation, *tag;
} process_tags[] = {
	{ "jaegerClient", "jaeger.version" },
	{ "jaeger.hostname", "hostname" },
	{ "jaeger.version", "jaeger.version" },
};

static const char *process_tag_of(struct slice key)
{
	for (size_t i = 0; i < ARRAY_LEN(process_tags); i++)
		if (slice_is(key, process_tags[i].annotation))
			return process_tags[i].tag;
	return NULL;
}

/* A list of tags that is being appended. */
struct tag_list {
	struct buf *to;
	size_t count_at; /* offset of the number of tags */
	uint32_t n;
};

static struct tag_list begin_tags(struct buf *to, uint8_t id)
{
	return (struct tag_list){ .to = to, .count_at = binary_put_list(to, id) };
}

static void end_tags(struct tag_list *l)
{
	binary_set_32(l->to, l->count_at, l->n);
}

static void add_text(struct tag_list *l, const char *key, struct slice value)
{
	binary_put_text_tag(l->to, slice_text(key), TAG_STRING, value);
	l->n++;
}

static void add_long(struct tag_list *l, struct slice key, int64_t value)
{
	binary_put_number_tag(l->to, key, TAG_LONG, (uint64_t)value);
	l->n++;
}

static void add_bool(struct tag_list *l, struct slice key, bool value)
{
	binary_put_bool_tag(l->to, key, value);
	l->n++;
}

static void add_bytes(struct tag_list *l, struct slice key, enum tag_type type, struct slice value)
{
	binary_put_text_tag(l->to, key, type, value);
	l->n++;
}

static void add_peer(struct tag_list *l, const struct zipkin_endpoint *e)
{
	if (!e->is_set)
		return;
	add_text(l, "peer.service", e->service);
	if (e->ipv4 != 0)
		add_long(l, slice_text("peer.ipv4"), e->ipv4);
	if (e->has_ipv6)
		add_bytes(l, slice_text("peer.ipv6"), TAG_BINARY, e->ipv6);
	if (e->port != 0)
		add_long(l, slice_text("peer.port"), e->port);
}

/* A tag of KEY that says why the value of A is none of its type. */
static void add_unreadable(struct tag_list *l, struct slice key, const struct zipkin_binary_annotation *a)
{
	struct buf text = { 0 };

	buf_text(&text, "Cannot parse Zipkin value ");
	buf_base64(&text, a->value);
	if (a->type < ZIPKIN_BOOL || a->type > ZIPKIN_STRING)
		buf_printf(&text, ": unknown zipkin annotation type: %d", (int)a->type);
	else
		buf_text(&text, a->value.len == 0 ? ": EOF" : ": unexpected EOF");
	add_bytes(l, key, TAG_STRING, buf_slice(&text));
	l->to->failed |= text.failed;
	buf_free(&text);
}

/* Bytes of a number of TYPE; 0: TYPE is no number. */
static size_t number_size(int32_t type)
{
	switch (type) {
	case ZIPKIN_I16:
		return 2;
	case ZIPKIN_I32:
		return 4;
	case ZIPKIN_I64:
	case ZIPKIN_DOUBLE:
		return 8;
	}
	return 0;
}

static void add_number(struct tag_list *l, struct slice key, const struct zipkin_binary_annotation *a)
{
	const uint8_t *at = a->value.at;

	switch (a->type) {
	case ZIPKIN_I16:
		add_long(l, key, (int16_t)(at[0] << 8 | at[1]));
		break;
	case ZIPKIN_I32:
		add_long(l, key, (int32_t)binary_get_32(at));
		break;
	case ZIPKIN_I64:
		add_long(l, key, (int64_t)binary_get_64(at));
		break;
	case ZIPKIN_DOUBLE:
		binary_put_number_tag(l->to, key, TAG_DOUBLE, binary_get_64(at));
		l->n++;
		break;
	}
}

/* A tag of KEY with the value of A. A number may be followed by other bytes. */
static void add_value(struct tag_list *l, struct slice key, const struct zipkin_binary_annotation *a)
{
	if (a->type == ZIPKIN_BOOL)
		add_bool(l, key, a->value.len == 1 && a->value.at[0] == 1);
	else if (a->type == ZIPKIN_BYTES || a->type == ZIPKIN_STRING)
		add_bytes(l, key, a->type == ZIPKIN_BYTES ? TAG_BINARY : TAG_STRING, a->value);
	else if (number_size(a->type) == 0 || a->value.len < number_size(a->type))
		add_unreadable(l, key, a);
	else
		add_number(l, key, a);
}

static bool equals_ignoring_case(struct slice s, const char *text)
{
	return s.len == strlen(text) && strncasecmp((const char *)s.at, text, s.len) == 0;
}

static bool is_error_text(const struct zipkin_binary_annotation *a)
{
	return a->type != ZIPKIN_BOOL && equals_ignoring_case(a->key, "error");
}

/* True when the error annotation A says more than yes or no. */
static bool has_error_message(const struct zipkin_binary_annotation *a)
{
	return a->value.len > 0 && !equals_ignoring_case(a->value, "true") && !equals_ignoring_case(a->value, "false");
}

static void add_binary_annotation(struct tag_list *l, const struct zipkin_binary_annotation *a)
{
	if (slice_is(a->key, "lc"))
		add_text(l, "component", a->value);
	else if (slice_is(a->key, "ca") || slice_is(a->key, "sa") || slice_is(a->key, "ma"))
		add_peer(l, &a->host);
	else if (is_error_text(a))
		add_bool(l, a->key, !equals_ignoring_case(a->value, "false"));
	else
		add_value(l, a->key, a);
}

static void add_error_messages(struct tag_list *l, struct slice list)
{
	struct zipkin_binary_annotation a;

	for (uint32_t n = zipkin_begin(&list); n > 0; n--) {
		zipkin_next_binary_annotation(&list, &a);
		if (is_error_text(&a) && has_error_message(&a))
			add_text(l, "error.message", a.value);
	}
}

static void add_side(struct tag_list *l, enum zipkin_side side)
{
	if (side != ZIPKIN_NO_SIDE)
		add_text(l, "span.kind", slice_text(side == ZIPKIN_CLIENT ? "client" : "server"));
}

static void put_tags(struct buf *to, const struct zipkin_span *s, const struct zipkin_conclusion *c)
{
	struct tag_list l = begin_tags(to, 10);
	struct zipkin_binary_annotation a;
	struct slice list = s->binary_annotations;
	char number[24];

	for (uint32_t n = zipkin_begin(&list); n > 0; n--) {
		zipkin_next_binary_annotation(&list, &a);
		if (process_tag_of(a.key) == NULL)
			add_binary_annotation(&l, &a);
	}
	if (c->had_negative_duration) {
		snprintf(number, sizeof(number), "%lld", (long long)c->given_duration);
		add_text(&l, "errNegativeDuration", slice_text(number));
	}
	if (c->had_zero_parent)
		add_text(&l, "errZeroParentID", slice_text("0"));
	add_error_messages(&l, s->binary_annotations);
	add_side(&l, c->side);
	end_tags(&l);
}

/* The fields of a JSON object whose values are texts or null. False: TEXT is something else, and nothing is added. */
static bool add_json_fields(struct tag_list *l, struct slice text)
{
	json_t *root = json_loadb((const char *)text.at, text.len, JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);
	bool is_fields = json_is_object(root) || json_is_null(root);
	const char *key;
	json_t *value;

	json_object_foreach(root, key, value) is_fields &= json_is_string(value) || json_is_null(value);
	if (is_fields)
		json_object_foreach(root, key, value)
		        add_text(l, key, slice_of(json_string_value(value), json_string_length(value)));
	json_decref(root);
	return is_fields;
}

/* False for what cannot be null or an object without lists and objects in it: a hostile sender's nested lists are not
 * parsed. */
static bool may_be_json_fields(struct slice text)
{
	bool in_string = false;
	unsigned objects = 0;
	size_t i = 0;

	while (i < text.len && strchr(" \t\r\n", text.at[i]) != NULL)
		i++;
	if (i == text.len || (text.at[i] != '{' && text.at[i] != 'n'))
		return false;
	for (; i < text.len; i++) {
		uint8_t c = text.at[i];

		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string && (c == '[' || (c == '{' && objects++ > 0)))
			return false;
	}
	return true;
}

static void put_log(struct buf *to, const struct zipkin_annotation *a)
{
	struct tag_list l;

	binary_put_i64(to, 1, (uint64_t)a->timestamp);
	l = begin_tags(to, 2);
	if (!may_be_json_fields(a->value) || !add_json_fields(&l, a->value))
		add_text(&l, "event", a->value);
	end_tags(&l);
	buf_byte(to, T_STOP);
}

static void put_logs(struct buf *to, struct slice list)
{
	struct zipkin_annotation a;
	size_t count_at = binary_put_list(to, 11);
	uint32_t logs = 0;

	for (uint32_t n = zipkin_begin(&list); n > 0; n--) {
		zipkin_next_annotation(&list, &a);
		if (a.value.len == 0 || zipkin_core_of(a.value) != ZIPKIN_CORES)
			continue;
		put_log(to, &a);
		logs++;
	}
	binary_set_32(to, count_at, logs);
}

static void put_parent(struct buf *to, const struct zipkin_span *s)
{
	binary_set_32(to, binary_put_list(to, 6), 1);
	binary_put_i32(to, 1, REF_CHILD_OF);
	binary_put_i64(to, 2, s->trace_low);
	binary_put_i64(to, 3, s->trace_high);
	binary_put_i64(to, 4, s->parent);
	buf_byte(to, T_STOP);
}

/* The fields that both spans of a call have. */
static void put_common(
        struct buf *to, const struct zipkin_span *s, const struct zipkin_conclusion *c, const struct zipkin_times *t)
{
	binary_put_i64(to, 1, s->trace_low);
	binary_put_i64(to, 2, s->trace_high);
	binary_put_i64(to, 3, s->id);
	binary_put_i64(to, 4, c->has_parent ? s->parent : 0);
	binary_put_text(to, 5, s->name);
	if (c->has_parent)
		put_parent(to, s);
	binary_put_i32(to, 7, s->debug ? FLAG_DEBUG : 0);
	binary_put_i64(to, 8, (uint64_t)t->start);
	binary_put_i64(to, 9, (uint64_t)t->duration);
}

uint32_t zipkin_put_spans(struct buf *to, const struct zipkin_span *s, const struct zipkin_conclusion *c)
{
	struct tag_list l;

	put_common(to, s, c, &c->times);
	put_tags(to, s, c);
	put_logs(to, s->annotations);
	buf_byte(to, T_STOP);
	if (!c->is_both)
		return 1;
	put_common(to, s, c, &c->other_times);
	l = begin_tags(to, 10);
	add_side(&l, c->other);
	end_tags(&l);
	buf_byte(to, T_STOP);
	return 2;
}

void zipkin_put_process(struct buf *to, const struct zipkin_span *s, const struct zipkin_conclusion *c,
        const struct transcode_tags *tags)
{
	struct slice service = c->service.len > 0 ? c->service : slice_text(ZIPKIN_UNNAMED);
	struct slice list = s->binary_annotations;
	struct zipkin_binary_annotation a;
	struct tag_list l;

	binary_put_text(to, 1, service);
	l = begin_tags(to, 2);
	for (uint32_t n = zipkin_begin(&list); n > 0; n--) {
		const char *key;

		zipkin_next_binary_annotation(&list, &a);
		key = process_tag_of(a.key);
		if (key != NULL)
			add_value(&l, slice_text(key), &a);
	}
	if (c->ipv4 != 0)
		add_long(&l, slice_text("ip"), (int32_t)c->ipv4);
	buf_add(to, tags->encoded.at, tags->encoded.len);
	l.n += tags->count;
	end_tags(&l);
	buf_byte(to, T_STOP);
}
