/* SPDX-License-Identifier: Apache-2.0 */
/* test_spool_damage.c — whatever is wrong with the files: the spool opens, says what is lost, and
 * gives all that is whole; the ledger balances to the span. */
#include <config.h>

#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "spool_fixture.h"
#include "spool/inspect.h"
#include "tap.h"

enum { PAGE = 4096 };

/* A spool of N turns of 100 batches of 3500 bytes, cleanly closed: five turns to a segment. */
static void fill(struct spool_fixture *k, int turns)
{
	spool_fixture_init(k);
	k->size = 3500;
	spool_fixture_must_open(k);
	for (int i = 0; i < turns; i++)
		spool_fixture_put(k, 100);
	spool_fixture_close(k);
}

/* Reads all there is, and asks that what came and what was reported lost is all that was put. */
static void all_or_reported(struct spool_fixture *k, const char *name)
{
	uint64_t end = k->state.end, got;
	struct ledger_count *spool = &k->state.ledger.place[LEDGER_IN_SPOOL];

	got = spool_fixture_read(k, k->state.cursor, end);
	ok(k->wrong == 0 && got + k->lost.batches == end - k->state.cursor &&
	                k->read_spans + k->lost.spans == spool_fixture_spans_in(k->state.cursor, end) &&
	                spool->spans == k->read_spans && spool->batches == got &&
	                ledger_check(&k->state.ledger) == NULL,
	        "%s: %" PRIu64 " read, %" PRIu64 " reported lost with their %" PRIu64 " spans", name, got,
	        k->lost.batches, k->lost.spans);
}

static void a_record_with_a_wrong_byte_is_reported_and_passed_over(void)
{
	struct spool_fixture k;
	int fd;

	fill(&k, 12);
	fd = spool_fixture_data(&k, 0);
	/* Page 2 holds the first record, or the first leaf; from page 10 on there are records. */
	spool_fixture_flip(fd, 40 * PAGE + 1000, 0x10);
	spool_fixture_flip(fd, 41 * PAGE + 3000, 0x01);
	spool_fixture_flip(fd, 50 * PAGE + 70, 0x80);
	close(fd);
	spool_fixture_must_open(&k);
	all_or_reported(&k, "three records");
	is_int(k.lost.batches, 3, "three are lost");
	is_int(k.damages, 2, "two side by side are one report");
	ok(strstr(k.what, "seg-0000000000000001") != NULL, "%s", k.what);
	is_int(spool_fixture_names(&k, "seg-0000000000000001.bad"), 1, "the segment is marked");
	spool_fixture_resolve(&k, k.state.end);
	is_int(spool_fixture_names(&k, "quarantine/seg-"), 1, "and set aside when the rest is delivered");
	is_int(spool_fixture_names(&k, "seg-0000000000000001"), 0, "not deleted, not left");
	spool_fixture_free(&k);
}

static void a_missing_segment_is_counted_from_its_neighbours(void)
{
	char path[TEMPDIR_PATH + 64];
	struct spool_fixture k;

	fill(&k, 20);
	tempdir_remove(spool_fixture_path(&k, "seg-", 1, path));
	spool_fixture_must_open(&k);
	is_text(k.found.note, "", "the start does not look at old segments");
	all_or_reported(&k, "a segment in the middle");
	ok(k.lost.batches > 300 && strstr(k.what, "missing") != NULL, "%s", k.what);
	is_int(spool_fixture_names(&k, "quarantine/"), 0, "its neighbour is not blamed");
	spool_fixture_free(&k);

	fill(&k, 20);
	tempdir_remove(spool_fixture_path(&k, "seg-", 0, path));
	spool_fixture_must_open(&k);
	all_or_reported(&k, "the oldest segment");
	spool_fixture_free(&k);

	fill(&k, 20);
	tempdir_remove(spool_fixture_path(&k, "seg-", spool_fixture_names(&k, "seg-") - 1, path));
	spool_fixture_must_open(&k);
	all_or_reported(&k, "the newest segment");
	is_int(spool_fixture_put(&k, 10), 10, "and more can be put");
	is_int(k.turn.first, 2001, "at positions that were never used");
	spool_fixture_free(&k);
}

