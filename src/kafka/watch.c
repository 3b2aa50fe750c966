/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c — certificates, keys and passwords are rotated while a client runs, and librdkafka reads
 * them once. The files are read in a thread of its own, since a network file system may hang: then there is
 * no further look until it answers, and nothing else waits. A watch that is freed meanwhile lives on
 * until that thread is done with it. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "files.h"
#include "watch.h"

enum { LOOK_MS = 10000, LEAST_MS = 1000 };

struct kafka_watch {
	struct loop *loop;
	struct timer *timer;
	void (*changed)(void *arg); /* NULL: freed by its owner */
	void *arg;
	struct kafka_property *properties;
	size_t n;
	uint64_t known; /* hash of the contents that the owner has used */
	uint64_t found; /* by the thread */
	uint64_t looked_us;
	uint64_t looks;
	bool again;   /* the owner wants to be called also when nothing changed */
	bool looking; /* a thread reads the files */
};

static void destroy(struct kafka_watch *w)
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

	w->found = kafka_files_hash(w->properties, w->n);
}

static void on_read(void *arg)
{
	struct kafka_watch *w = arg;

	w->looking = false;
	w->looks++;
	if (w->changed == NULL) {
		destroy(w);
		return;
	}
	timer_start(w->timer, LOOK_MS);
	if (w->found == w->known && !w->again)
		return;
	w->known = w->found;
	w->again = false;
	w->changed(w->arg);
}

static void look(void *arg)
{
	struct kafka_watch *w = arg;

	if (w->looking)
		return;
	w->looked_us = clock_mono_us();
	w->looking = work_start_alone(w->loop, read_files, on_read, w) == 0;
	if (!w->looking)
		timer_start(w->timer, LOOK_MS);
}

static int copy(struct kafka_watch *w, const struct kafka_property *p, size_t n)
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
	if (copy(w, p, n) < 0 || timer_open(&w->timer, l, look, w) < 0) {
		destroy(w);
		return E_NOMEM;
	}
	w->known = kafka_files_hash(w->properties, n);
	if (w->known != 0) /* else no property names a file */
		timer_start(w->timer, LOOK_MS);
	*out = w;
	return 0;
}

const struct kafka_property *kafka_watch_properties(const struct kafka_watch *w)
{
	return w->properties;
}

void kafka_watch_now(struct kafka_watch *w)
{
	if (w->known != 0 && clock_mono_us() - w->looked_us >= LEAST_MS * US_PER_MS)
		look(w);
}

void kafka_watch_again(struct kafka_watch *w)
{
	w->again = true;
}

uint64_t kafka_watch_looks(const struct kafka_watch *w)
{
	return w->looks;
}

void kafka_watch_free(struct kafka_watch *w)
{
	if (w == NULL)
		return;
	timer_free(w->timer);
	w->changed = NULL;
	if (!w->looking)
		destroy(w);
}
