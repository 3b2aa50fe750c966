/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.c — Prometheus text format, which demands that a name's HELP and TYPE come once, before its samples, and
 * that these are adjacent. */
#include <math.h>
#include <inttypes.h>
#include <stdio.h>

#include "telemetry/metrics.h"

static const char *const type_names[] = { [METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge" };

static const double bucket_s[HISTOGRAM_BUCKETS] = {
	0.001,
	0.0025,
	0.005,
	0.01,
	0.025,
	0.05,
	0.1,
	0.25,
	0.5,
	1,
	2.5,
	5,
	10,
	30,
};

/* Escapes backslash and newline, and if QUOTED (a label's value) the quote. */
static void add_escaped(struct buf *to, const char *text, bool quoted)
{
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			buf_text(to, "\\n");
		else if (*text == '\\' || (*text == '"' && quoted))
			buf_printf(to, "\\%c", *text);
		else
			buf_byte(to, (uint8_t)*text);
	}
}

void metrics_label(struct buf *to, const char *name, const char *value)
{
	buf_printf(to, "%s%s=\"", to->len == 0 ? "" : ",", name);
	add_escaped(to, value, true);
	buf_byte(to, '"');
}

static void add_head(struct buf *to, const char *prefix, const char *name, const char *help, const char *type)
{
	buf_printf(to, "# HELP %s%s ", prefix, name);
	add_escaped(to, help, false);
	buf_printf(to, "\n# TYPE %s%s %s\n", prefix, name, type);
}

/* Prints "prefixname{first,second} "; FIRST and SECOND may be NULL or "". */
static void add_name(struct buf *to, const char *prefix, const char *name, const char *first, const char *second)
{
	bool has_first = first != NULL && *first != '\0', has_second = second != NULL && *second != '\0';

	buf_printf(to, "%s%s", prefix, name);
	if (has_first || has_second)
		buf_printf(to, "{%s%s%s}", has_first ? first : "", has_first && has_second ? "," : "",
		        has_second ? second : "");
	buf_byte(to, ' ');
}

static void add_double(struct buf *to, double value)
{
	if (isnan(value))
		buf_text(to, "NaN\n");
	else if (isinf(value))
		buf_text(to, value > 0 ? "+Inf\n" : "-Inf\n");
	else
		buf_printf(to, "%.15g\n", value);
}

static void add_row(struct buf *to, const char *prefix, const struct metric_row *row, const struct metric_base *b)
{
	uint64_t value;

	memcpy(&value, (const char *)b->base + row->at, sizeof(value));
	add_name(to, prefix, row->name, b->labels, row->labels);
	if (row->scale == 0)
		buf_printf(to, "%" PRIu64 "\n", value);
	else
		add_double(to, (double)value * row->scale);
}

void metrics_render_each(
        struct buf *to, const char *prefix, const struct metric_row *rows, const struct metric_base *bases, size_t n)
{
	const char *last = NULL;

	for (const struct metric_row *row = rows; n > 0 && row->name != NULL; row++) {
		if (last == NULL || strcmp(last, row->name) != 0)
			add_head(to, prefix, row->name, row->help, type_names[row->type]);
		last = row->name;
		for (size_t i = 0; i < n; i++)
			add_row(to, prefix, row, &bases[i]);
	}
}

void metrics_render(struct buf *to, const char *prefix, const struct metric_row *rows, const void *base)
{
	struct metric_base one = { base, NULL };

	metrics_render_each(to, prefix, rows, &one, 1);
}

void metrics_sample(struct buf *to, const char *prefix, const char *name, const char *labels, const char *help,
        enum metric_type type, double value)
{
	if (help != NULL)
		add_head(to, prefix, name, help, type_names[type]);
	add_name(to, prefix, name, labels, NULL);
	add_double(to, value);
}

void histogram_add(struct histogram *h, uint64_t us)
{
	size_t i = 0;

	while (i < HISTOGRAM_BUCKETS && (double)us > bucket_s[i] * 1e6)
		i++;
	h->bucket[i]++;
	h->count++;
	h->sum_us += us;
}

static void add_suffixed(struct buf *to, const char *prefix, const char *name, const char *suffix)
{
	buf_printf(to, "%s%s%s", prefix, name, suffix);
}

void metrics_render_histogram(struct buf *to, const char *prefix, const char *name, const char *labels,
        const char *help, const struct histogram *h)
{
	uint64_t sum = 0;

	if (help != NULL)
		add_head(to, prefix, name, help, "histogram");
	for (size_t i = 0; i <= HISTOGRAM_BUCKETS; i++) {
		char le[48];

		sum += h->bucket[i];
		if (i < HISTOGRAM_BUCKETS)
			snprintf(le, sizeof(le), "le=\"%g\"", bucket_s[i]);
		else
			snprintf(le, sizeof(le), "le=\"+Inf\"");
		add_suffixed(to, prefix, name, "_bucket");
		add_name(to, "", "", labels, le);
		buf_printf(to, "%" PRIu64 "\n", sum);
	}
	add_suffixed(to, prefix, name, "_sum");
	add_name(to, "", "", labels, NULL);
	add_double(to, (double)h->sum_us / 1e6);
	add_suffixed(to, prefix, name, "_count");
	add_name(to, "", "", labels, NULL);
	buf_printf(to, "%" PRIu64 "\n", h->count);
}
