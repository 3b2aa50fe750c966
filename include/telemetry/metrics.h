/* SPDX-License-Identifier: Apache-2.0 */
/* Prints tables of counters and gauges in Prometheus text format. */
#ifndef METRICS_H
#define METRICS_H

#include "base/buf.h"

enum metric_type { METRIC_COUNTER, METRIC_GAUGE };

/* A row describes one number in a struct. Rows of the same name must be adjacent; the first one's help and type are
 * printed. */
struct metric_row {
	const char *name;   /* without the prefix, "spanspool_" … */
	const char *labels; /* "outcome=\"accepted\"", or NULL */
	const char *help;
	enum metric_type type;
	size_t at;    /* offset of a uint64_t */
	double scale; /* printed = value * scale; 0: 1 */
};

#define METRIC_FIELD(S, f) (offsetof(S, f) + 0 * sizeof(char[_Generic(((S *)0)->f, uint64_t : 1, default : -1)]))
#define METRIC_COUNTER(S, f, name, labels, help)                                                                       \
	{                                                                                                              \
		name, labels, help, METRIC_COUNTER, METRIC_FIELD(S, f), 0                                              \
	}
#define METRIC_GAUGE(S, f, name, labels, help)                                                                         \
	{                                                                                                              \
		name, labels, help, METRIC_GAUGE, METRIC_FIELD(S, f), 0                                                \
	}
#define METRIC_END                                                                                                     \
	{                                                                                                              \
		NULL, NULL, NULL, METRIC_GAUGE, 0, 0                                                                   \
	}

/* Appends NAME="VALUE", escaped, with a comma before it when TO is not empty. */
void metrics_label(struct buf *to, const char *name, const char *value);

/* A histogram of seconds. Each value is counted in one bucket; the printed counts are cumulative. */
enum { HISTOGRAM_BUCKETS = 14 };
struct histogram {
	uint64_t bucket[HISTOGRAM_BUCKETS + 1]; /* the last is +Inf */
	uint64_t count;
	uint64_t sum_us;
};
void histogram_add(struct histogram *h, uint64_t us);

/* Appends the text of ROWS (ended by METRIC_END) over BASE. */
void metrics_render(struct buf *to, const char *prefix, const struct metric_row *rows, const void *base);

/* metrics_render() over N structs with different labels, so that all samples of a name are adjacent. */
struct metric_base {
	const void *base;
	const char *labels; /* printed before those of the row */
};
void metrics_render_each(
        struct buf *to, const char *prefix, const struct metric_row *rows, const struct metric_base *bases, size_t n);

/* Prints one histogram. HELP must be NULL for all but the first of a name. */
void metrics_render_histogram(struct buf *to, const char *prefix, const char *name, const char *labels,
        const char *help, const struct histogram *h);

/* Prints one sample, after HELP and TYPE lines unless HELP is NULL. */
void metrics_sample(struct buf *to, const char *prefix, const char *name, const char *labels, const char *help,
        enum metric_type type, double value);

#endif
