/* SPDX-License-Identifier: Apache-2.0 */
/* request.c — builds requests from parts, splits them, gives them back, and builds their bodies. */
#include <stdio.h>
#include <stdlib.h>

#include "exporter_internal.h"

enum { DETAIL_MAX = 1024 };

struct request *request_new(struct exporter *e)
{
	struct request *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->exporter = e;
	list_init(&r->link);
	list_init(&r->parts);
	list_init(&r->post.link);
	return r;
}

void request_add(struct request *r, struct part *part)
{
	list_push(&r->parts, &part->link);
	r->post.attempts = r->nparts == 0 ? part->losses : (uint32_t)min_u64(r->post.attempts, part->losses);
	r->nparts++;
	r->spans += part->count;
}

static struct part *remove_first(struct request *r)
{
	struct part *part = list_first(&r->parts, struct part, link);

	list_remove(&part->link);
	r->nparts--;
	r->spans -= part->count;
	return part;
}

static void request_end(struct request *r)
{
	list_remove(&r->link);
	request_free_body(r);
	free(r->detail);
	free(r);
}

void request_free(struct request *r)
{
	while (!list_empty(&r->parts)) {
		struct part *part = remove_first(r);

		if (part != &part->item->whole)
			free(part);
	}
	request_end(r);
}

void requests_free(struct list *of)
{
	while (!list_empty(of))
		request_free(list_first(of, struct request, link));
}

void request_delivered(struct request *r)
{
	list_remove(&r->link); /* the owner may call the exporter from events.done */
	while (!list_empty(&r->parts))
		part_delivered(remove_first(r));
	request_end(r);
}

void request_set_detail(struct request *r, int status, const char *said)
{
	const struct part *part = list_first(&r->parts, struct part, link);
	uint32_t of = part->item->is.facts.spans;
	struct buf b = { 0 };

	r->status = status;
	if (r->nparts == 1 && part->count != of)
		buf_printf(&b, "spans %u to %u of %u: ", part->first, part->first + part->count - 1, of);
	buf_text(&b, said);
	free(r->detail);
	r->detail = strndup(buf_cstr(&b), DETAIL_MAX);
	buf_free(&b);
}

void request_refused(struct request *r, const char *cause)
{
	list_remove(&r->link);
	while (!list_empty(&r->parts))
		part_refused(remove_first(r), cause, r->status, r->detail);
	request_end(r);
}

bool request_give_back(struct request *r)
{
	list_each_safe (node, &r->parts) {
		struct part *part = container_of(node, struct part, link);

		if (!part->item->give_back)
			continue;
		list_remove(&part->link);
		r->nparts--;
		r->spans -= part->count;
		part_dropped(part);
	}
	if (!list_empty(&r->parts))
		return false;
	request_end(r);
	return true;
}

static uint32_t least_losses(const struct request *r)
{
	uint32_t least = UINT32_MAX;

	list_each (node, &r->parts)
		least = (uint32_t)min_u64(least, container_of(node, struct part, link)->losses);
	return least;
}

void request_count_loss(struct request *r)
{
	uint32_t counted = r->post.attempts - least_losses(r);

	list_each (node, &r->parts)
		container_of(node, struct part, link)->losses += counted;
}

/* At the end of the ready requests, so that another request is sent next in case R is the cause of the failure. But what
 * was lost by a collector that others flood goes before what was lost less often: one POST at a time is sent, and else
 * none would ever be lost confirm_attempts times. */
static void push_ready(struct request *r)
{
	struct list *ready = &r->exporter->ready, *before = ready;

	while (before->prev != ready &&
	        container_of(before->prev, struct request, link)->post.attempts < r->post.attempts)
		before = before->prev;
	list_push(before, &r->link);
}

void request_retry(struct request *r, uint64_t rest_us)
{
	struct exporter *e = r->exporter;

	list_remove(&r->link);
	exporter_wake(e);
	if (request_give_back(r))
		return;
	r->post.attempts = least_losses(r);
	r->retry_at_us = rest_us == 0 ? 0 : loop_now_us(e->loop) + rest_us;
	if (rest_us == 0)
		push_ready(r);
	else
		list_push(&e->resting, &r->link);
}

