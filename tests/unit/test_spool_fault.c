/* SPDX-License-Identifier: Apache-2.0 */
/* test_spool_fault.c — the disk refuses: at any call, once or for good. No exit, nothing reported
 * that is not so, and when the fault ends it goes on by itself. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "fault.h"
#include "must.h"
#include "spool_history.h"
#include "tap.h"

static void init(struct spool_fixture *k)
{
	spool_fixture_init(k);
	k->size = 3500;
}

static void a_failed_sync_ends_its_segment_and_loses_nothing(void)
{
	struct fault_plan once = { .calls = FAULT_SYNC, .at = 1, .count = 1, .err = EIO, .path = "data.mdb" };
	struct spool_fixture k;

	init(&k);
	spool_fixture_must_open(&k);
	spool_fixture_put(&k, 50);
	once.path = "data.mdb";
	fault_arm(&once);
	is_int(spool_fixture_put(&k, 50), 50, "what the sync refused is in a new segment");
	ok(fault_disarm() > 0, "the sync was tried");
	is_int(k.turn.put_rc, 0, "the turn is fine");
	is_int(k.turn.stats.failed_commits, 1, "one failed commit");
	is_int(spool_fixture_names(&k, "seg-"), 2, "two segments");
	ok(spool_fixture_names(&k, "seg-0000000000000033") == 1, "the second begins where the first had to end");
	spool_fixture_put(&k, 50);
	is_int(spool_fixture_names(&k, "seg-"), 2, "the new one is written on");
	is_int(spool_fixture_read(&k, 1, k.state.end), 150, "all are there");
	ok(k.wrong == 0 && k.damages == 0, "once, in order");
	spool_fixture_close(&k);
	spool_fixture_must_open(&k);
	is_int(spool_fixture_read(&k, 1, k.state.end), 150, "and after a restart");
	spool_fixture_free(&k);
}

static void a_disk_that_refuses_every_sync_is_an_answer(void)
{
	struct fault_plan all = { .calls = FAULT_SYNC, .at = 1, .err = EIO };
	struct spool_fixture k;

	init(&k);
	spool_fixture_must_open(&k);
	spool_fixture_put(&k, 50);
	all.path = k.dir;
	fault_arm(&all);
	is_int(spool_fixture_put(&k, 50), 0, "nothing is put");
	is_int(k.turn.put_rc, E_IO, "and said so");
	for (int i = 0; i < 20; i++)
		spool_fixture_put(&k, 1);
	ok(spool_fixture_cycle(&k) == E_IO, "nor can the state be written");
	is_int(spool_fixture_read(&k, 1, k.state.end), 50, "what was put before can be read");
	fault_disarm();
	ok(spool_fixture_names(&k, "seg-") <= 2, "no empty segments pile up");
	is_int(spool_fixture_put(&k, 50), 50, "when the fault ends it goes on");
	is_int(spool_fixture_read(&k, 1, k.state.end), 100, "all that was durable is there");
	ok(ledger_check(&k.state.ledger) == NULL && k.wrong == 0, "the ledger balances");
	spool_fixture_free(&k);
}

static void a_full_disk_is_an_answer(void)
{
	struct fault_plan full = {
		.calls = FAULT_PWRITE | FAULT_ALLOCATE | FAULT_MKDIR,
		.at = 1,
		.err = ENOSPC,
	};
	struct spool_fixture k;

	init(&k);
	spool_fixture_must_open(&k);
	spool_fixture_put(&k, 50);
	full.path = "seg-0000000000000001";
	fault_arm(&full);
	is_int(spool_fixture_put(&k, 50), 50, "a segment that cannot grow is left for the prepared one or a new one");
	fault_disarm();
	full.path = "mdb";
	fault_arm(&full);
	is_int(spool_fixture_put(&k, 50), 0, "with no room anywhere nothing is put");
	is_int(k.turn.put_rc, E_FULL, "full");
	is_int(spool_fixture_cycle(&k), 0, "the state has its room all the same");
	is_int(spool_fixture_resolve(&k, 60), 0, "what is delivered is noted");
	fault_disarm();
	is_int(spool_fixture_put(&k, 50), 50, "when there is room again it goes on");
	ok(ledger_check(&k.state.ledger) == NULL, "the ledger balances");
	spool_fixture_free(&k);
}

static void in_the_middle_of_a_large_turn_the_rest_is_still_the_callers(void)
{
	struct fault_plan later = { .calls = FAULT_SYNC, .at = 4, .err = EIO, .path = "data.mdb" };
	struct spool_fixture k;
	size_t stored;

	init(&k);
	spool_fixture_must_open(&k);
	fault_arm(&later);
	stored = spool_fixture_put(&k, 3000);
	fault_disarm();
	ok(stored > 0 && stored < 3000 && k.turn.put_rc == E_IO, "%zu of 3000 are durable, the rest is not", stored);
	is_int(k.state.end, stored + 1, "the end is behind those");
	spool_fixture_abandon(&k);
	spool_fixture_must_open(&k);
	is_int(k.found.state.end, stored + 1, "the disk says the same");
	is_int(k.found.state.ledger.place[LEDGER_IN_SPOOL].batches, stored, "and its ledger");
	is_int(k.found.state.ledger.place[LEDGER_IN_FLIGHT].batches, 3000 - stored, "where the rest was in flight");
	is_int(spool_fixture_read(&k, 1, k.state.end), stored, "all of it can be read");
	spool_fixture_free(&k);
}

static void a_refused_read_is_not_damage_at_once(void)
{
	struct fault_plan all = { .calls = FAULT_PREAD, .at = 1, .err = EIO, .path = "data.mdb" };
	struct spool_fixture k;

	init(&k);
	spool_fixture_must_open(&k);
	spool_fixture_put(&k, 50);
	fault_arm(&all);
	is_int(spool_fixture_read(&k, 1, k.state.end), 0, "nothing can be read");
	fault_disarm();
	is_int(k.damages, 0, "but that may pass");
	is_int(spool_fixture_read(&k, 1, k.state.end), 50, "and it does");
	ok(spool_fixture_names(&k, "seg-0000000000000001.bad") == 0, "nothing is marked");
	spool_fixture_free(&k);
}

/* Fails to open while PLAN lasts, with a sentence; then all is there. */
static void refuses_to_start(struct spool_fixture *k, struct fault_plan plan, const char *what)
{
	plan.at = 1;
	fault_arm(&plan);
	ok(spool_fixture_open(k) == err_from_errno(plan.err), "%s: it does not start", what);
	fault_disarm();
	ok(strstr(k->why.text, err_text(err_from_errno(plan.err))) != NULL, "%s: %s", what, k->why.text);
	spool_fixture_must_open(k);
	is_int(spool_fixture_read(k, 1, k->state.end), 450, "then all is there");
	is_int(spool_fixture_names(k, "quarantine/"), 0, "and nothing is set aside");
	spool_fixture_abandon(k);
}

