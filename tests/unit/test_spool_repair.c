/* SPDX-License-Identifier: Apache-2.0 */
/* test_spool_repair.c — damaged segments are written anew or set aside, and nothing is deleted on the way. */
#include <config.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault.h"
#include "dir_hash.h"
#include "spool_fixture.h"
#include "spool/repair.h"
#include "tap.h"

enum { TURNS = 40, EACH = 100, ALL = TURNS * EACH, PAGE = 4096 };

static struct dir_hash before, after;

static void make(struct spool_fixture *k, uint64_t cursor)
{
	spool_fixture_init(k);
	spool_fixture_must_open(k);
	for (int i = 0; i < TURNS; i++)
		spool_fixture_put(k, EACH);
	if (cursor > 1 && spool_fixture_resolve(k, cursor) < 0)
		printf("Bail out! cannot resolve\n");
	spool_fixture_close(k);
}

/* One record in the middle of segment N. */
static void break_record(struct spool_fixture *k, unsigned n, off_t page)
{
	int fd = spool_fixture_data(k, n);

	spool_fixture_flip(fd, page * PAGE + 3000, 1);
	close(fd);
}

static void cut_off(struct spool_fixture *k, unsigned n, off_t bytes)
{
	int fd = spool_fixture_data(k, n);

	if (ftruncate(fd, bytes) < 0)
		abort();
	close(fd);
}

static struct spool_inspect *look(struct spool_fixture *k)
{
	struct spool_inspect *l;

	if (spool_inspect_open(&l, k->dir, SPOOL_INSPECT_ALONE, &k->why) == 0)
		return l;
	printf("Bail out! %s\n", k->why.text);
	exit(1);
}

/* Renews segment I. Gives the records written, or an error. */
static int64_t renew(struct spool_fixture *k, size_t i)
{
	struct spool_inspect *l = look(k);
	uint64_t records;
	int rc;

	dir_hash_take(&before, k->dir);
	rc = spool_rewrite(l, i, &records, &k->why);
	spool_inspect_close(l);
	dir_hash_take(&after, k->dir);
	return rc < 0 ? rc : (int64_t)records;
}

static void nothing_is_lost(void)
{
	const char *path = dir_hash_lost(&before, &after);

	is_text(path == NULL ? "" : path, "", "every file is still somewhere");
}

/* The state says then that all may have been offered. */
static void only_the_state_is_newer(void)
{
	const char *path = dir_hash_lost(&before, &after);

	is_text(path == NULL ? "" : path, "/state", "every file but the state is still somewhere");
}

/* What an outsider sees now. */
struct state {
	uint64_t records, lost, lost_spans;
	unsigned broken;
};

static struct state see(struct spool_fixture *k)
{
	struct spool_inspect *l = look(k);
	struct state s = { 0 };
	struct spool_item item;

	while (spool_inspect_next(l, &item) == 0) {
		s.records += item.batch != NULL && spool_fixture_is(k, item.batch);
		s.lost += item.lost.end - item.lost.first;
		s.lost_spans += item.spans;
		s.broken += item.batch == NULL && item.segment != SPOOL_NO_SEGMENT;
		batch_unref(&item.batch);
	}
	spool_inspect_close(l);
	return s;
}

/* The agent takes all that is there, and counts the rest. */
static void is_delivered(struct spool_fixture *k, uint64_t from, uint64_t lost)
{
	spool_fixture_must_open(k);
	is_int(spool_fixture_read(k, from, ALL + 1), ALL + 1 - from - lost, "the agent reads all that is intact");
	is_int(k->wrong, 0, "as it was put");
	is_int(k->lost.batches, lost, "and counts what is lost");
	ok(ledger_check(&k->state.ledger) == NULL, "its ledger balances");
	spool_fixture_close(k);
}

static void a_record_in_the_middle_is_lost_and_the_others_get_new_segments(void)
{
	struct state s;
	struct spool_fixture k;

	make(&k, 1);
	break_record(&k, 1, 120);
	s = see(&k);
	ok(s.broken == 2 && s.lost == 1, "one record is damaged");
	ok(renew(&k, 1) > 1300, "the others of its segment are written anew");
	nothing_is_lost();
	ok(after.bytes > before.bytes, "and the copies are there as well");
	is_int(spool_fixture_names(&k, "quarantine/seg-"), 1, "the damaged one is in quarantine");
	is_int(spool_fixture_names(&k, "seg-"), 4, "two stand in its place");
	s = see(&k);
	is_int(s.broken, 0, "no segment is broken any more");
	is_int(s.records, ALL - 1, "all others are there");
	is_int(s.lost, 1, "the lost one is missing");
	ok(s.lost_spans > 0, "with as many spans as it had");
	is_delivered(&k, 1, 1);
	ok(k.lost.spans == s.lost_spans, "to the span");
	is_int(spool_fixture_names(&k, "quarantine/seg-"), 1, "and nothing else is set aside for it");
	spool_fixture_free(&k);
}