void request_mark_maybe_stored(struct request *r)
{
	list_each (node, &r->parts) {
		struct part *part = container_of(node, struct part, link);

		part->maybe_stored = true;
		part->item->maybe_sent = true;
	}
}

/* Moves the second half of the only part of R to TO. */
static int cut_part(struct request *r, struct request *to)
{
	struct part *part = list_first(&r->parts, struct part, link);
	uint32_t half = part->count / 2;
	struct part *second;

	if (half == 0)
		return E_INDIVISIBLE;
	second = calloc(1, sizeof(*second));
	if (second == NULL)
		return E_NOMEM;
	*second = (struct part){ .item = part->item,
		.first = part->first + half,
		.count = part->count - half,
		.maybe_stored = part->maybe_stored,
		.losses = part->losses };
	list_init(&second->link);
	part->item->parts++;
	part->count = half;
	r->spans = half;
	request_add(to, second);
	return 0;
}

/* Moves the second half of the parts of R to TO, in order. */
static void move_parts(struct request *r, struct request *to)
{
	uint32_t left = r->nparts / 2;

	while (r->nparts > left) {
		struct part *part = container_of(r->parts.prev, struct part, link);

		list_remove(&part->link);
		list_push_front(&to->parts, &part->link);
		r->nparts--;
		r->spans -= part->count;
		to->nparts++;
		to->spans += part->count;
	}
}

/* R was split, the second half is in TO. What is known of a batch that failed holds for its parts; what is known of
 * several batches holds for none. */
static void inherit_failures(struct request *r, struct request *to)
{
	bool same_batch =
	        list_first(&r->parts, struct part, link)->item == list_first(&to->parts, struct part, link)->item;

	r->failures = 0;
	if (!same_batch)
		r->failing_us = r->confirmed = 0;
	to->failing_us = r->failing_us;
	to->confirmed = r->confirmed;
	to->good_before = r->good_before;
	to->bad_before = r->bad_before;
	to->good_last = r->good_last;
}

int request_split(struct request *r)
{
	struct request *second;
	int rc = 0;

	list_remove(&r->link);
	if (request_give_back(r))
		return 0;
	second = request_new(r->exporter);
	if (second == NULL)
		rc = E_NOMEM;
	else if (r->nparts > 1)
		move_parts(r, second);
	else
		rc = cut_part(r, second);
	if (rc < 0) {
		free(second);
		return rc;
	}
	second->at = r->at;
	inherit_failures(r, second);
	r->refusals = 0;
	request_retry(r, 0);
	request_retry(second, 0);
	return 0;
}

static int body_of_one(struct request *r, struct http_request *to)
{
	const struct part *part = list_first(&r->parts, struct part, link);
	const struct exporter_item *is = &part->item->is;
	int rc;

	if (part->count == is->facts.spans) {
		to->body = is->value;
		return 0;
	}
	buf_clear(&r->cut);
	rc = inspect_cut(is->value, part->first, part->count, &r->cut);
	to->body = buf_slice(&r->cut);
	return rc;
}

/* Joins the parts: the process once, then one list header and the spans of all parts. */
static int body_of_several(struct request *r, struct http_request *to)
{
	static const uint8_t end[] = { INSPECT_JOIN_END };
	size_t n = 0;

	r->body_parts = calloc(r->nparts + 3, sizeof(*r->body_parts));
	if (r->body_parts == NULL)
		return E_NOMEM;
	inspect_join_list(r->list_header, r->spans);
	r->body_parts[n++] = list_first(&r->parts, struct part, link)->item->is.facts.process;
	r->body_parts[n++] = slice_of(r->list_header, sizeof(r->list_header));
	list_each (node, &r->parts)
		r->body_parts[n++] = container_of(node, struct part, link)->item->is.facts.list;
	r->body_parts[n++] = slice_of(end, sizeof(end));
	to->parts = r->body_parts;
	to->nparts = n;
	return 0;
}

int request_body(struct request *r, struct http_request *to)
{
	return r->nparts == 1 ? body_of_one(r, to) : body_of_several(r, to);
}

void request_free_body(struct request *r)
{
	free(r->body_parts);
	r->body_parts = NULL;
	buf_free(&r->cut);
}
