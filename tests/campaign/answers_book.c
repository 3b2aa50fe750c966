/* SPDX-License-Identifier: Apache-2.0 */
/* answers_book.c — requests are read by their headers and held against their bodies, spans are counted, reports
 * judged. */
#include <config.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "answers_book.h"
#include "batchmake.h"

/* By poison: what the collector answers, and what the exporter's report must then say. Status 0: no answer. */
static const struct {
	int status;
	const char *text;
	const char *cause;
} poisons[POISONS_N] = {
	[POISON_TYPE] = { 400, "Unable to process request body: Unknown data type 110", "refused" },
	[POISON_TRUNCATED] = { 400, "Unable to process request body: *jaeger.Batch field 0 read error: EOF",
	        "refused" },
	[POISON_FIELD] = { 400, "Unable to process request body: Required field Flags is not set", "refused" },
	[POISON_PROCESS] = { 422, "Required field Process is not set", "refused" },
	[POISON_ZERO_IDS] = { 400, NULL, "refused" },
	[POISON_UNSUPPORTED] = { 415, "Unsupported content type", "refused" },
	[POISON_TOO_LARGE] = { 413, "Content Too Large", "too_large" },
	[POISON_500_TOO_LARGE] = { 500, "http: request body too large", "too_large" },
	[POISON_500] = { 500, "Cannot submit Jaeger batch: permanent error", "failing" },
	[POISON_CUTS] = { 0, NULL, "failing" },
};

void book_wrong(struct book *b, const char *fmt, ...)
{
	va_list ap;

	if (b->wrong[0] != '\0')
		return;
	va_start(ap, fmt);
	vsnprintf(b->wrong, sizeof(b->wrong), fmt, ap);
	va_end(ap);
}

void book_add(struct book *b, const char *service, uint32_t spans, enum poison poison)
{
	struct book_batch *one;

	if (b->n == b->cap) {
		b->cap = b->cap == 0 ? 64 : 2 * b->cap;
		b->batch = realloc(b->batch, b->cap * sizeof(struct book_batch *));
	}
	one = calloc(1, sizeof(*one));
	if (b->batch == NULL || one == NULL)
		exit(99);
	b->batch[b->n++] = one;
	b->poisoned += poison != GOOD;
	*one = (struct book_batch){ .spans = spans, .poison = poison };
	one->stored = calloc(spans + 1, sizeof(*one->stored));
	one->doubt = calloc(spans + 1, sizeof(*one->doubt));
	if (one->stored == NULL || one->doubt == NULL)
		exit(99);
	snprintf(one->id, sizeof(one->id), "%zu", b->n);
	batchmake(&one->value, service, b->n, 0, spans);
}

void book_free(struct book *b)
{
	for (size_t i = 0; i < b->n; i++) {
		buf_free(&b->batch[i]->value);
		free(b->batch[i]->stored);
		free(b->batch[i]->doubt);
		free(b->batch[i]);
	}
	free(b->batch);
	*b = (struct book){ 0 };
}

struct exporter_item book_item(struct book *b, size_t n)
{
	struct book_batch *one = b->batch[n];
	struct exporter_item item = {
		.value = buf_slice(&one->value), .id = slice_text(one->id), .maybe_dup = one->maybe_dup, .token = one
	};
	const char *cause;
	struct why why;

	if (exporter_check(item.value, &item.facts, &cause, &why) < 0)
		book_wrong(b, "batch %zu does not pass exporter_check: %s", n + 1, why.text);
	return item;
}

bool book_next_returned(struct book *b, size_t *n)
{
	for (size_t i = 0; i < b->n; i++) {
		*n = (b->next_return + i) % b->n;
		if (!b->batch[*n]->returned)
			continue;
		b->next_return = *n + 1;
		return true;
	}
	return false;
}

/* ---- requests ---- */

static bool add_range(struct book *b, struct book_request *to, const char *id)
{
	size_t number = strtoul(id, (char **)&id, 10);
	struct book_range *range = &to->range[to->n];

	if (number == 0 || number > b->n || to->n == BOOK_RANGES)
		return false;
	*range = (struct book_range){ .batch = b->batch[number - 1] };
	range->last = range->batch->spans - 1;
	if (*id == '/') {
		range->first = (uint32_t)strtoul(id + 1, (char **)&id, 10);
		range->last = *id == '-' ? (uint32_t)strtoul(id + 1, NULL, 10) : UINT32_MAX;
	}
	if (range->last >= range->batch->spans || range->first > range->last)
		return false;
	if (range->batch->poison != GOOD && to->poison == NULL)
		to->poison = range->batch;
	to->n++;
	return true;
}

/* The walk over a body beside its headers. */
struct binary_reader {
	const struct book_request *r;
	size_t range;
	uint32_t done; /* spans of that range */
	bool differs;
};

static void binary_span(void *arg, const struct inspect_span *span)
{
	struct binary_reader *w = arg;
	const struct book_range *range = &w->r->range[w->range];

	if (w->range == w->r->n || span->trace_low != strtoul(range->batch->id, NULL, 10) ||
	        span->span_id != range->first + w->done) {
		w->differs = true;
		return;
	}
	if (range->first + w->done++ == range->last) {
		w->range++;
		w->done = 0;
	}
}

static void hold_body_against_ids(struct book *b, const struct scripted_request *r, const struct book_request *to)
{
	struct binary_reader w = { .r = to };
	struct inspect_facts facts;
	struct why why;

	if (inspect_batch(r->body, &facts, binary_span, &w, &why) < 0)
		book_wrong(b, "a POST is no batch: %s", why.text);
	else if (facts.used != r->body.len)
		book_wrong(b, "a POST has %zu bytes behind its batch", r->body.len - facts.used);
	else if (w.differs || w.range != to->n)
		book_wrong(b, "a POST's ids are not those of its spans");
}