static void a_broken_tree_is_made_whole(void)
{
	struct spool_fixture k;
	int fd;

	make(&k, 1);
	fd = spool_fixture_data(&k, 0);
	spool_fixture_flip(fd, 16 + PAGE, 1);
	close(fd);
	ok(renew(&k, 0) > 1300, "its segment is written anew");
	nothing_is_lost();
	is_int(see(&k).broken, 0, "the tree holds now");
	is_delivered(&k, 1, 0);
	spool_fixture_free(&k);
}

static void the_newest_segment_can_be_renewed(void)
{
	struct state s;
	struct spool_fixture k;

	make(&k, 1);
	cut_off(&k, 2, 200 * PAGE);
	s = see(&k);
	ok(s.lost > 100, "%d records of the newest are cut off", (int)s.lost);
	ok(renew(&k, 2) > 100, "the rest is written anew");
	only_the_state_is_newer();
	is_int(see(&k).lost, s.lost, "no more is lost than before");
	is_delivered(&k, 1, s.lost);
	spool_fixture_free(&k);
}

static void what_is_delivered_is_not_written_again(void)
{
	struct spool_fixture k;
	int64_t n;

	make(&k, 1000);
	break_record(&k, 0, 300);
	n = renew(&k, 0);
	ok(n > 300 && n < 500, "only what waits is written: %d", (int)n);
	nothing_is_lost();
	is_delivered(&k, 1000, see(&k).lost);
	spool_fixture_free(&k);
}

static void a_segment_without_a_record_goes_aside_byte_for_byte(void)
{
	struct spool_inspect *l;
	struct spool_fixture k;

	make(&k, 1);
	cut_off(&k, 0, 2 * PAGE);
	dir_hash_take(&before, k.dir);
	l = look(&k);
	is_int(spool_quarantine_segment(l, 0, &k.why), 0, "it is set aside");
	spool_inspect_close(l);
	dir_hash_take(&after, k.dir);
	is_int(after.bytes, before.bytes, "there are as many bytes as before");
	nothing_is_lost();
	is_int(spool_fixture_names(&k, "seg-"), 2, "it is not in the spool");
	is_delivered(&k, 1, see(&k).lost);
	spool_fixture_free(&k);
}

static void a_full_disk_changes_nothing(void)
{
	struct fault_plan plan = { .calls = FAULT_PWRITE | FAULT_SYNC, .at = 1, .err = 28 };
	struct spool_fixture k;
	int64_t rc;

	make(&k, 1);
	break_record(&k, 1, 120);
	plan.path = k.dir;
	fault_arm(&plan);
	rc = renew(&k, 1);
	fault_disarm();
	is_int(rc, E_FULL, "it says that there is no room");
	nothing_is_lost();
	is_int(see(&k).records, ALL - 1, "and every record in the spool");
	ok(renew(&k, 1) > 0, "with room it can be done again");
	is_int(see(&k).broken, 0, "and is");
	spool_fixture_free(&k);
}

/* Renews in a child that dies at call number AT. True when it did. */
static bool dies_at(struct spool_fixture *k, uint64_t at)
{
	struct fault_plan plan = { .calls = FAULT_CHANGES, .at = at, .kill = true, .path = k->dir };
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct spool_inspect *l = look(k);
		uint64_t records;

		fault_arm(&plan);
		_exit(spool_rewrite(l, 1, &records, &k->why) < 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		exit(99);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static void killed_anywhere_it_has_lost_nothing_and_can_be_done_again(void)
{
	unsigned points = 0, lost = 0, files = 0, undone = 0;

	for (bool died = true; died && points < 500; points++) {
		struct spool_fixture k;

		make(&k, 1);
		break_record(&k, 1, 120);
		dir_hash_take(&before, k.dir);
		died = dies_at(&k, points + 1);
		dir_hash_take(&after, k.dir);
		files += dir_hash_lost(&before, &after) != NULL;
		lost += see(&k).records != ALL - 1;
		/* A start removes what was begun, and what was damaged may be set aside by it. */
		spool_fixture_must_open(&k);
		spool_fixture_close(&k);
		lost += see(&k).records != ALL - 1;
		for (size_t i = 0; i < 8 && see(&k).broken > 0; i++) {
			struct spool_inspect *l = look(&k);
			bool there = i < spool_inspect_summary(l)->nsegments &&
			             (spool_inspect_summary(l)->segments[i].bad || i == 1);

			spool_inspect_close(l);
			if (there && renew(&k, i) < 0)
				undone++;
		}
		undone += see(&k).broken > 0;
		lost += see(&k).records != ALL - 1;
		spool_fixture_free(&k);
	}
	ok(points > 10 && points < 500, "killed at each of %u calls", points - 1);
	is_int(files, 0, "every file was still somewhere");
	is_int(lost, 0, "every record in the spool");
	is_int(undone, 0, "and it could be done again");
}

int main(void)
{
	tempdir_prefer_memory();
	a_record_in_the_middle_is_lost_and_the_others_get_new_segments();
	a_broken_tree_is_made_whole();
	the_newest_segment_can_be_renewed();
	what_is_delivered_is_not_written_again();
	a_segment_without_a_record_goes_aside_byte_for_byte();
	a_full_disk_changes_nothing();
	killed_anywhere_it_has_lost_nothing_and_can_be_done_again();
	return tap_done();
}
