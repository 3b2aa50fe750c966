/* SPDX-License-Identifier: Apache-2.0 */
/* test_pipeline_fault.c — batches that are refused for good, a quarantine that takes nothing, a spool
 * without room: ledger and board say so, neither memory nor disk is filled, nobody is held up, and a
 * spool that only waits does nothing. */
#include <sys/stat.h>

#include "pipeline_fixture.h"

static bool is_well(void *arg)
{
	return level_of(arg, "spool") == HEALTH_OK;
}

/* Where the directory should be stands a file. */
static void block_quarantine(const struct server_fixture *h)
{
	FILE *f = fopen(h->aside, "w");

	if (f == NULL || fclose(f) != 0)
		exit(99);
}

static bool keeps_again(void *arg)
{
	return level_of(arg, "quarantine") == HEALTH_OK;
}

static void each_is_set_aside(void)
{
	struct server_fixture h;

	enter(&h, false, 0);
	feed(&h, 50);
	ok(wait_until(h.loop, all_are_settled, &h, SECONDS), "all leave flight and spool");
	is_int(at(&h, LEDGER_QUARANTINED)->batches, 50, "each is in the quarantine");
	is_int(level_of(&h, "spool"), HEALTH_OK, "and nothing is wrong with the spool");
	leave(&h);
}

/* With an exposure of 0 the sink is first asked when the batch is durable. */
static void each_is_set_aside_once_it_is_stored(bool drop)
{
	enum ledger_place place = drop ? LEDGER_REFUSED : LEDGER_QUARANTINED;
	struct server_fixture h;
	struct pipeline_opts o = house_opts(&h, drop, 0);
	struct pipeline_stats s;

	o.flight.exposure_us = 0;
	enter_with(&h, &o);
	feed(&h, 30);
	ok(wait_until(h.loop, all_are_settled, &h, SECONDS), "exposure 0: all leave flight and spool");
	ok(at(&h, place)->batches == 30, "all are %s", ledger_place_names[place]);
	pipeline_stats(h.pipeline, &s);
	is_int(s.backlog.read_batches, 0, "none had to be read back for it");
	leave(&h);
}

static void they_are_dropped_where_the_operator_says_so(bool large)
{
	enum ledger_place cause = large ? LEDGER_TOO_LARGE : LEDGER_REFUSED;
	struct server_fixture h;
	struct stat st;

	enter(&h, true, 0);
	h.mood = FULL;
	feed(&h, 20);
	wait_until(h.loop, none_is_in_flight, &h, SECONDS);
	is_int(at(&h, LEDGER_IN_SPOOL)->batches, 20, "20 batches are in the spool");
	h.mood = large ? REFUSES_LARGE : REFUSES;
	feed(&h, 10);
	ok(wait_until(h.loop, all_are_settled, &h, SECONDS), "all leave flight and spool");
	ok(at(&h, cause)->batches == 30, "all are dropped as %s", ledger_place_names[cause]);
	ok(pipeline_ledger(h.pipeline)->lost[cause - LEDGER_DROPPED_FIRST].first_ms > 0, "with the time");
	ok(stat(h.aside, &st) < 0, "and there is no quarantine");
	leave(&h);
}

static void empty_quarantine(const struct server_fixture *h)
{
	workdir_remove(h->aside);
	if (mkdir(h->aside, 0700) < 0)
		exit(99);
}

/* One more at each look: what is there is counted again now and then. */
static bool quarantine_has_room(void *arg)
{
	struct server_fixture *h = arg;

	h->left = 1;
	all_are_fed(h);
	return level_of(h, "quarantine") == HEALTH_OK;
}

static void the_quarantine_has_its_share(void)
{
	enum { MAX_BYTES = 16 << 20, FITS = MAX_BYTES / 4 / 61440 };
	struct server_fixture h;

	enter(&h, false, MAX_BYTES);
	feed(&h, 100);
	ok(wait_until(h.loop, all_are_settled, &h, SECONDS), "all leave flight and spool");
	is_int(at(&h, LEDGER_QUARANTINED)->batches, FITS, "a quarter of max_bytes is kept");
	is_int(at(&h, LEDGER_SPOOL_FULL)->batches, 100 - FITS, "the others are dropped");
	is_int(level_of(&h, "quarantine"), HEALTH_WARN, "and the board warns of it");
	empty_quarantine(&h);
	ok(wait_until(h.loop, quarantine_has_room, &h, SECONDS), "emptied: the next is kept, and the board says so");
	leave(&h);
}

