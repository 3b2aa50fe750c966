/* SPDX-License-Identifier: Apache-2.0 */
/* history.c — a ring of samples, and what a chart shows of it. */
#include <string.h>

#include "admin/history.h"

enum { HOUR_MS = 60 * 60 * 1000, GAP_MS = 3 * HISTORY_STEP_MS };

void history_add(struct history *h, uint64_t ms, const double values[HISTORY_SERIES])
{
	struct history_sample *s = &h->samples[h->next];

	s->ms = ms;
	memcpy(s->values, values, sizeof(s->values));
	h->next = (h->next + 1) % HISTORY_SAMPLES;
	if (h->n < HISTORY_SAMPLES)
		h->n++;
}

/* The sample number I, the oldest being 0. */
static const struct history_sample *sample_at(const struct history *h, size_t i)
{
	return &h->samples[(h->next + HISTORY_SAMPLES - h->n + i) % HISTORY_SAMPLES];
}

struct moment {
	uint64_t ms;
	double value;
};

/* The value that S shows at NOW, BEFORE being the sample before it. False when there is none. */
static bool value_between(
        const struct history_series *s, const struct moment *before, const struct moment *now, double *value)
{
	double increase = now->value - before->value;

	if (s->per_s == 0) {
		*value = now->value;
		return true;
	}
	if (now->ms <= before->ms)
		return false;
	*value = increase <= 0 ? 0 : increase * s->per_s * 1000 / (double)(now->ms - before->ms);
	return true;
}

size_t history_points(const struct history *h, const struct history_series *s, size_t i, uint64_t now_ms, double last,
        struct history_point to[HISTORY_POINTS])
{
	struct moment before = { 0, 0 };
	size_t n = 0;

	for (size_t at = 0; at <= h->n; at++) {
		struct moment now = { now_ms, last };
		double value;
		bool first = at == 0;

		if (at < h->n)
			now = (struct moment){ sample_at(h, at)->ms, sample_at(h, at)->values[i] };
		if ((first && s->per_s > 0) || !value_between(s, &before, &now, &value)) {
			before = now;
			continue;
		}
		if (now.ms + HOUR_MS >= now_ms) {
			to[n] = (struct history_point){
				.ago_s = (double)(now_ms - now.ms) / 1000,
				.value = value,
				.begins = n == 0 || now.ms - before.ms > GAP_MS,
			};
			n++;
		}
		before = now;
	}
	return n;
}
