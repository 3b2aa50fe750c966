/* SPDX-License-Identifier: Apache-2.0 */
/* metrics_page.c — parses a metrics page line by line as it arrives; the page of a busy collector has megabytes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/metrics_page.h"

/* Spans that may be stored before an earlier one in Jaeger 1.x: it has 50 workers by default, and the slowest save takes
 * at most as long as 16 others. */
enum { JAEGER_OVERTAKE = 50 * 16 };
/* Longest save of Jaeger 1.x; usual are milliseconds. For an OpenTelemetry exporter there is no bound, because it
 * retries a failed batch for minutes while others are stored. */
#define JAEGER_SLOWEST_US US_PER_S
/* The same for an OpenTelemetry exporter: ten batches of up to 8192 spans at a time by default. */
enum { OTEL_OVERTAKE = 10 * 16 * 8192 };

enum what {
	RECEIVED,
	DROPPED,
	REJECTED,
	SAVED,
	FAILED,
	REFUSED,
	CAPACITY,
	EXPORTER,        /* the exporter exists */
	EXPORTER_SENT,   /* spans, by the label "exporter" */
	EXPORTER_FAILED, /* likewise */
	STARTED,
	INSTANCE,
};

/* A series that is used. "_total" may follow the name: some collectors print it. */
struct row {
	const char *name;
	const char *label; /* the label that the series must have; NULL: any */
	const char *value; /* the value of that label; NULL: any */
	enum what what;
};

static const struct row rows[] = {
	{ "jaeger_collector_spans_received", NULL, NULL, RECEIVED },
	{ "jaeger_collector_spans_dropped", NULL, NULL, DROPPED },
	{ "jaeger_collector_spans_rejected", NULL, NULL, REJECTED },
	{ "jaeger_collector_spans_saved_by_svc", "result", "ok", SAVED },
	{ "jaeger_collector_spans_saved_by_svc", "result", "err", FAILED },
	{ "jaeger_collector_queue_capacity", NULL, NULL, CAPACITY },
	{ "otelcol_receiver_accepted_spans", NULL, NULL, RECEIVED },
	{ "otelcol_receiver_refused_spans", NULL, NULL, REFUSED },
	{ "otelcol_receiver_failed_spans", NULL, NULL, REFUSED },
	{ "otelcol_exporter_sent_spans", "exporter", NULL, EXPORTER_SENT },
	{ "otelcol_exporter_send_failed_spans", "exporter", NULL, EXPORTER_FAILED },
	{ "otelcol_exporter_enqueue_failed_spans", "exporter", NULL, EXPORTER_FAILED },
	{ "otelcol_exporter_queue_capacity", "exporter", NULL, EXPORTER },
	{ "process_start_time_seconds", NULL, NULL, STARTED },
	{ "target_info", "service_instance_id", NULL, INSTANCE },
};

/* FNV-1a; never 0. */
static uint64_t hash(struct slice s)
{
	uint64_t h = slice_hash(s, SLICE_HASH_BEGIN);

	return h == 0 ? 1 : h;
}

/* Parses a count, which may be printed as 1.5e+06. */
static bool read_count(const char *from, uint64_t *n)
{
	char *end;
	double d = strtod(from, &end);

	if (end == from || !isfinite(d) || d < 0 || d >= 9e15)
		return false;
	*n = (uint64_t)d;
	return true;
}

/* One sample of a page: name{labels} value. The parts are borrowed from the line, which ends in NUL. */
struct sample {
	struct slice name;
	const char *labels; /* after the brace; NULL: no labels */
	const char *value;
};

/* The end of the quoted string that begins at FROM, or NULL. */
static const char *end_of_quoted(const char *from)
{
	for (from++; *from != '\0' && *from != '"'; from++)
		if (*from == '\\' && from[1] != '\0')
			from++;
	return *from == '"' ? from : NULL;
}

/* Finds the value of LABEL, without unescaping it. */
static bool find_label(const struct sample *s, const char *label, struct slice *value)
{
	const char *at = s->labels;

	while (at != NULL && *at != '\0' && *at != '}') {
		size_t len = strcspn(at, "=\"}");
		const char *end;

		if (at[len] != '=' || at[len + 1] != '"')
			return false;
		end = end_of_quoted(at + len + 1);
		if (end == NULL)
			return false;
		if (len == strlen(label) && memcmp(at, label, len) == 0) {
			*value = slice_of(at + len + 2, (size_t)(end - at) - len - 2);
			return true;
		}
		at = end + 1 + strspn(end + 1, ", ");
	}
	return false;
}

/* The text after the labels that begin at FROM; NULL when the closing brace is missing. */
static const char *skip_labels(const char *from)
{
	while (*from != '\0' && *from != '}') {
		if (*from == '"' && (from = end_of_quoted(from)) == NULL)
			return NULL;
		from++;
	}
	return *from == '}' ? from + 1 : NULL;
}

static bool parse_sample(const char *line, struct sample *s)
{
	size_t len = strcspn(line, "{ \t");

	*s = (struct sample){ .name = slice_of(line, len) };
	s->value = line + len;
	if (line[len] == '{') {
		s->labels = line + len + 1;
		s->value = skip_labels(s->labels);
	}
	return len > 0 && s->value != NULL;
}

static bool is_named(const struct sample *s, const char *name)
{
	size_t len = strlen(name);

	if (s->name.len < len || memcmp(s->name.at, name, len) != 0)
		return false;
	return s->name.len == len || (s->name.len == len + 6 && memcmp(s->name.at + len, "_total", 6) == 0);
}

