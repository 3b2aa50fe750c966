/* SPDX-License-Identifier: Apache-2.0 */
/* item.c — accepts items, cuts an item with more spans than a POST into parts, and reports it when its last part
 * has an outcome. */
#include <stdlib.h>

#include "policy/response_class.h"
#include "exporter_internal.h"

const char exporter_unconfirmed[] = "unconfirmed";

static void part_init(struct part *part, struct item *i, uint32_t first, uint32_t count)
{
	list_init(&part->link);
	part->item = i;
	part->first = first;
	part->count = count;
	part->losses = i->is.losses;
	i->parts++;
}

static void part_free(struct part *part)
{
	list_remove(&part->link);
	if (part != &part->item->whole)
		free(part);
}

/* Queues a request with the COUNT spans of I from FIRST on, as PART. */
static int add_range(struct item *i, struct part *part, uint32_t first, uint32_t count)
{
	struct request *r = request_new(i->exporter);

	if (r == NULL)
		return E_NOMEM;
	part_init(part, i, first, count);
	request_add(r, part);
	list_push(&i->exporter->ready, &r->link);
	return 0;
}

/* Queues requests for the spans after the first part, at most MOST each. */
static int add_ranges(struct item *i, uint32_t most)
{
	for (uint32_t first = i->whole.count; first < i->is.facts.spans; first += most) {
		uint32_t count = (uint32_t)min_u64(i->is.facts.spans - first, most);
		struct part *part = calloc(1, sizeof(*part));

		if (part == NULL || add_range(i, part, first, count) < 0) {
			free(part);
			return E_NOMEM;
		}
	}
	return 0;
}

static void free_requests_of(struct list *of, const struct item *i)
{
	list_each_safe (node, of) {
		struct request *r = container_of(node, struct request, link);

		if (list_first(&r->parts, struct part, link)->item == i)
			request_free(r);
	}
}

static int add_parts(struct item *i)
{
	uint32_t most = i->exporter->opts.post_spans;
	int rc;

	if (i->is.facts.spans <= most) {
		part_init(&i->whole, i, 0, i->is.facts.spans);
		return group_add(i->exporter, &i->whole);
	}
	rc = add_range(i, &i->whole, 0, most);
	if (rc == 0)
		rc = add_ranges(i, most);
	if (rc < 0)
		free_requests_of(&i->exporter->ready, i);
	return rc;
}

struct item *item_new(struct exporter *e, const struct exporter_item *is, uint64_t now_us)
{
	struct item *i = pool_take(&e->spare_items, sizeof(*i));

	if (i == NULL)
		return NULL;
	*i = (struct item){ .exporter = e, .is = *is, .arrived_us = now_us };
	if (add_parts(i) < 0) {
		pool_give(&e->spare_items, i);
		return NULL;
	}
	list_push(&e->items, &i->link);
	e->stats.items++;
	e->stats.bytes += is->value.len + EXPORTER_ITEM_COST;
	return i;
}

void item_free(struct item *i)
{
	list_remove(&i->link);
	free(i->detail);
	pool_give(&i->exporter->spare_items, i);
}

static enum exporter_outcome outcome_of(const struct item *i)
{
	if (i->dropped)
		return i->maybe_sent ? EXPORTER_MAYBE_SENT : EXPORTER_NOT_SENT;
	return i->refused == NULL ? EXPORTER_DELIVERED : EXPORTER_REFUSED;
}

static void report_item(struct item *i)
{
	struct exporter *e = i->exporter;
	struct exporter_report r = {
		.token = i->is.token, .outcome = outcome_of(i), .losses = i->losses, .cause = "", .detail = ""
	};
	char *detail = i->detail;

	if (r.outcome == EXPORTER_REFUSED) {
		r.status = i->status;
		r.cause = i->refused;
		r.too_large = i->refused == response_cause(RESPONSE_SPLIT);
		r.detail = detail == NULL ? "" : detail;
	}
	i->detail = NULL;
	e->stats.items--;
	e->stats.bytes -= i->is.value.len + EXPORTER_ITEM_COST;
	item_free(i);
	exporter_wake(e);
	e->events.done(e->events.arg, &r);
	free(detail);
}

static void finish_part(struct part *part)
{
	struct item *i = part->item;

	part_free(part);
	if (--i->parts == 0)
		report_item(i);
}

void part_delivered(struct part *part)
{
	part->item->maybe_sent = true;
	finish_part(part);
}

void part_dropped(struct part *part)
{
	struct item *i = part->item;

	i->losses = i->dropped ? (uint32_t)min_u64(i->losses, part->losses) : part->losses;
	i->dropped = true;
	finish_part(part);
}

void part_refused(struct part *part, const char *cause, int status, const char *detail)
{
	struct item *i = part->item;

	if (i->refused == NULL) {
		i->refused = cause;
		i->status = status;
		i->detail = detail == NULL ? NULL : strdup(detail);
	}
	finish_part(part);
}