static void a_start_that_cannot_read_takes_nothing_for_damage(void)
{
	struct fault_plan moment = { .calls = FAULT_PREAD, .at = 1, .count = 3, .err = EIO, .path = "seg-" };
	struct spool_fixture k;

	init(&k);
	spool_fixture_must_open(&k);
	for (int i = 0; i < 3; i++)
		spool_fixture_put(&k, 150);
	spool_fixture_abandon(&k);
	refuses_to_start(
	        &k, (struct fault_plan){ .calls = FAULT_OPEN, .err = EMFILE, .path = "seg-" }, "no descriptors");
	refuses_to_start(
	        &k, (struct fault_plan){ .calls = FAULT_PREAD, .err = EIO, .path = "/state" }, "an unreadable state");
	fault_arm(&moment);
	is_int(spool_fixture_open(&k), 0, "what is refused for a moment is waited for");
	ok(fault_disarm() >= 3, "it was refused");
	is_int(spool_fixture_read(&k, 1, k.state.end), 450, "all is there");
	is_int(spool_fixture_names(&k, "quarantine/"), 0, "and nothing is set aside");
	spool_fixture_free(&k);
}

static void an_empty_segment_in_the_way_is_no_damage(void)
{
	struct fault_plan all = { .calls = FAULT_SYNC | FAULT_UNLINK, .at = 1, .err = EIO };
	struct spool_fixture k;

	init(&k);
	spool_fixture_must_open(&k);
	all.path = k.dir;
	fault_arm(&all);
	is_int(spool_fixture_put(&k, 5), 0, "a first segment that cannot be synced takes nothing");
	is_int(spool_fixture_put(&k, 5), 0, "nor does the next");
	fault_disarm();
	is_int(spool_fixture_put(&k, 50), 50, "when the fault ends it goes on");
	is_int(spool_fixture_names(&k, "quarantine/"), 0, "and what was left there is gone");
	spool_fixture_free(&k);
}

