/* SPDX-License-Identifier: Apache-2.0 */
/* test_pipeline_retry.c — work on the spool that fails, again and again, for want of memory or by the disk: each is
 * repeated after a pause, not at once, and none waits for ever because other work goes on. Linked with
 * --wrap= for the functions that fail here. */
#include "pipeline_fixture.h"

enum { PAUSE_MS = 100, BESIDES = 6, LOOK_MS = 600, SMALL = 100 };

static bool no_mark;    /* positions_set finds no memory for POSITION_IN_FLIGHT */
static bool no_reserve; /* positions_reserve finds none */
static bool no_refused; /* refused_put finds none */
static bool no_read;    /* what a commit cycle reads cannot be read */

int __real_positions_set(struct positions *m, uint64_t position, enum position_status mark, uint32_t spans);
int __wrap_positions_set(struct positions *m, uint64_t position, enum position_status mark, uint32_t spans);
int __real_positions_reserve(struct positions *m, uint64_t first, uint64_t end);
int __wrap_positions_reserve(struct positions *m, uint64_t first, uint64_t end);
struct refused;
int __real_refused_put(struct refused *r, struct agent_batch *b, enum sink_outcome outcome, const char *detail);
int __wrap_refused_put(struct refused *r, struct agent_batch *b, enum sink_outcome outcome, const char *detail);
void __real_spool_cycle(struct spool *s, struct spool_cycle *t);
void __wrap_spool_cycle(struct spool *s, struct spool_cycle *t);

int __wrap_positions_set(struct positions *m, uint64_t position, enum position_status mark, uint32_t spans)
{
	return no_mark && mark == POSITION_IN_FLIGHT ? E_NOMEM : __real_positions_set(m, position, mark, spans);
}

int __wrap_positions_reserve(struct positions *m, uint64_t first, uint64_t end)
{
	return no_reserve ? E_NOMEM : __real_positions_reserve(m, first, end);
}

int __wrap_refused_put(struct refused *r, struct agent_batch *b, enum sink_outcome outcome, const char *detail)
{
	return no_refused ? E_NOMEM : __real_refused_put(r, b, outcome, detail);
}

/* In the worker thread: the loop's thread changes NO_READ between commit cycles only. */
void __wrap_spool_cycle(struct spool *s, struct spool_cycle *t)
{
	__real_spool_cycle(s, t);
	if (!no_read || t->nread == 0)
		return;
	for (size_t i = 0; i < t->ngot; i++)
		batch_unref(&t->got[i]);
	t->ngot = 0;
	t->read_rc = E_IO;
}

/* A pause is never shorter than its timer, however busy the machine is: so many cycles fit in the time that has
 * passed, and BESIDES for other reasons. */
static void cycles_have_pauses(struct server_fixture *h, const char *what)
{
	uint64_t began = clock_mono_us(), before = turns(h), most, n;

	wait_ms(h->loop, LOOK_MS);
	n = turns(h) - before;
	most = (clock_mono_us() - began) / US_PER_MS / PAUSE_MS + BESIDES;
	ok(n <= most, "%s: %" PRIu64 " commit cycles, at most %" PRIu64, what, n, most);
}

static bool some_is_read(void *arg)
{
	struct server_fixture *h = arg;
	struct pipeline_stats s;

	pipeline_stats(h->pipeline, &s);
	return s.backlog.read_batches > 0;
}

static bool is_well(void *arg)
{
	return level_of(arg, "spool") == HEALTH_OK;
}

static void what_is_read_and_cannot_be_marked(void)
{
	struct server_fixture h;

	enter(&h, false, 0);
	h.mood = FULL;
	no_mark = true;
	feed(&h, 20);
	wait_until(h.loop, none_is_in_flight, &h, SECONDS);
	cycles_have_pauses(&h, "what is read cannot be marked as held");
	ok(!some_is_read(&h), "so it is not kept in memory");
	ok(is_down(&h), "and the board says so");
	no_mark = false;
	h.mood = TAKES;
	ok(wait_until(h.loop, all_are_settled, &h, SECONDS), "with memory again all is delivered");
	ok(wait_until(h.loop, is_well, &h, SECONDS), "and the board says so");
	leave(&h);
}

static bool is_fed_until_full(void *arg)
{
	all_are_fed(arg);
	return level_of(arg, "spool") != HEALTH_OK;
}

static void a_full_spool_that_cannot_make_room(void)
{
	struct server_fixture h;
	struct pipeline_opts o = house_opts(&h, false, 5 << 20);

	o.flight.drop_oldest = true;
	enter_with(&h, &o);
	h.mood = FULL;
	no_reserve = true;
	h.left = 200;
	ok(wait_until(h.loop, is_fed_until_full, &h, SECONDS), "the spool has no room");
	cycles_have_pauses(&h, "the oldest cannot be marked as dropped");
	is_int(at(&h, LEDGER_SPOOL_FULL)->batches, 0, "nothing is dropped for it");
	no_reserve = false;
	h.mood = TAKES;
	ok(wait_until(h.loop, all_are_settled, &h, SECONDS), "with memory again all is delivered");
	leave(&h);
}

static void a_refused_batch_that_cannot_be_queued(void)
{
	struct server_fixture h;

	enter(&h, false, 0);
	h.mood = FULL;
	feed(&h, 20);
	wait_until(h.loop, none_is_in_flight, &h, SECONDS);
	no_refused = true;
	h.mood = REFUSES;
	ok(wait_until(h.loop, some_is_read, &h, SECONDS), "the backlog is read and refused");
	cycles_have_pauses(&h, "what is refused cannot be queued for the quarantine");
	no_refused = false;
	ok(wait_until(h.loop, all_are_settled, &h, SECONDS), "with memory again all is set aside");
	is_int(at(&h, LEDGER_QUARANTINED)->batches, 20, "each batch once");
	leave(&h);
}

/* A batch at each look, each of which makes a commit cycle. */
static bool is_read_amid_commits(void *arg)
{
	struct server_fixture *h = arg;

	h->size = SMALL;
	h->left = 1;
	all_are_fed(h);
	return some_is_read(h);
}

static void an_error_of_the_disk_does_not_end_the_reading(void)
{
	struct server_fixture h;
	struct pipeline_opts o = house_opts(&h, false, 0);

	o.flight.exposure_us = 0;
	enter_with(&h, &o);
	h.mood = FULL;
	no_read = true;
	feed(&h, 4);
	wait_until(h.loop, none_is_in_flight, &h, SECONDS);
	cycles_have_pauses(&h, "the waiting batches cannot be read");
	ok(is_down(&h), "the board says so");
	no_read = false;
	ok(wait_until(h.loop, is_read_amid_commits, &h, SECONDS),
	        "when it can, it is read although commits go on all the time");
	h.mood = TAKES;
	ok(wait_until(h.loop, all_are_settled, &h, SECONDS), "and all is delivered");
	leave(&h);
}

int main(void)
{
	log_setup((enum log_level)(LOG_LEVEL_ERROR + 1), LOG_FORM_TEXT);
	tempdir_prefer_memory();
	what_is_read_and_cannot_be_marked();
	a_full_spool_that_cannot_make_room();
	a_refused_batch_that_cannot_be_queued();
	an_error_of_the_disk_does_not_end_the_reading();
	return tap_done();
}
