/* SPDX-License-Identifier: Apache-2.0 */
/* quarantine_job.c — a record that no collector takes goes to the quarantine with its key and headers, and with headers
 * that say why: cause, origin, status and detail. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "drain_internal.h"

enum { DETAIL_MAX = 1024, OWN_HEADERS = 4, LOG_EVERY_MS = 10000 };

struct quarantine_job {
	struct quarantine_item item;
	struct record *record;
	struct kafka_header *headers; /* the record's own, then those that say why */
	size_t n, cap;
	char name[320];
	char origin[320];
	char status[8];
	char detail[DETAIL_MAX + 1];
};

void quarantine_job_free(struct quarantine_job *job)
{
	if (job == NULL)
		return;
	free(job->headers);
	free(job);
}

/* Headers that say why a record is in quarantine: a record that comes from there has some of an earlier time. */
static bool says_why(const char *name)
{
	static const char *const names[] = { "spanspool-cause", "spanspool-origin", "spanspool-status",
		"spanspool-detail" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static void count_header(void *arg, const char *name, struct slice value)
{
	struct quarantine_job *job = arg;

	(void)name, (void)value;
	job->cap++;
}

static void add_header(void *arg, const char *name, struct slice value)
{
	struct quarantine_job *job = arg;

	if (job->n < job->cap)
		job->headers[job->n++] = (struct kafka_header){ name, value };
}

static void take_header(void *arg, const char *name, struct slice value)
{
	struct quarantine_job *job = arg;
	bool from_quarantine = job->record->drain->opts.from_quarantine;

	if (from_quarantine && strcmp(name, "spanspool-origin") == 0 && value.len < sizeof(job->origin))
		snprintf(job->origin, sizeof(job->origin), "%.*s", (int)value.len, (const char *)value.at);
	if (!from_quarantine || !says_why(name))
		add_header(job, name, value);
}

static void describe(struct quarantine_job *job, const char *cause, int status, const char *detail)
{
	const struct kafka_message *m = &job->record->message;
	const char *topic = job->record->drain->opts.consumer.topic;

	snprintf(job->name, sizeof(job->name), "%.249s-%d-%" PRId64, topic, m->partition, m->offset);
	if (job->origin[0] == '\0')
		snprintf(job->origin, sizeof(job->origin), "%.249s/%d/%" PRId64, topic, m->partition, m->offset);
	snprintf(job->detail, sizeof(job->detail), "%s", detail);
	add_header(job, "spanspool-cause", slice_text(cause));
	add_header(job, "spanspool-origin", slice_text(job->origin));
	if (status != 0) {
		snprintf(job->status, sizeof(job->status), "%d", status);
		add_header(job, "spanspool-status", slice_text(job->status));
	}
	add_header(job, "spanspool-detail", slice_text(job->detail));
	job->item.name = job->name;
	job->item.record = (struct kafka_record){ .value = m->value,
		.key = m->key,
		.headers = job->headers,
		.nheaders = job->n,
		.timestamp_ms = m->timestamp_ms > 0 ? m->timestamp_ms : 0 };
}

static struct quarantine_job *job_new(struct record *r)
{
	struct quarantine_job *job = calloc(1, sizeof(*job));

	if (job == NULL)
		return NULL;
	job->record = r;
	job->cap = OWN_HEADERS;
	kafka_message_headers(&r->message, count_header, job);
	job->headers = calloc(job->cap, sizeof(*job->headers));
	if (job->headers == NULL) {
		quarantine_job_free(job);
		return NULL;
	}
	kafka_message_headers(&r->message, take_header, job);
	return job;
}

static void log_quarantined(struct drain *d, const struct quarantine_job *job, const char *cause)
{
	if (!log_limit_allows(&d->refused_limit, LOG_EVERY_MS)) {
		d->unlogged++;
		return;
	}
	if (d->unlogged > 0)
		log_warn("drain: %s goes to quarantine, as did %" PRIu64 " before it: %s: %s", job->origin, d->unlogged,
		        cause, job->detail);
	else
		log_warn("drain: %s goes to quarantine: %s: %s", job->origin, cause, job->detail);
	d->unlogged = 0;
}

void drain_quarantine(struct record *r, const char *cause, int status, const char *detail)
{
	struct drain *d = r->drain;

	r->refused = cause;
	r->job = job_new(r);
	d->stats.in_quarantine++;
	if (r->job == NULL) {
		/* The record stays in flight, so nothing is committed beyond it; its next reader tries again. */
		log_error("drain: out of memory: %s/%d/%" PRId64 " cannot go to quarantine", d->opts.consumer.topic,
		        r->message.partition, r->message.offset);
		return;
	}
	describe(r->job, cause, status, detail);
	log_quarantined(d, r->job, cause);
	quarantine_put(d->quarantine, &r->job->item);
}

struct record *quarantine_job_record(struct quarantine_item *item)
{
	struct record *r = container_of(item, struct quarantine_job, item)->record;

	r->drain->stats.in_quarantine--;
	return r;
}