static void an_unreadable_segment_goes_to_quarantine(void)
{
	struct stat st;
	uint8_t zero[PAGE] = { 0 };
	struct spool_fixture k;
	int fd;

	fill(&k, 20);
	fd = spool_fixture_data(&k, 2);
	fstat(fd, &st);
	for (off_t at = 0; at < st.st_size; at += PAGE)
		if (pwrite(fd, zero, PAGE, at) != PAGE)
			exit(1);
	close(fd);
	spool_fixture_must_open(&k);
	all_or_reported(&k, "a zeroed segment");
	ok(spool_fixture_names(&k, "quarantine/seg-") == 1, "%s", k.what);
	spool_fixture_free(&k);
}

static void put_fifo(const char *path)
{
	if (remove(path) < 0 || mkfifo(path, 0600) < 0)
		exit(1);
}

/* Opened like a file it would hold whoever opens it for ever. */
static void a_fifo_is_no_segment_and_no_state(void)
{
	char segment[TEMPDIR_PATH + 64], path[TEMPDIR_PATH + 128];
	struct spool_fixture k;

	fill(&k, 20);
	spool_fixture_path(&k, "seg-", 1, segment);
	snprintf(path, sizeof(path), "%s/data.mdb", segment);
	put_fifo(path);
	spool_fixture_must_open(&k);
	all_or_reported(&k, "a FIFO in a segment");
	ok(k.lost.batches > 0, "%s", k.what);
	spool_fixture_free(&k);
	fill(&k, 20);
	snprintf(path, sizeof(path), "%s/state", k.dir);
	put_fifo(path);
	is_int(spool_fixture_open(&k), E_CORRUPT, "a FIFO as the state is an error");
	diag("%s", k.why.text);
	spool_fixture_free(&k);
}

/* A data file of another spool, and one of this spool in the place of another. */
static void a_foreign_segment_is_set_aside(void)
{
	char path[TEMPDIR_PATH + 64], to[TEMPDIR_PATH + 64], command[2 * TEMPDIR_PATH + 200];
	struct spool_fixture k, other;

	for (int round = 0; round < 3; round++) {
		fill(&k, 14);
		fill(&other, 14);
		spool_fixture_path(round == 1 ? &k : &other, "seg-", 0, path);
		spool_fixture_path(&k, "seg-", round == 2 ? spool_fixture_names(&k, "seg-") - 1 : 1, to);
		if (round == 2)
			spool_fixture_path(&other, "seg-", spool_fixture_names(&other, "seg-") - 1, path);
		snprintf(command, sizeof(command), "cp %s/data.mdb %s/data.mdb", path, to);
		if (system(command) != 0)
			exit(1);
		spool_fixture_free(&other);
		spool_fixture_must_open(&k);
		all_or_reported(&k, round == 2 ? "another spool's newest segment" : "another segment in its place");
		ok(k.lost.batches > 0, "its records are not ours");
		ok(spool_fixture_names(&k, "quarantine/seg-") == 1, "%s", k.what);
		spool_fixture_free(&k);
	}
}

/* Metas, roots, branches: what LMDB believes without asking. */
static void a_broken_tree_loses_nothing(void)
{
	static const struct {
		off_t at;
		uint8_t bits;
		const char *what;
	} cases[] = {
		{ 144, 0x04, "a txnid that went back" },
		{ 144, 0x40, "a txnid that went up" },
		{ PAGE + 144, 0x02, "the other txnid" },
		{ 16, 0x01, "a magic" },
		{ PAGE + 16, 0x01, "the other magic" },
		{ 128, 0x03, "a root" },
		{ PAGE + 128, 0x03, "the other root" },
		{ 94, 0x01, "a depth" },
		{ PAGE + 94, 0x03, "the other depth" },
		{ 136, 0xff, "a last page" },
		{ PAGE + 136 + 1, 0xff, "the other last page" },
		{ 40, 0x10, "a page size" },
		{ PAGE + 10, 0x08, "page flags" },
	};
	struct spool_fixture k;

	for (unsigned segment = 0; segment < 2; segment++) {
		for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
			char name[80];
			int fd;

			fill(&k, 8); /* two segments */
			fd = spool_fixture_data(&k, segment);
			spool_fixture_flip(fd, cases[i].at, cases[i].bits);
			close(fd);
			spool_fixture_must_open(&k);
			snprintf(name, sizeof(name), "%s of %s", cases[i].what, segment == 0 ? "the old" : "the new");
			all_or_reported(&k, name);
			ok(k.lost.batches == 0, "and nothing is lost");
			ok(segment == 0 || i >= 5 || k.found.note[0] != '\0', "note: %s", k.found.note);
			spool_fixture_free(&k);
		}
	}
}

