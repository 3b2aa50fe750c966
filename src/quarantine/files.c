/* SPDX-License-Identifier: Apache-2.0 */
/* files.c — kinds of quarantine that write files: a worker thread writes the items that have gathered, one run at a
 * time; items that come meanwhile are the next run's.
 *
 *   waiting ──start──► writing (worker) ──written and synced──► done, KEPT
 *      ▲                    ├── no share of the disk is left ─► done, FULL
 *      └── a pause ── failed ┘                                                                      */
#include "quarantine_internal.h"

enum {
	RUN_ITEMS = 32, /* each is synced: so many before the first is told */
	AGAIN_MS = 1000,
};

static struct files *from(struct quarantine *q)
{
	return container_of(q, struct files, q);
}

static struct quarantine_item *first_of(struct list *list)
{
	return list_first(list, struct quarantine_item, link);
}

static bool is_tried_again(const struct quarantine_item *item)
{
	return item->rc < 0 && item->rc != E_TOO_LARGE;
}

static void note_failure(struct files *f, struct quarantine_item *item, const struct why *what)
{
	item->rc = what->code;
	f->failed = *what;
	f->failed_name = item->name;
}

static void run(void *arg)
{
	struct files *f = arg;
	struct why what;

	f->failed.code = 0;
	list_each (node, &f->writing) {
		struct quarantine_item *item = container_of(node, struct quarantine_item, link);

		item->rc = f->kind->write(f, item, &what);
		if (is_tried_again(item))
			note_failure(f, item, &what);
	}
	if (f->kind->sync == NULL || f->kind->sync(f, &what) == 0)
		return;
	list_each (node, &f->writing) {
		struct quarantine_item *item = container_of(node, struct quarantine_item, link);

		if (item->rc == 0)
			note_failure(f, item, &what);
	}
}

static void start(struct files *f);
static void files_free(struct quarantine *q);

/* Items that were not kept go before those that came meanwhile: the list stays in the order of age. */
static void wait_first(struct files *f, struct list *items)
{
	list_append(items, &f->q.waiting);
	list_append(&f->q.waiting, items);
}

static void tell_board(struct files *f, bool full)
{
	if (f->failed.code != 0)
		quarantine_trouble(&f->q, f->failed_name, f->failed.text);
	else if (full)
		quarantine_full(&f->q);
	else
		quarantine_well(&f->q);
}

/* Each item has an outcome, or waits for the next run. */
static void tell_all(struct files *f)
{
	struct list over, again;
	bool full = false;

	list_init(&over);
	list_init(&again);
	while (!list_empty(&f->writing)) {
		struct quarantine_item *item = first_of(&f->writing);

		full |= item->rc == E_TOO_LARGE;
		f->q.failures += is_tried_again(item);
		list_remove(&item->link);
		list_push(is_tried_again(item) ? &again : &over, &item->link);
	}
	wait_first(f, &again);
	tell_board(f, full);
	while (!list_empty(&over)) {
		struct quarantine_item *item = first_of(&over);

		list_remove(&item->link);
		quarantine_done(&f->q, item, item->rc == 0 ? QUARANTINE_KEPT : QUARANTINE_FULL);
	}
}

static void on_run(void *arg)
{
	struct files *f = arg;
	bool failed = f->failed.code != 0;

	f->busy = false;
	if (f->orphan) {
		files_free(&f->q);
		return;
	}
	tell_all(f);
	if (f->q.flushed != NULL && (failed || list_empty(&f->q.waiting))) {
		f->q.flushing = true;
		quarantine_flushed(&f->q);
	} else if (failed) {
		timer_start(f->again, AGAIN_MS);
	} else {
		start(f);
	}
}

static void take_waiting(struct files *f)
{
	for (int n = 0; n < RUN_ITEMS && !list_empty(&f->q.waiting); n++) {
		struct quarantine_item *item = first_of(&f->q.waiting);

		list_remove(&item->link);
		list_push(&f->writing, &item->link);
	}
}

/* A run without an item is for flush, which must not be told from inside its call. */
static void start(struct files *f)
{
	if (f->busy || f->q.flushing || (list_empty(&f->q.waiting) && f->q.flushed == NULL))
		return;
	take_waiting(f);
	f->busy = work_start(f->q.loop, run, on_run, f) == 0;
	if (f->busy)
		return;
	wait_first(f, &f->writing);
	timer_start(f->again, AGAIN_MS);
}

static void on_again(void *arg)
{
	start(arg);
}

static void files_put(struct quarantine *q)
{
	if (!timer_armed(from(q)->again))
		start(from(q));
}

/* A write cannot be cut off; an item that no worker has begun is given up after the first failure. */
static void files_flush(struct quarantine *q, uint64_t budget_ms)
{
	(void)budget_ms;
	start(from(q));
}

static void files_free(struct quarantine *q)
{
	struct files *f = from(q);

	if (f->busy) {
		f->orphan = true;
		return;
	}
	timer_free(f->again);
	f->kind->free(f);
}

static const struct quarantine_ops ops = { files_put, files_flush, files_free };

int files_open(struct files *f, struct loop *l, const struct files_kind *kind)
{
	f->q.ops = &ops;
	f->kind = kind;
	list_init(&f->writing);
	return timer_open(&f->again, l, on_again, f);
}
