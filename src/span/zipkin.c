/* SPDX-License-Identifier: Apache-2.0 */
/* zipkin.c — groups the spans of an emitZipkinBatch by their process.
 *
 * A Zipkin span has its process in itself, a Jaeger batch has one for all its spans. Each span is appended to the batch
 * that begins with the bytes of its Process, else to a new one. Clients put their version and host name into the first
 * span of a trace only, so a datagram of a real client becomes two batches. */
#include <stdlib.h>

#include "binary_writer.h"
#include "schema.h"
#include "span/batch.h"
#include "span/zipkin.h"
#include "zipkin_write.h"

enum { PROCESS_AT = FIELD_HEADER, LIST_FIELD = FIELD_HEADER + LIST_HEADER };

struct group {
	uint64_t hash;
	size_t process_len;
};

struct conversion {
	struct zipkin_batches *out;
	const struct transcode_tags *tags;
	struct group *groups; /* one per batch of OUT */
	size_t room;          /* of GROUPS and of out->at */
	struct buf process;   /* of the current span */
	struct buf spans;     /* the current span, or two */
};

static int make_room(struct conversion *v)
{
	size_t room = v->room == 0 ? 4 : v->room * 2;
	struct zipkin_batch *batches;
	struct group *groups;

	if (v->out->n < v->room)
		return 0;
	batches = realloc(v->out->at, room * sizeof(*batches));
	if (batches == NULL)
		return E_NOMEM;
	v->out->at = batches;
	groups = realloc(v->groups, room * sizeof(*groups));
	if (groups == NULL)
		return E_NOMEM;
	v->groups = groups;
	v->room = room;
	return 0;
}

static int begin_batch(struct conversion *v, uint64_t hash)
{
	struct zipkin_batch *b;

	if (make_room(v) < 0)
		return E_NOMEM;
	b = &v->out->at[v->out->n];
	v->groups[v->out->n++] = (struct group){ hash, v->process.len };
	*b = (struct zipkin_batch){ 0 };
	binary_put_field(&b->bytes, T_STRUCT, 1);
	buf_add(&b->bytes, v->process.at, v->process.len);
	binary_put_list(&b->bytes, 2);
	return buf_check(&b->bytes);
}

/* The index of the batch that has the current process; out->n: none has. */
static size_t find_batch(const struct conversion *v, uint64_t hash)
{
	struct slice process = buf_slice(&v->process);
	size_t i;

	for (i = 0; i < v->out->n; i++) {
		const uint8_t *batch = v->out->at[i].bytes.at;

		if (v->groups[i].hash == hash && v->groups[i].process_len == process.len &&
		        slice_same(slice_of(batch + PROCESS_AT, process.len), process))
			break;
	}
	return i;
}

static int add_span(struct conversion *v, const struct zipkin_span *s)
{
	struct zipkin_conclusion c;
	struct zipkin_batch *b;
	uint64_t hash;
	uint32_t n;
	size_t i;

	zipkin_conclude(s, &c);
	buf_clear(&v->process);
	buf_clear(&v->spans);
	zipkin_put_process(&v->process, s, &c, v->tags);
	n = zipkin_put_spans(&v->spans, s, &c);
	if (buf_check(&v->process) < 0 || buf_check(&v->spans) < 0)
		return E_NOMEM;
	hash = slice_hash(buf_slice(&v->process), SLICE_HASH_BEGIN);
	i = find_batch(v, hash);
	if (i == v->out->n && begin_batch(v, hash) < 0)
		return E_NOMEM;
	b = &v->out->at[i];
	v->out->size -= b->spans == 0 ? 0 : batch_cost(v->out->batch_struct_size, b->bytes.len);
	buf_add(&b->bytes, v->spans.at, v->spans.len);
	v->out->size += batch_cost(v->out->batch_struct_size, b->bytes.len);
	b->spans += n;
	v->out->unnamed += c.service.len == 0 ? n : 0;
	return buf_check(&b->bytes);
}

static int end_batches(struct conversion *v)
{
	for (size_t i = 0; i < v->out->n; i++) {
		struct zipkin_batch *b = &v->out->at[i];
		size_t process_len = v->groups[i].process_len;

		binary_set_32(&b->bytes, PROCESS_AT + process_len + LIST_FIELD - 4, b->spans);
		buf_byte(&b->bytes, T_STOP);
		if (buf_check(&b->bytes) < 0)
			return E_NOMEM;
	}
	return 0;
}

static int convert_spans(struct conversion *v, struct slice list, size_t most)
{
	struct zipkin_span s;
	int rc = 0;

	for (uint32_t n = zipkin_begin(&list); n > 0 && rc == 0; n--) {
		zipkin_next_span(&list, &s);
		rc = add_span(v, &s);
		if (v->out->size > most)
			return E_TOO_LARGE;
	}
	return rc == 0 ? end_batches(v) : rc;
}

int zipkin_convert(struct zipkin_batches *out, struct slice datagram, const struct transcode_tags *tags, size_t most)
{
	struct conversion v = { .out = out, .tags = tags };
	size_t room = datagram.len * TRANSCODE_GROWTH;
	uint8_t *bytes = malloc(room + 1);
	struct slice list;
	int rc = bytes == NULL ? E_NOMEM : transcode_zipkin(datagram, bytes, room, &list);

	if (rc == 0)
		rc = convert_spans(&v, list, most);
	free(bytes);
	free(v.groups);
	buf_free(&v.process);
	buf_free(&v.spans);
	return rc;
}

void zipkin_batches_free(struct zipkin_batches *b)
{
	for (size_t i = 0; i < b->n; i++)
		buf_free(&b->at[i].bytes);
	free(b->at);
	*b = (struct zipkin_batches){ 0 };
}
