/* refused.c — a bad record gets its papers, cause, origin, status and detail, and goes to
 * quarantine with its key and headers. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "drain_internal.h"

enum { DETAIL_MAX = 1024, OWN_HEADERS = 4, SAY_EVERY_MS = 10000 };

struct poison {
	struct quarantine_item item;
	struct record *record;
	struct kafka_header *headers; /* the record's own, then ours */
	size_t n, cap;
	char name[320];
	char origin[320];
	char status[8];
	char detail[DETAIL_MAX + 1];
};

void poison_free(struct poison *p)
{
	if (p == NULL)
		return;
	free(p->headers);
	free(p);
}

static void count_header(void *arg, const char *name, struct slice value)
{
	struct poison *p = arg;

	(void)name, (void)value;
	p->cap++;
}

static void add_header(void *arg, const char *name, struct slice value)
{
	struct poison *p = arg;

	if (p->n < p->cap)
		p->headers[p->n++] = (struct kafka_header){ name, value };
}

static void write_papers(struct poison *p, const char *cause, int status, const char *detail)
{
	const struct kafka_message *m = &p->record->message;
	const char *topic = p->record->drain->opts.consumer.topic;

	snprintf(p->name, sizeof(p->name), "%.249s-%d-%" PRId64, topic, m->partition, m->offset);
	snprintf(
	        p->origin, sizeof(p->origin), "%.249s/%d/%" PRId64, topic, m->partition, m->offset);
	snprintf(p->detail, sizeof(p->detail), "%s", detail);
	add_header(p, "spanspool-cause", slice_text(cause));
	add_header(p, "spanspool-origin", slice_text(p->origin));
	if (status != 0) {
		snprintf(p->status, sizeof(p->status), "%d", status);
		add_header(p, "spanspool-status", slice_text(p->status));
	}
	add_header(p, "spanspool-detail", slice_text(p->detail));
	p->item.name = p->name;
	p->item.record = (struct kafka_record){ .value = m->value,
		.key = m->key,
		.headers = p->headers,
		.nheaders = p->n,
		.timestamp_ms = m->timestamp_ms > 0 ? m->timestamp_ms : 0 };
}

static struct poison *poison_new(struct record *r)
{
	struct poison *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->record = r;
	p->cap = OWN_HEADERS;
	kafka_message_headers(&r->message, count_header, p);
	p->headers = calloc(p->cap, sizeof(*p->headers));
	if (p->headers == NULL) {
		poison_free(p);
		return NULL;
	}
	kafka_message_headers(&r->message, add_header, p);
	return p;
}

static void say(struct drain *d, const struct poison *p, const char *cause)
{
	if (!log_gate_open(&d->bad_gate, SAY_EVERY_MS)) {
		d->bad_unsaid++;
		return;
	}
	if (d->bad_unsaid > 0)
		log_warn("drain: %s goes to quarantine, as did %" PRIu64 " before it: %s: %s",
		        p->origin, d->bad_unsaid, cause, p->detail);
	else
		log_warn("drain: %s goes to quarantine: %s: %s", p->origin, cause, p->detail);
	d->bad_unsaid = 0;
}

void drain_condemn(struct record *r, const char *cause, int status, const char *detail)
{
	struct drain *d = r->drain;

	r->poison = poison_new(r);
	r->place = RECORD_CONDEMNED;
	d->stats.in_quarantine++;
	if (r->poison == NULL) {
		/* It stays in flight: nothing is committed beyond it, whoever reads it next tries again. */
		log_error("drain: out of memory: %s/%d/%" PRId64 " cannot go to quarantine",
		        d->opts.consumer.topic, r->message.partition, r->message.offset);
		return;
	}
	write_papers(r->poison, cause, status, detail);
	say(d, r->poison, cause);
	quarantine_put(d->quarantine, &r->poison->item);
}

struct record *drain_acquit(struct quarantine_item *item)
{
	struct record *r = container_of(item, struct poison, item)->record;

	r->drain->stats.in_quarantine--;
	return r;
}