static struct metrics_page_exporter *exporter_of(struct metrics_page *p, struct slice name)
{
	uint64_t h = hash(name);

	for (size_t i = 0; i < p->nexporters; i++)
		if (p->exporters[i].name == h)
			return &p->exporters[i];
	if (p->nexporters == METRICS_PAGE_EXPORTERS) {
		p->too_many = true;
		return NULL;
	}
	p->exporters[p->nexporters] = (struct metrics_page_exporter){ .name = h };
	return &p->exporters[p->nexporters++];
}

/* Adds N, the value of a sample, to the counter WHAT. LABEL is the value of its label. */
static void add_count(struct metrics_page *p, enum what what, struct slice label, uint64_t n)
{
	uint64_t *const sums[] = {
		[RECEIVED] = &p->sums.received,
		[DROPPED] = &p->sums.dropped,
		[REJECTED] = &p->sums.rejected,
		[SAVED] = &p->sums.saved,
		[FAILED] = &p->sums.failed,
		[REFUSED] = &p->sums.refused,
		[CAPACITY] = &p->sums.capacity,
	};
	struct metrics_page_exporter *e;

	if (what < ARRAY_LEN(sums)) {
		*sums[what] += n;
		return;
	}
	e = exporter_of(p, label);
	if (e == NULL)
		return;
	if (what == EXPORTER_SENT)
		e->sent += n;
	if (what == EXPORTER_FAILED)
		e->failed += n;
}

static void apply_row(struct metrics_page *p, const struct row *r, const struct sample *s)
{
	struct slice label = { 0 };
	uint64_t n;

	if (r->label != NULL && !find_label(s, r->label, &label))
		return;
	if (r->value != NULL && (label.len != strlen(r->value) || memcmp(label.at, r->value, label.len) != 0))
		return;
	if (r->what == INSTANCE) {
		p->instance = hash(label);
	} else if (r->what == STARTED) {
		p->started = hash(slice_of(s->value, strlen(s->value)));
	} else if (read_count(s->value, &n)) {
		p->jaeger |= r->name[0] == 'j';
		p->otel |= r->name[0] == 'o';
		add_count(p, r->what, label, n);
	}
}

static void parse_line(struct metrics_page *p)
{
	struct sample s;

	p->line[p->len] = '\0';
	p->otel_other |= strncmp(p->line, "otelcol_", strlen("otelcol_")) == 0;
	if (p->line[0] == '#' || memchr(p->line, '\0', p->len) != NULL || !parse_sample(p->line, &s))
		return;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (is_named(&s, rows[i].name))
			apply_row(p, &rows[i], &s);
}

void metrics_page_begin(struct metrics_page *p)
{
	memset(p, 0, sizeof(*p));
}

void metrics_page_feed(struct metrics_page *p, struct slice bytes)
{
	while (bytes.len > 0) {
		const uint8_t *newline = memchr(bytes.at, '\n', bytes.len);
		size_t n = newline == NULL ? bytes.len : (size_t)(newline - bytes.at);

		if (p->len + n >= sizeof(p->line))
			p->too_long = true;
		if (!p->too_long) {
			memcpy(p->line + p->len, bytes.at, n);
			p->len += n;
		}
		if (newline == NULL)
			return;
		if (!p->too_long)
			parse_line(p);
		p->len = 0;
		p->too_long = false;
		bytes = slice_of(bytes.at + n + 1, bytes.len - n - 1);
	}
}

/* A span is stored when every exporter has sent it, so the slowest exporter counts. */
static void fold_exporters(struct metrics_page *p)
{
	const struct metrics_page_exporter *slowest = &p->exporters[0];

	for (size_t i = 0; i < p->nexporters; i++) {
		const struct metrics_page_exporter *e = &p->exporters[i];

		p->sums.failed += e->failed;
		if (e->sent + e->failed < slowest->sent + slowest->failed)
			slowest = e;
	}
	p->sums.saved = slowest->sent;
}

int metrics_page_end(struct metrics_page *p, struct confirm_counters *counters, struct why *why)
{
	if (p->len > 0 && !p->too_long)
		parse_line(p);
	if (!p->jaeger && p->otel_other)
		p->otel = true;
	if (p->jaeger == p->otel)
		return why_set(why, E_MALFORMED,
		        "the page has neither a Jaeger collector's counters of spans "
		        "(jaeger_collector_spans_received_total) nor an OpenTelemetry Collector's "
		        "(otelcol_receiver_accepted_spans), or it has both");
	if (p->started == 0 && p->instance == 0)
		return why_set(why, E_MALFORMED,
		        "the page does not tell one process from the next: it has neither "
		        "process_start_time_seconds nor a service_instance_id in target_info");
	if (p->too_many)
		return why_set(why, E_TOO_LARGE, "the collector has more than %d exporters", METRICS_PAGE_EXPORTERS);
	if (p->otel) {
		fold_exporters(p);
		p->sums.capacity = CONFIRM_NO_QUEUE;
	}
	*counters = p->sums;
	counters->process = p->instance != 0 ? p->instance : p->started;
	counters->overtake = p->otel ? OTEL_OVERTAKE : JAEGER_OVERTAKE;
	counters->slowest_us = p->otel ? 0 : JAEGER_SLOWEST_US;
	return 0;
}