static void a_quarantine_that_cannot_be_written_holds_nobody_up(void)
{
	struct server_fixture h;
	uint64_t kept;

	enter(&h, false, 0);
	block_quarantine(&h);
	ok(feed(&h, 100), "room is always told");
	ok(pipeline_ledger(h.pipeline)->accepted.batches == 100, "100 are taken");
	kept = at(&h, LEDGER_IN_FLIGHT)->batches;
	ok(kept * SIZE <= 2 * FLIGHT_BYTES, "%" PRIu64 " are in memory", kept);
	is_int(level_of(&h, "quarantine"), HEALTH_DOWN, "the board says that it is down");
	remove(h.aside);
	ok(wait_until(h.loop, all_are_settled, &h, SECONDS), "mended: all leave the flight");
	is_int(at(&h, LEDGER_QUARANTINED)->batches + at(&h, LEDGER_DISK_ERROR)->batches, 100,
	        "set aside, or dropped with the disk as the cause");
	ok(at(&h, LEDGER_DISK_ERROR)->batches > 0, "some are dropped");
	ok(wait_until(h.loop, keeps_again, &h, SECONDS), "the board says that it is well");
	leave(&h);
}

/* It has been tried, and tried again, with what was read meanwhile. */
static bool has_failed_often(void *arg)
{
	struct server_fixture *h = arg;
	struct pipeline_stats s;

	pipeline_stats(h->pipeline, &s);
	h->refused_most = max_u64(h->refused_most, s.refused_bytes);
	return s.quarantine_failures > h->failures_seen + 100;
}

static void a_backlog_is_not_read_into_memory_for_it(void)
{
	struct server_fixture h;

	enter(&h, false, 0);
	h.mood = FULL;
	feed(&h, 200);
	wait_until(h.loop, none_is_in_flight, &h, SECONDS);
	is_int(at(&h, LEDGER_IN_SPOOL)->batches, 200, "12 MB are in the spool");
	block_quarantine(&h);
	h.mood = REFUSES;
	ok(wait_until(h.loop, has_failed_often, &h, SECONDS), "the quarantine refuses them");
	ok(h.refused_most >= READ_AHEAD, "as many as are read ahead wait for it");
	ok(h.refused_most < READ_AHEAD + SIZE, "and not more: %" PRIu64 " bytes", h.refused_most);
	remove(h.aside);
	ok(wait_until(h.loop, all_are_settled, &h, SECONDS), "mended: all leave the spool");
	is_int(at(&h, LEDGER_QUARANTINED)->batches, 200, "and are set aside");
	leave(&h);
}

/* Nothing has to be put for that: the sink takes what comes at once. */
static void a_spool_that_was_full_is_well_when_it_is_empty(void)
{
	struct server_fixture h;

	enter(&h, false, 5 << 20);
	h.mood = FULL;
	h.left = 200;
	ok(wait_until(h.loop, all_are_fed, &h, SECONDS), "more comes than there is room for");
	ok(wait_until(h.loop, is_down, &h, SECONDS), "the board says that it is down");
	h.mood = TAKES;
	ok(wait_until(h.loop, all_are_settled, &h, SECONDS), "the sink is back and takes all");
	ok(wait_until(h.loop, is_well, &h, SECONDS), "the board says that it is well");
	ok(at(&h, LEDGER_SPOOL_FULL)->batches > 0, "some were dropped");
	leave(&h);
}

static bool enough_is_read(void *arg)
{
	struct server_fixture *h = arg;
	struct pipeline_stats s;

	pipeline_stats(h->pipeline, &s);
	return s.backlog.ready_bytes >= READ_AHEAD / 2;
}

static void a_backlog_that_only_waits_costs_nothing(void)
{
	struct server_fixture h;
	uint64_t before;

	enter(&h, false, 0);
	h.mood = FULL;
	feed(&h, 20);
	wait_until(h.loop, none_is_in_flight, &h, SECONDS);
	ok(wait_until(h.loop, enough_is_read, &h, SECONDS), "what may be is read ahead");
	wait_ms(h.loop, 300);
	before = turns(&h);
	wait_ms(h.loop, 500);
	ok(turns(&h) - before <= 2, "half a second later the spool has made %" PRIu64 " turns", turns(&h) - before);
	leave(&h);
}

int main(void)
{
	log_setup((enum log_level)(LOG_LEVEL_ERROR + 1), LOG_FORM_TEXT);
	tempdir_prefer_memory();
	each_is_set_aside();
	each_is_set_aside_once_it_is_stored(false);
	each_is_set_aside_once_it_is_stored(true);
	they_are_dropped_where_the_operator_says_so(true);
	they_are_dropped_where_the_operator_says_so(false);
	the_quarantine_has_its_share();
	a_quarantine_that_cannot_be_written_holds_nobody_up();
	a_backlog_is_not_read_into_memory_for_it();
	a_spool_that_was_full_is_well_when_it_is_empty();
	a_backlog_that_only_waits_costs_nothing();
	return tap_done();
}