/* The newest meta points to the tree of the turn before, which is whole, and short. */
static void an_older_tree_is_not_taken_for_the_newest(void)
{
	uint64_t txnid[2];
	uint8_t db[48];
	struct spool_fixture k;
	int fd;
	off_t newer;

	fill(&k, 3);
	fd = spool_fixture_data(&k, 0);
	for (int i = 0; i < 2; i++)
		if (pread(fd, &txnid[i], 8, i * PAGE + 144) != 8)
			exit(1);
	newer = txnid[1] > txnid[0] ? PAGE : 0;
	if (pread(fd, db, sizeof(db), PAGE - newer + 88) != sizeof(db) ||
	        pwrite(fd, db, sizeof(db), newer + 88) != sizeof(db))
		exit(1);
	close(fd);
	spool_fixture_must_open(&k);
	ok(strstr(k.found.note, "damaged") != NULL, "note: %s", k.found.note);
	all_or_reported(&k, "an older tree");
	is_int(k.lost.batches, 0, "nothing is lost");
	spool_fixture_free(&k);
}

static void a_live_slot_may_be_torn(void)
{
	char path[TEMPDIR_PATH + 16];

	for (int slot = 0; slot < 2; slot++) {
		uint64_t known;
		struct spool_fixture k;
		int fd;

		spool_fixture_init(&k);
		spool_fixture_must_open(&k);
		for (int i = 0; i < 5; i++) {
			k.state.generation += 10;
			spool_live(k.s, &k.state);
		}
		known = k.state.generation;
		spool_fixture_abandon(&k);
		snprintf(path, sizeof(path), "%s/state", k.dir);
		fd = open(path, O_RDWR);
		spool_fixture_flip(fd, slot * PAGE + 100, 1);
		close(fd);
		spool_fixture_must_open(&k);
		ok(k.found.state.generation >= known - 10, "slot %d torn: the other has the last or the one before",
		        slot);
		spool_fixture_free(&k);
	}
}

static void a_cut_segment_gives_what_is_left(void)
{
	struct stat st;
	struct spool_fixture k;
	int fd;

	for (unsigned segment = 0; segment < 2; segment++) {
		fill(&k, 8);
		fd = spool_fixture_data(&k, segment);
		fstat(fd, &st);
		if (ftruncate(fd, st.st_size / 2 + 100) < 0)
			exit(1);
		close(fd);
		spool_fixture_must_open(&k);
		all_or_reported(&k, segment == 0 ? "the old one cut in half" : "the new one cut in half");
		ok(k.read_records > 500 && k.lost.batches > 100, "half of it is there");
		spool_fixture_free(&k);
	}
}

static void a_state_file_may_be_torn_or_gone(void)
{
	char path[TEMPDIR_PATH + 16];
	struct spool_fixture k;
	int fd;

	for (int slot = 0; slot < 4; slot++) {
		fill(&k, 3);
		snprintf(path, sizeof(path), "%s/state", k.dir);
		fd = open(path, O_RDWR);
		spool_fixture_flip(fd, slot * PAGE + 30, 0x55);
		close(fd);
		spool_fixture_must_open(&k);
		is_int(k.state.end, 301, "one torn slot costs nothing");
		ok(k.state.ledger.place[LEDGER_IN_SPOOL].batches == 300 && k.found.salvaged == 0,
		        "slot %d: the ledger is whole", slot);
		all_or_reported(&k, "torn slot");
		spool_fixture_free(&k);
	}
	fill(&k, 3);
	snprintf(path, sizeof(path), "%s/state", k.dir);
	unlink(path);
	spool_fixture_must_open(&k);
	all_or_reported(&k, "no state file");
	ok(k.found.unclean && k.found.state.offered_to == 301, "all of it may have been sent");
	spool_fixture_free(&k);

	fill(&k, 3);
	snprintf(path, sizeof(path), "%s/state", k.dir);
	if (truncate(path, 5000) < 0)
		exit(1);
	spool_fixture_must_open(&k);
	all_or_reported(&k, "a short state file");
	spool_fixture_free(&k);
}

/* The records of the first segment in quarantine/ that are as they were put. */
static uint64_t read_kept(struct spool_fixture *k, bool unverified)
{
	char path[TEMPDIR_PATH + 64];
	struct spool_inspect *l;
	struct spool_item item;
	uint64_t n = 0;

	if (spool_inspect_open(&l, k->dir, SPOOL_INSPECT_REST, &k->why) < 0)
		return UINT64_MAX;
	if (unverified)
		spool_inspect_unverified(l);
	spool_fixture_path(k, "quarantine/seg-", 0, path);
	if (spool_inspect_begin_quarantined(l, strstr(path, "seg-"), &k->why) == 0)
		while (spool_inspect_next(l, &item) == 0) {
			n += item.batch != NULL && spool_fixture_is(k, item.batch);
			batch_unref(&item.batch);
		}
	spool_inspect_close(l);
	return n;
}