/* A mark where nothing may have arrived, and none where something has. */
static void check_mark(struct book *b, const struct book_request *r, const struct book_range *range)
{
	for (uint32_t i = range->first; i <= range->last; i++) {
		if (range->batch->stored[i] > 0 && !r->marked)
			book_wrong(b, "batch %s: span %u is stored, and posted again without the mark",
			        range->batch->id, i);
		if (r->marked && !range->batch->doubt[i] && !b->doubts_all)
			book_wrong(
			        b, "batch %s: span %u has the mark, and never may have arrived", range->batch->id, i);
	}
}

void book_read(struct book *b, const struct scripted_request *r, bool whole, struct book_request *to)
{
	const char *ids = strcasestr(r->head, "\r\nspanspool-id: ");

	*to = (struct book_request){ .marked = strcasestr(r->head, "\r\nspanspool-maybe-dup: 1") != NULL };
	b->requests += whole;
	for (ids = ids == NULL ? NULL : ids + 16; ids != NULL;) {
		if (!add_range(b, to, ids)) {
			book_wrong(b, "a POST's ids cannot be read: %.80s", ids);
			return;
		}
		ids += strcspn(ids, ",\r");
		ids = *ids == ',' ? ids + 2 : NULL;
	}
	if (!whole)
		return;
	b->probes += to->n == 0;
	b->joined += to->n > 1;
	hold_body_against_ids(b, r, to);
	for (size_t i = 0; i < to->n; i++)
		check_mark(b, to, &to->range[i]);
}

/* The answer leaves no doubt that nothing was stored. */
static bool refuses_clearly(const struct scripted_answer *to)
{
	return (to->shape == SCHEMA_PLAIN || to->shape == SCHEMA_CLOSING || to->shape == SCHEMA_REDIRECT) &&
	       to->status >= 300 && to->status < 500;
}

static bool refuses_batch(int status)
{
	return status == 400 || status == 413 || status == 415 || status == 422;
}

void book_answered(struct book *b, const struct book_request *r, const struct scripted_answer *to, bool stored)
{
	bool doubt = !refuses_clearly(to);

	for (size_t i = 0; i < r->n; i++) {
		const struct book_range *range = &r->range[i];

		range->batch->refused += r->n == 1 && refuses_batch(to->status);
		for (uint32_t k = range->first; k <= range->last; k++) {
			range->batch->doubt[k] |= doubt;
			b->repeats += stored && range->batch->stored[k] > 0;
			range->batch->stored[k] += stored;
		}
	}
}

void book_poison_answer(const struct book_request *r, struct scripted_answer *to)
{
	to->status = poisons[r->poison->poison].status;
	to->text = poisons[r->poison->poison].text;
	to->shape = to->status == 0 ? SCHEMA_NONE : SCHEMA_PLAIN;
}

/* ---- reports ---- */

static void judge_delivered(struct book *b, const struct book_batch *one)
{
	for (uint32_t i = 0; i < one->spans; i++)
		if (one->stored[i] == 0) {
			book_wrong(b, "batch %s is reported delivered, span %u is not stored", one->id, i);
			return;
		}
	if (one->poison != GOOD)
		book_wrong(b, "batch %s is poison and reported delivered", one->id);
}

static void judge_refused(struct book *b, const struct book_batch *one, const struct exporter_report *r)
{
	const char *text = poisons[one->poison].text;

	b->quarantined++;
	if (one->poison == GOOD) {
		if (!b->may_refuse || one->refused < 2)
			book_wrong(b, "batch %s is good and reported %s: %s", one->id, r->cause, r->detail);
		return;
	}
	if (r->status != poisons[one->poison].status || strcmp(r->cause, poisons[one->poison].cause) != 0 ||
	        (text != NULL && strstr(r->detail, text) == NULL))
		book_wrong(b, "batch %s is poison of kind %d and reported %s, status %d: %s", one->id, (int)one->poison,
		        r->cause, r->status, r->detail);
}

/* Only a batch that fails is given back, and as one that may have arrived when it may, unless it came as one. */
static void judge_returned(struct book *b, struct book_batch *one, bool maybe)
{
	bool doubt = false;

	for (uint32_t i = 0; i < one->spans; i++)
		doubt |= one->doubt[i];
	if (one->poison != POISON_500 && one->poison != POISON_CUTS)
		book_wrong(b, "batch %s is good and given back", one->id);
	if (doubt != (maybe || one->maybe_dup))
		book_wrong(b, "batch %s is given back as one that %s", one->id, maybe ? "may have arrived" : "has not");
	one->returned = true;
	one->maybe_dup |= maybe;
	b->returns++;
}

void book_report(struct book *b, const struct exporter_report *r)
{
	struct book_batch *one = r->token;
	bool given_back = r->outcome == EXPORTER_NOT_SENT || r->outcome == EXPORTER_MAYBE_SENT;

	if (given_back && b->may_return) {
		judge_returned(b, one, r->outcome == EXPORTER_MAYBE_SENT);
		return;
	}
	one->outcome = r->outcome;
	b->reported++;
	if (one->reports++ > 0)
		book_wrong(b, "batch %s is reported twice", one->id);
	if (r->outcome == EXPORTER_DELIVERED)
		judge_delivered(b, one);
	else if (r->outcome == EXPORTER_REFUSED)
		judge_refused(b, one, r);
	else
		book_wrong(b, "batch %s is given back, and nobody wanted it", one->id);
}
