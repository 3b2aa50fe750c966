/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c — librdkafka reads certificates, keys and passwords once, but they are rotated while a client runs. The
 * files are read in a thread of its own, since a network file system may hang; no further read begins until that one
 * ends. When the watch is freed meanwhile, on_files_read() frees the memory. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "files.h"
#include "watch.h"

enum { READ_EVERY_MS = 10000, LEAST_MS = 1000 };

struct kafka_watch {
	struct loop *loop;
	struct timer *timer;
	void (*changed)(void *arg); /* NULL: kafka_watch_free() was called */
	void *arg;
	struct kafka_property *properties;
	size_t n;
	uint64_t used_hash;  /* hash of the contents at open, or at the last call of changed() */
	uint64_t found_hash; /* hash of the last read, set by the thread */
	uint64_t read_us;
	uint64_t reads;
	bool retry;   /* call changed() after the next read even if nothing changed */
	bool reading; /* a thread is reading the files */
};

static void free_watch(struct kafka_watch *w)
{
	for (size_t i = 0; i < w->n; i++) {
		free((char *)(uintptr_t)w->properties[i].name);
		free((char *)(uintptr_t)w->properties[i].value);
	}
	free(w->properties);
	free(w);
}

static void read_files(void *arg)
{
	struct kafka_watch *w = arg;

	w->found_hash = kafka_files_hash(w->properties, w->n);
}

static void on_files_read(void *arg)
{
	struct kafka_watch *w = arg;

	w->reading = false;
	w->reads++;
	if (w->changed == NULL) {
		free_watch(w);
		return;
	}
	timer_start(w->timer, READ_EVERY_MS);
	if (w->found_hash == w->used_hash && !w->retry)
		return;
	w->used_hash = w->found_hash;
	w->retry = false;
	w->changed(w->arg);
}

static void begin_read(void *arg)
{
	struct kafka_watch *w = arg;

	if (w->reading)
		return;
	w->read_us = clock_mono_us();
	w->reading = work_start_alone(w->loop, read_files, on_files_read, w) == 0;
	if (!w->reading)
		timer_start(w->timer, READ_EVERY_MS);
}

static int copy_properties(struct kafka_watch *w, const struct kafka_property *p, size_t n)
{
	w->properties = calloc(n + 1, sizeof(*w->properties));
	if (w->properties == NULL)
		return E_NOMEM;
	for (; w->n < n; w->n++) {
		struct kafka_property *to = &w->properties[w->n];

		*to = (struct kafka_property){ strdup(p[w->n].name), strdup(p[w->n].value), p[w->n].in_file };
		if (to->name == NULL || to->value == NULL) {
			w->n++;
			return E_NOMEM;
		}
	}
	return 0;
}

int kafka_watch_open(struct kafka_watch **out, struct loop *l, const struct kafka_property *p, size_t n,
        void (*changed)(void *arg), void *arg)
{
	struct kafka_watch *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return E_NOMEM;
	w->loop = l;
	w->changed = changed;
	w->arg = arg;
	if (copy_properties(w, p, n) < 0 || timer_open(&w->timer, l, begin_read, w) < 0) {
		free_watch(w);
		return E_NOMEM;
	}
	w->used_hash = kafka_files_hash(w->properties, n);
	if (w->used_hash != 0) /* else no property names a file */
		timer_start(w->timer, READ_EVERY_MS);
	*out = w;
	return 0;
}

const struct kafka_property *kafka_watch_properties(const struct kafka_watch *w)
{
	return w->properties;
}

void kafka_watch_now(struct kafka_watch *w)
{
	if (w->used_hash != 0 && clock_mono_us() - w->read_us >= LEAST_MS * US_PER_MS)
		begin_read(w);
}

void kafka_watch_retry(struct kafka_watch *w)
{
	w->retry = true;
}

uint64_t kafka_watch_reads(const struct kafka_watch *w)
{
	return w->reads;
}

void kafka_watch_free(struct kafka_watch *w)
{
	if (w == NULL)
		return;
	timer_free(w->timer);
	w->changed = NULL;
	if (!w->reading)
		free_watch(w);
}