static void without_any_copy_of_the_key_all_is_kept(void)
{
	char path[TEMPDIR_PATH + 64];
	struct spool_fixture k;

	spool_fixture_init(&k);
	k.size = 3500;
	spool_fixture_must_open(&k);
	for (int i = 0; i < 3; i++)
		spool_fixture_put(&k, 100);
	spool_fixture_close(&k);
	snprintf(path, sizeof(path), "%s/state", k.dir);
	unlink(path);
	{
		int fd = spool_fixture_data(&k, 0);
		struct stat st;

		/* Every page that holds a head loses its magic. */
		fstat(fd, &st);
		for (off_t at = 0; at + 8 < st.st_size; at += 2) {
			char magic[4];

			if (pread(fd, magic, 4, at) == 4 && memcmp(magic, "SSPH", 4) == 0)
				spool_fixture_flip(fd, at, 0x20);
		}
		close(fd);
	}
	spool_fixture_must_open(&k);
	ok(strstr(k.found.note, "no copy of the key") != NULL && k.found.fresh, "%s", k.found.note);
	is_int(spool_fixture_names(&k, "quarantine/seg-"), 1, "no byte of the segment is lost");
	is_int(spool_fixture_put(&k, 3), 3, "a new spool begins");
	spool_fixture_close(&k);
	is_int(read_kept(&k, false), 0, "nothing in it is believed");
	is_int(read_kept(&k, true), 300, "unless an operator says so");
	spool_fixture_free(&k);
}

static void a_newer_version_is_refused_with_a_sentence(void)
{
	struct spool_fixture k;
	char path[TEMPDIR_PATH + 16];
	int fd;

	fill(&k, 1);
	snprintf(path, sizeof(path), "%s/state", k.dir);
	fd = open(path, O_RDWR);
	for (int slot = 0; slot < 4; slot++)
		spool_fixture_flip(fd, slot * PAGE + 4, 0x02);
	close(fd);
	spool_fixture_must_open(&k);
	is_int(k.state.end, 101, "a version whose checksum does not hold is a torn slot");
	spool_fixture_free(&k);
}

/* Names that only look like a segment's take no record away from the one before them. */
static void strangers_names_take_nothing_away(void)
{
	char path[TEMPDIR_PATH + 64];
	struct spool_fixture k;
	FILE *f;

	spool_fixture_init(&k);
	spool_fixture_must_open(&k);
	spool_fixture_put(&k, 50);
	spool_fixture_close(&k);
	snprintf(path, sizeof(path), "%.200s/seg-0000000000000008", k.dir);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%.200s/seg-0000000000000009", k.dir);
	f = fopen(path, "w");
	if (f == NULL)
		exit(99);
	fputs("mine", f);
	fclose(f);
	snprintf(path, sizeof(path), "%.200s/seg-000000000000000a", k.dir);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%.200s/seg-000000000000000a/data.mdb", k.dir);
	f = fopen(path, "w");
	if (f == NULL)
		exit(99);
	fputs("not a segment", f);
	fclose(f);
	spool_fixture_must_open(&k);
	is_int(spool_fixture_resolve(&k, 20), 0, "the cursor passes the foreign");
	is_int(spool_fixture_read(&k, 20, k.state.end), 31, "all behind it are there");
	ok(k.wrong == 0 && k.damages == 0, "none is lost");
	ok(spool_fixture_names(&k, "seg-0000000000000009") == 1, "a file of that name is left alone");
	spool_fixture_free(&k);
}

int main(void)
{
	tempdir_prefer_memory();
	a_record_with_a_wrong_byte_is_reported_and_passed_over();
	a_missing_segment_is_counted_from_its_neighbours();
	an_unreadable_segment_goes_to_quarantine();
	a_fifo_is_no_segment_and_no_state();
	a_foreign_segment_is_set_aside();
	a_broken_tree_loses_nothing();
	an_older_tree_is_not_taken_for_the_newest();
	a_live_slot_may_be_torn();
	a_cut_segment_gives_what_is_left();
	a_state_file_may_be_torn_or_gone();
	without_any_copy_of_the_key_all_is_kept();
	a_newer_version_is_refused_with_a_sentence();
	strangers_names_take_nothing_away();
	return tap_done();
}
