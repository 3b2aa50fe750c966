/* SPDX-License-Identifier: Apache-2.0 */
/* test_quarantine_spool.c — the agent's quarantine: outcomes of batches that can be kept, cannot be kept for now, find no
 * share of the disk left, or leave a file that is not known to be durable. Linked with --wrap= for the spool's part. */
#include "base/log.h"
#include "quarantine/quarantine.h"
#include "tap.h"
#include "wait.h"

enum { SECONDS = 30, ITEMS = 40 };

struct kept {
	struct quarantine_item item;
	int outcome; /* of enum quarantine_outcome; -1 none yet */
};

/* In the worker thread: the loop's thread changes these while no item waits, or where either value will do. */
static _Atomic int rc;         /* what spool_quarantine gives */
static _Atomic bool has_file;  /* what spool_has_file gives */
static _Atomic unsigned tries; /* calls of spool_quarantine */

static bool no_worker; /* work_start finds no memory */

static struct loop *loop;
static struct quarantine *q;
static struct health health;
static struct batch *batch;
static struct kept all[ITEMS];
static unsigned ndone;

int __wrap_spool_quarantine(
        struct spool *s, const struct batch *b, const char *cause, const char *detail, struct why *why);
bool __wrap_spool_has_file(struct spool *s, const struct batch *b);
int __real_work_start(struct loop *l, void (*run)(void *arg), void (*done)(void *arg), void *arg);
int __wrap_work_start(struct loop *l, void (*run)(void *arg), void (*done)(void *arg), void *arg);

int __wrap_work_start(struct loop *l, void (*run)(void *arg), void (*done)(void *arg), void *arg)
{
	return no_worker ? E_NOMEM : __real_work_start(l, run, done, arg);
}

int __wrap_spool_quarantine(
        struct spool *s, const struct batch *b, const char *cause, const char *detail, struct why *why)
{
	(void)s, (void)b, (void)cause, (void)detail;
	tries++;
	return rc < 0 ? why_set(why, rc, "no") : 0;
}

bool __wrap_spool_has_file(struct spool *s, const struct batch *b)
{
	(void)s, (void)b;
	return has_file;
}

static void on_done(void *arg, struct quarantine_item *item, enum quarantine_outcome outcome)
{
	(void)arg;
	container_of(item, struct kept, item)->outcome = (int)outcome;
	ndone++;
}

static void put(unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		all[i] = (struct kept){ .item = { .name = "a batch", .batch = batch }, .outcome = -1 };
		quarantine_put(q, &all[i].item);
	}
}

static bool any(const struct quarantine_item *item)
{
	(void)item;
	return true;
}

static bool are_done(void *arg)
{
	return ndone >= *(unsigned *)arg;
}

static bool has_failed(void *arg)
{
	return quarantine_failures(q) >= *(unsigned *)arg;
}

/* What a worker has just now comes back later. */
static bool are_returned(void *arg)
{
	if (has_failed(arg))
		quarantine_return(q);
	return are_done(arg);
}

static bool not_the_last(const struct quarantine_item *item)
{
	return item != &all[2].item;
}

static bool is_taken_back(void *arg)
{
	return quarantine_reclaim(q, not_the_last) == arg;
}

static enum health_level level(void)
{
	return health.nparts == 0 ? HEALTH_OK : health.parts[0].level;
}

static void begin(int gives)
{
	struct quarantine_opts o = { .where = "/spool", .consequence = "it is tried again" };
	struct quarantine_events events = { on_done, NULL };
	struct why why;

	memset(&health, 0, sizeof(health));
	ndone = 0;
	rc = gives;
	has_file = false;
	batch = batch_new(1);
	if (loop_open(&loop, &why) < 0 || quarantine_open_spool(&q, loop, &o, &events, &health) < 0)
		exit(99);
}

static void end(void)
{
	is_int((int)quarantine_waiting(q), 0, "none waits");
	quarantine_free(q);
	loop_free(loop);
	batch_unref(&batch);
}