static void nothing_is_unlinked_before_the_state_is_durable(void)
{
	struct fault_plan all = { .calls = FAULT_SYNC, .at = 1, .err = EIO, .path = "/state" };
	struct spool_fixture k;
	unsigned before;

	init(&k);
	spool_fixture_must_open(&k);
	for (int i = 0; i < 10; i++)
		spool_fixture_put(&k, 200);
	before = spool_fixture_names(&k, "seg-");
	fault_arm(&all);
	is_int(spool_fixture_resolve(&k, k.state.end), E_IO, "the state cannot be written");
	is_int(spool_fixture_names(&k, "seg-"), before, "and no segment goes");
	fault_disarm();
	is_int(spool_fixture_cycle(&k), 0, "when it can be");
	ok(spool_fixture_names(&k, "seg-") < before, "they go");
	spool_fixture_free(&k);
}

/* One story with one call refused; then all that was told must be so, and the spool must work. */
static const char *refused_at(const struct fault_plan *plan, bool *came)
{
	struct spool_fixture_told told = { .resolved = 1, .resolving = 1 };
	struct fault_plan here = *plan;
	const char *wrong;
	struct spool_fixture k;

	init(&k);
	here.path = k.dir;
	fault_arm(&here);
	spool_fixture_history(&k, &told);
	*came = fault_disarm() >= plan->at;
	if (k.s != NULL)
		spool_fixture_abandon(&k);
	k.wrong = k.damages = 0;
	wrong = spool_fixture_check(&k, &told);
	if (wrong == NULL) {
		k.sequence = k.state.end - 1;
		wrong = spool_fixture_put(&k, 3) == 3 ? NULL : "it does not go on";
	}
	spool_fixture_free(&k);
	return wrong;
}

/* Whatever is refused, how often in a row: what was not kept, and may have a file all the same, is kept when it
 * is asked for again, once. */
static void a_batch_that_could_not_be_kept_can_be_kept_later(void)
{
	unsigned refused = 0, left = 0, wrong = 0;

	for (uint64_t at = 1; at < 40; at++) {
		for (uint64_t count = 1; count <= 4; count++) {
			struct fault_plan plan = { .calls = FAULT_CHANGES, .at = at, .count = count, .err = EIO };
			struct batch *b;
			struct spool_fixture k;
			int rc;

			init(&k);
			spool_fixture_must_open(&k);
			b = spool_fixture_batch(&k, 1);
			plan.path = k.dir;
			fault_arm(&plan);
			rc = spool_quarantine(k.s, b, "refused", "", &k.why);
			fault_disarm();
			refused += rc < 0;
			left += rc < 0 && spool_has_file(k.s, b);
			wrong += rc == 0 && !spool_has_file(k.s, b);
			wrong += spool_quarantine(k.s, b, "refused", "", &k.why) < 0 ||
			         spool_fixture_names(&k, "quarantine/") != 1;
			batch_unref(&b);
			spool_fixture_free(&k);
		}
	}
	ok(refused > 10 && left > 0, "refused %u times, %u times with its file left", refused, left);
	is_int(wrong, 0, "asked again it is kept, once");
}

