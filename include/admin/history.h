/* SPDX-License-Identifier: Apache-2.0 */
/* The last hour of a few figures of a process, in memory of a fixed size: 6.7 KiB. */
#ifndef HISTORY_H
#define HISTORY_H

#include "base/base.h"

enum {
	HISTORY_SERIES = 6,
	HISTORY_STEP_MS = 30 * 1000, /* between two samples */
	HISTORY_SAMPLES = 121,       /* the hour, both ends included */
	HISTORY_POINTS = HISTORY_SAMPLES + 1,
};

/* A figure. Of a counter the increase is shown, per second or per minute. */
struct history_series {
	const char *title; /* "spans lost a minute" */
	unsigned per_s;    /* 0: a gauge; else the counter's increase in so many seconds */
	bool is_loss;      /* anything but 0 is bad */
};

struct history {
	struct history_sample {
		uint64_t ms; /* of the monotonic clock */
		double values[HISTORY_SERIES];
	} samples[HISTORY_SAMPLES];
	size_t n;    /* of samples, up to HISTORY_SAMPLES */
	size_t next; /* where the next one goes */
};

struct history_point {
	double ago_s; /* before now */
	double value;
	bool begins; /* nothing is known of the time before it: the process did not run, or has just begun */
};

/* Adds the figures at MS; the oldest sample makes way. */
void history_add(struct history *h, uint64_t ms, const double values[HISTORY_SERIES]);
/* The last hour of figure I, described by S, and LAST, its value at NOW_MS; oldest first. Returns the number of points
 * in TO. A counter that went down, as that of another spool, counts as no increase. */
size_t history_points(const struct history *h, const struct history_series *s, size_t i, uint64_t now_ms, double last,
        struct history_point to[HISTORY_POINTS]);

#endif