static void each_is_kept_once(void)
{
	unsigned want = ITEMS, before = tries;

	begin(0);
	put(0, ITEMS);
	is_int((int)ndone, 0, "no outcome from inside the call");
	ok(wait_until(loop, are_done, &want, SECONDS), "all have an outcome");
	for (unsigned i = 0; i < ITEMS; i++)
		want -= all[i].outcome == QUARANTINE_KEPT;
	ok(want == 0 && ndone == ITEMS && tries - before == ITEMS, "each is kept, by one try");
	is_int(level(), HEALTH_OK, "the board says so");
	end();
}

static void what_cannot_be_kept_is_tried_again(void)
{
	unsigned want = 3;

	begin(E_FULL);
	put(0, 3);
	ok(quarantine_reclaim(q, any) == NULL, "while nothing is known to be wrong all stay");
	ok(wait_until(loop, has_failed, &want, SECONDS), "all have failed");
	ok(level() == HEALTH_DOWN, "the board says so: %s", health.parts[0].sentence);
	ok(strstr(health.parts[0].sentence, "spool.min-free") != NULL, "with what to look at");
	ok(wait_until(loop, is_taken_back, &all[1].item, SECONDS), "the newest that may is taken back");
	rc = 0;
	want = 2;
	ok(wait_until(loop, are_done, &want, SECONDS), "the others are tried again");
	ok(all[0].outcome == QUARANTINE_KEPT && all[2].outcome == QUARANTINE_KEPT && all[1].outcome == -1, "and kept");
	is_int(level(), HEALTH_OK, "the board says so");
	end();
}

static void without_memory_for_a_worker_the_board_says_so(void)
{
	unsigned want = 2;

	begin(0);
	no_worker = true;
	put(0, 2);
	ok(level() == HEALTH_DOWN, "the board says it at once: %s", health.parts[0].sentence);
	no_worker = false;
	ok(wait_until(loop, are_done, &want, SECONDS), "both are tried again after the pause");
	ok(all[0].outcome == QUARANTINE_KEPT && all[1].outcome == QUARANTINE_KEPT, "and kept");
	is_int(level(), HEALTH_OK, "the board says so");
	end();
}

static void what_finds_no_share_of_the_disk_is_not_tried_again(void)
{
	unsigned want = 2;

	begin(E_QUOTA);
	put(0, 2);
	ok(wait_until(loop, are_done, &want, SECONDS), "both have an outcome");
	ok(all[0].outcome == QUARANTINE_FULL && all[1].outcome == QUARANTINE_FULL, "no share left");
	is_int(level(), HEALTH_WARN, "the board warns of it");
	end();
}

/* It is neither dropped nor sent again: the file may be all there is of it, and asking again makes it durable. */
static void a_file_that_may_be_durable_counts_as_kept_at_the_end(void)
{
	unsigned want = 1;

	begin(E_IO);
	has_file = true;
	put(0, 1);
	ok(wait_until(loop, has_failed, &want, SECONDS), "one has left its file");
	ok(quarantine_reclaim(q, any) == NULL, "it is not taken back");
	ok(wait_until(loop, are_returned, &want, SECONDS), "it comes back at the end");
	is_int(all[0].outcome, QUARANTINE_KEPT, "as kept");
	has_file = false;
	want = 2;
	put(1, 2);
	ok(wait_until(loop, are_returned, &want, SECONDS), "one without a file comes back, too");
	is_int(all[1].outcome, QUARANTINE_RETURNED, "as not kept");
	end();
}

int main(void)
{
	log_setup((enum log_level)(LOG_LEVEL_ERROR + 1), LOG_FORM_TEXT);
	each_is_kept_once();
	what_cannot_be_kept_is_tried_again();
	without_memory_for_a_worker_the_board_says_so();
	what_finds_no_share_of_the_disk_is_not_tried_again();
	a_file_that_may_be_durable_counts_as_kept_at_the_end();
	return tap_done();
}