static void any_call_may_fail(uint64_t count)
{
	static const int errors[] = { ENOSPC, EIO, EROFS, ENOMEM, EDQUOT };
	static const unsigned calls[] = { FAULT_CHANGES, FAULT_OPEN, FAULT_PREAD };
	uint64_t n = 0, bad = 0;

	for (size_t c = 0; c < ARRAY_LEN(calls); c++) {
		bool came = true;

		for (uint64_t at = 1; came; at += calls[c] == FAULT_PREAD ? 7 : 1) {
			struct fault_plan plan = {
				.calls = calls[c],
				.at = at,
				.count = count,
				.err = errors[(at + c) % ARRAY_LEN(errors)],
			};
			const char *wrong = refused_at(&plan, &came);

			n++;
			if (wrong != NULL) {
				diag("calls %u, number %" PRIu64 ", errno %d: %s", plan.calls, at, plan.err, wrong);
				bad++;
			}
		}
	}
	ok(bad == 0, "%" PRIu64 " refusals of %s", n, count == 1 ? "one call" : "some calls in a row");
}

/* Directories named as the segments of positions [first, end) that hold no record. Each file has blocks
 * reserved behind its end, so that a start which asks for its size opens it to give them back. */
static void make_names(const struct spool_fixture *k, unsigned first, unsigned end)
{
	enum { RESERVED = 80 << 10 };

	for (unsigned i = first; i < end; i++) {
		char path[TEMPDIR_PATH + 64];
		int fd;

		snprintf(path, sizeof(path), "%s/seg-%016x", k->dir, i);
		if (mkdir(path, 0700) < 0)
			continue; /* a real segment has that name */
		strcat(path, "/data.mdb");
		fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
		if (fd < 0 || fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, RESERVED) < 0 || close(fd) < 0)
			bail_out(path);
	}
}

static uint64_t calls_of_a_start(struct spool_fixture *k)
{
	struct fault_plan count = { .calls = FAULT_CHANGES | FAULT_OPEN | FAULT_PREAD | FAULT_MAP, .path = k->dir };
	uint64_t n;

	fault_arm(&count);
	spool_fixture_must_open(k);
	n = fault_disarm();
	spool_fixture_close(k);
	return n;
}

static void a_start_opens_no_more_files_of_more_segments(void)
{
	enum { FEW = 100, MANY = 300 };
	uint64_t few, many;
	struct spool_fixture k;

	init(&k);
	spool_fixture_must_open(&k);
	spool_fixture_put(&k, MANY);
	spool_fixture_close(&k);
	spool_fixture_must_open(&k);
	spool_fixture_put(&k, 1); /* the newest segment begins behind all the names that are made */
	spool_fixture_close(&k);
	make_names(&k, 1, FEW);
	few = calls_of_a_start(&k);
	make_names(&k, FEW, MANY);
	many = calls_of_a_start(&k);
	ok(few > 0 && spool_fixture_names(&k, "seg-") >= MANY - 1, "%u segments", spool_fixture_names(&k, "seg-"));
	is_int(many, few, "a start makes as many calls as with a hundred");
	spool_fixture_free(&k);
}

int main(void)
{
	tempdir_prefer_memory();
	a_failed_sync_ends_its_segment_and_loses_nothing();
	a_disk_that_refuses_every_sync_is_an_answer();
	a_full_disk_is_an_answer();
	in_the_middle_of_a_large_turn_the_rest_is_still_the_callers();
	a_refused_read_is_not_damage_at_once();
	a_start_that_cannot_read_takes_nothing_for_damage();
	an_empty_segment_in_the_way_is_no_damage();
	nothing_is_unlinked_before_the_state_is_durable();
	a_batch_that_could_not_be_kept_can_be_kept_later();
	a_start_opens_no_more_files_of_more_segments();
	any_call_may_fail(1);
	any_call_may_fail(6);
	return tap_done();
}
