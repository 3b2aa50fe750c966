/* SPDX-License-Identifier: Apache-2.0 */
/* replay_counts.c — services in a sorted array, and intervals of time in another; when the intervals no longer fit,
 * their width grows. */
#include <stdlib.h>
#include <string.h>

#include "policy/replay_counts.h"

/* A minute, ten, an hour, six hours, a day, a week, 52 weeks; two intervals of the last width cover all times. */
static const uint64_t widths[] = { 60000, 600000, 3600000, 21600000, 86400000, 604800000, 31449600000,
	UINT64_C(1) << 62 };

static void count_record(struct replay_count *to, uint64_t spans)
{
	to->records++;
	to->spans += spans;
}

static int compare_names(struct slice name, const char *to)
{
	size_t len = strlen(to), least = name.len < len ? name.len : len;
	int d = memcmp(name.at, to, least);

	return d != 0 ? d : (name.len > len) - (name.len < len);
}

/* The index of NAME, or the index at which it is to be inserted. */
static size_t find_service(const struct replay_counts *c, struct slice name, bool *found)
{
	size_t low = 0, high = c->nservices;

	*found = false;
	while (low < high) {
		size_t mid = (low + high) / 2;
		int d = compare_names(name, c->services[mid].name);

		if (d == 0) {
			*found = true;
			return mid;
		}
		if (d < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

static struct replay_count *insert_service(struct replay_counts *c, size_t at, struct slice name)
{
	struct replay_service *more;
	char *copy;

	if (c->nservices == REPLAY_SERVICES_MOST)
		return &c->other_services;
	more = realloc(c->services, (c->nservices + 1) * sizeof(*more));
	if (more == NULL)
		return &c->other_services;
	c->services = more;
	copy = strndup((const char *)name.at, name.len);
	if (copy == NULL)
		return &c->other_services;
	memmove(&more[at + 1], &more[at], (c->nservices - at) * sizeof(*more));
	more[at] = (struct replay_service){ copy, { 0, 0 } };
	c->nservices++;
	return &more[at].count;
}

/* The count of service NAME, which is cut at a NUL and at REPLAY_NAME_MOST bytes. */
static struct replay_count *count_of_service(struct replay_counts *c, struct slice name)
{
	bool found;
	size_t at;

	name.len = name.len == 0 ? 0 : strnlen((const char *)name.at, name.len);
	if (name.len == 0)
		name.at = (const uint8_t *)"";
	if (name.len > REPLAY_NAME_MOST)
		name.len = REPLAY_NAME_MOST;
	at = find_service(c, name, &found);
	return found ? &c->services[at].count : insert_service(c, at, name);
}

static void widen_times(struct replay_counts *c)
{
	size_t w = 0, n = 0;

	while (widths[w] <= c->width_ms)
		w++;
	c->width_ms = widths[w];
	for (size_t i = 0; i < c->ntimes; i++) {
		struct replay_time t = c->times[i];

		t.start_ms -= t.start_ms % c->width_ms;
		if (n > 0 && c->times[n - 1].start_ms == t.start_ms) {
			c->times[n - 1].count.records += t.count.records;
			c->times[n - 1].count.spans += t.count.spans;
		} else {
			c->times[n++] = t;
		}
	}
	c->ntimes = n;
}

static struct replay_count *count_of_time(struct replay_counts *c, uint64_t ms)
{
	size_t at = 0;
	uint64_t start;

	if (c->width_ms == 0)
		c->width_ms = widths[0];
	start = ms - ms % c->width_ms;
	while (at < c->ntimes && c->times[at].start_ms < start)
		at++;
	if (at < c->ntimes && c->times[at].start_ms == start)
		return &c->times[at].count;
	if (c->ntimes == REPLAY_TIMES_MOST) {
		widen_times(c);
		return count_of_time(c, ms);
	}
	memmove(&c->times[at + 1], &c->times[at], (c->ntimes - at) * sizeof(c->times[0]));
	c->times[at] = (struct replay_time){ start, { 0, 0 } };
	c->ntimes++;
	return &c->times[at].count;
}

void replay_counts_add(
        struct replay_counts *c, enum replay_value value, struct slice name, int64_t timestamp_ms, uint64_t spans)
{
	count_record(&c->all, spans);
	if (value == REPLAY_BATCH)
		count_record(count_of_service(c, name), spans);
	else
		count_record(value == REPLAY_BAD ? &c->bad : &c->empty, spans);
	count_record(timestamp_ms < 0 ? &c->no_time : count_of_time(c, (uint64_t)timestamp_ms), spans);
}

void replay_counts_free(struct replay_counts *c)
{
	for (size_t i = 0; i < c->nservices; i++)
		free(c->services[i].name);
	free(c->services);
	*c = (struct replay_counts){ 0 };
}
