/* SPDX-License-Identifier: Apache-2.0 */
/* files.c — shared by the kinds of quarantine that write files. A worker thread writes up to RUN_ITEMS waiting items
 * in one run; items that are put meanwhile wait for the next run.
 *
 *   waiting ──start──► writing (worker) ──written and synced──► done, KEPT
 *      ▲                    ├──disk share used up────────► done, FULL
 *      └── a pause ── failed ┘ */
#include "base/clock.h"
#include "quarantine_internal.h"

enum { RUN_ITEMS = 32 }; /* items per run; each is synced, and outcomes are reported after the run */

static struct files *files_of(struct quarantine *q)
{
	return container_of(q, struct files, q);
}

static struct quarantine_item *first_of(struct list *list)
{
	return list_first(list, struct quarantine_item, link);
}

static bool must_retry(const struct quarantine_item *item)
{
	return item->rc < 0 && item->rc != E_QUOTA;
}

static void note_failure(struct files *f, struct quarantine_item *item, const struct why *what)
{
	item->rc = what->code;
	f->failed = *what;
	f->failed_name = item->name;
}

static void write_run(void *arg)
{
	struct files *f = arg;
	struct why what;

	f->failed.code = 0;
	list_each (node, &f->writing) {
		struct quarantine_item *item = container_of(node, struct quarantine_item, link);

		item->rc = f->kind->write(f, item, &what);
		if (must_retry(item))
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

static void start_run(struct files *f);
static void files_free(struct quarantine *q);

/* Puts ITEMS, which failed, before the items that were put meanwhile, so that waiting stays ordered by age. */
static void requeue_first(struct files *f, struct list *items)
{
	list_append(items, &f->q.waiting);
	list_append(&f->q.waiting, items);
}

static void report_health(struct files *f, bool full)
{
	if (f->failed.code != 0)
		quarantine_fault(&f->q, f->failed_name, f->failed.code, f->failed.text);
	else if (full)
		quarantine_full(&f->q);
	else
		quarantine_well(&f->q);
}

/* Reports the outcome of each item of the run, and moves failed items back to waiting. */
static void report_outcomes(struct files *f)
{
	struct list finished, again;
	bool full = false;

	list_init(&finished);
	list_init(&again);
	while (!list_empty(&f->writing)) {
		struct quarantine_item *item = first_of(&f->writing);

		full |= item->rc == E_QUOTA;
		f->q.failures += must_retry(item);
		list_remove(&item->link);
		list_push(must_retry(item) ? &again : &finished, &item->link);
	}
	requeue_first(f, &again);
	report_health(f, full);
	while (!list_empty(&finished)) {
		struct quarantine_item *item = first_of(&finished);

		list_remove(&item->link);
		quarantine_done(&f->q, item, item->rc == 0 ? QUARANTINE_KEPT : QUARANTINE_FULL);
	}
}

static void start_retry_timer(struct files *f)
{
	timer_start(f->retry_timer, disk_fault_pause_ms(DISK_FAULT_QUARANTINE));
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
	report_outcomes(f);
	if (f->q.flushed != NULL && (failed || list_empty(&f->q.waiting))) {
		f->q.flushing = true;
		quarantine_flushed(&f->q);
	} else if (failed) {
		start_retry_timer(f);
	} else {
		start_run(f);
	}
}

static void move_waiting(struct files *f)
{
	for (int n = 0; n < RUN_ITEMS && !list_empty(&f->q.waiting); n++) {
		struct quarantine_item *item = first_of(&f->q.waiting);

		list_remove(&item->link);
		list_push(&f->writing, &item->link);
	}
}

/* Starts a run. During a flush a run may have no item: its end reports the flush from the loop. */
static void start_run(struct files *f)
{
	if (f->busy || f->q.flushing || (list_empty(&f->q.waiting) && f->q.flushed == NULL))
		return;
	move_waiting(f);
	f->busy = work_start(f->q.loop, write_run, on_run, f) == 0;
	if (f->busy)
		return;
	requeue_first(f, &f->writing);
	if (!list_empty(&f->q.waiting))
		quarantine_fault(&f->q, first_of(&f->q.waiting)->name, E_NOMEM, err_text(E_NOMEM));
	start_retry_timer(f);
}

static void on_retry_timer(void *arg)
{
	start_run(arg);
}

static void files_put(struct quarantine *q)
{
	if (disk_fault_may_try(&q->faults, DISK_FAULT_QUARANTINE, clock_mono_us()))
		start_run(files_of(q));
}

/* A write cannot be cancelled, so BUDGET_MS is not used. After the first failure waiting items are given up. */
static void files_flush(struct quarantine *q, uint64_t budget_ms)
{
	(void)budget_ms;
	start_run(files_of(q));
}

static void files_free(struct quarantine *q)
{
	struct files *f = files_of(q);

	if (f->busy) {
		f->orphan = true;
		return;
	}
	timer_free(f->retry_timer);
	f->kind->free(f);
}

static const struct quarantine_ops ops = { files_put, files_flush, files_free };

int files_open(struct files *f, struct loop *l, const struct files_kind *kind)
{
	f->q.ops = &ops;
	f->kind = kind;
	list_init(&f->writing);
	return timer_open(&f->retry_timer, l, on_retry_timer, f);
}
