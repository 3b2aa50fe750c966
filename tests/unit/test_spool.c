/* SPDX-License-Identifier: Apache-2.0 */
/* test_spool.c — what is put comes back, whole and in order; what is delivered goes; one holder. */
#include <config.h>

#include <pthread.h>
#include <sys/stat.h>

#include "spool_fixture.h"
#include "tap.h"

static void what_was_put_comes_back_after_a_restart(void)
{
	struct spool_fixture k;

	spool_fixture_init(&k);
	spool_fixture_must_open(&k);
	ok(k.found.fresh && k.state.cursor == 1 && k.state.end == 1, "a new directory holds a fresh spool");
	is_int(spool_fixture_put(&k, 100), 100, "a hundred batches are durable");
	is_int(k.turn.first, 1, "the first position is 1");
	is_int(k.turn.state.end, 101, "the end is behind them");
	is_int(k.turn.put_rc, 0, "without an error");
	is_int(spool_fixture_read(&k, 1, 101), 100, "they can be read at once");
	spool_fixture_close(&k);
	spool_fixture_must_open(&k);
	ok(!k.found.fresh && !k.found.unclean && k.found.salvaged == 0, "the stop was clean");
	is_int(k.found.state.end, 101, "the end is known");
	is_int(spool_fixture_put(&k, 50), 50, "more go behind them");
	is_int(spool_fixture_read(&k, 1, k.state.end), 150, "all come back");
	is_int(k.wrong, 0, "byte for byte, in order");
	is_int(k.damages, 0, "without damage");
	is_int(spool_fixture_names(&k, "seg-"), 2, "each run of the agent writes a segment of its own");
	ok(ledger_check(&k.state.ledger) == NULL, "the ledger balances");
	spool_fixture_free(&k);
}

static void batches_of_all_sizes_go_in(void)
{
	static const size_t sizes[] = { 1, 60, 1900, 2000, 2100, 3500, 4100, 65000, 600000 };
	struct spool_fixture k;

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		spool_fixture_init(&k);
		k.size = sizes[i];
		spool_fixture_must_open(&k);
		for (int n = 0; n < 12; n++)
			spool_fixture_put(&k, 7);
		ok(spool_fixture_read(&k, 1, k.state.end) == 84 && k.wrong == 0 && k.damages == 0,
		        "84 batches of %zu bytes, in %u segments", sizes[i], spool_fixture_names(&k, "seg-"));
		spool_fixture_free(&k);
	}
}

static void a_turn_may_be_larger_than_a_segment(void)
{
	struct spool_fixture k;

	spool_fixture_init(&k);
	k.size = 3500;
	spool_fixture_must_open(&k);
	is_int(spool_fixture_put(&k, 3000), 3000, "ten megabytes in one turn over segments of two");
	is_int(k.turn.first, 1, "numbered from the first");
	is_int(k.state.end, 3001, "without a gap");
	ok(spool_fixture_names(&k, "seg-") >= 5, "in %u segments", spool_fixture_names(&k, "seg-"));
	is_int(spool_fixture_read(&k, 1, 3001), 3000, "all come back");
	is_int(k.wrong, 0, "in order");
	spool_fixture_free(&k);
}

static void only_the_wanted_runs_are_read(void)
{
	struct spool_fixture k;
	size_t right = 0;

	spool_fixture_init(&k);
	spool_fixture_must_open(&k);
	spool_fixture_put(&k, 100);
	memset(&k.turn, 0, sizeof(k.turn));
	k.turn.state = k.state;
	k.turn.read[0] = (struct spool_run){ 10, 13 };
	k.turn.read[1] = (struct spool_run){ 90, 95 };
	k.turn.read[2] = (struct spool_run){ 99, 500 };
	k.turn.nread = 3;
	k.turn.read_records = 9;
	k.turn.read_bytes = 1 << 20;
	spool_cycle(k.s, &k.turn);
	for (size_t i = 0; i < k.turn.ngot; i++) {
		static const uint64_t want[] = { 10, 11, 12, 90, 91, 92, 93, 94, 99 };

		right += k.turn.got[i]->position == want[i];
		batch_unref(&k.turn.got[i]);
	}
	free(k.turn.got);
	is_int(k.turn.ngot, 9, "as many records as were asked for");
	is_int(right, 9, "at the positions wanted");
	is_int(k.turn.ndamage, 0, "what is behind the end is not damage");
	spool_fixture_free(&k);
}

/* Files of this process that have no name any more. */
static unsigned deleted_and_open(void)
{
	unsigned n = 0;

	for (int fd = 3; fd < 100; fd++) {
		char link[64], path[512];
		ssize_t len;

		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		len = readlink(link, path, sizeof(path) - 1);
		path[len > 0 ? len : 0] = '\0';
		n += strstr(path, "(deleted)") != NULL;
	}
	return n;
}

static void delivered_segments_are_unlinked_and_the_space_comes_back(void)
{
	uint64_t full, stats;
	struct spool_fixture k;
	unsigned before;

	spool_fixture_init(&k);
	k.size = 3500;
	spool_fixture_must_open(&k);
	for (int i = 0; i < 20; i++)
		spool_fixture_put(&k, 150);
	before = spool_fixture_names(&k, "seg-");
	full = spool_fixture_disk_bytes(&k);
	ok(before >= 5 && k.turn.stats.segments == before, "%u segments are full", before);
	ok(k.turn.stats.bytes > 10 << 20 && k.turn.stats.bytes <= full, "their bytes are counted");
	is_int(spool_fixture_resolve(&k, 1500), 0, "half is delivered");
	ok(spool_fixture_names(&k, "seg-") <= before / 2 + 1, "%u segments are left", spool_fixture_names(&k, "seg-"));
	ok(spool_fixture_disk_bytes(&k) < full * 2 / 3, "the space came back");
	stats = k.turn.stats.bytes;
	ok(stats < full * 2 / 3, "and is not counted any more");
	is_int(spool_fixture_read(&k, 1500, k.state.end), 1501, "the rest is there");
	is_int(spool_fixture_resolve(&k, k.state.end), 0, "all is delivered");
	is_int(deleted_and_open(), 0, "no open descriptor holds on to the space");
	spool_fixture_close(&k);
	spool_fixture_must_open(&k);
	is_int(spool_fixture_cycle(&k), 0, "after a restart");
	is_int(spool_fixture_names(&k, "seg-"), 0, "no segment is left");
	is_int(k.turn.stats.bytes, 0, "nor a byte");
	is_int(k.state.ledger.place[LEDGER_IN_SPOOL].spans, 0, "nor a span in the spool");
	is_int(spool_fixture_put(&k, 3), 3, "and it can begin again");
	is_int(k.turn.first, 3001, "at the next position");
	spool_fixture_free(&k);
}

static void the_segment_being_written_goes_when_it_is_worth_it(void)
{
	struct spool_fixture k;

	spool_fixture_init(&k);
	k.size = 3500;
	spool_fixture_must_open(&k);
	spool_fixture_put(&k, 20);
	spool_fixture_resolve(&k, k.state.end);
	is_int(spool_fixture_names(&k, "seg-"), 1, "a segment with little in it stays");
	spool_fixture_put(&k, 300);
	spool_fixture_read(&k, k.state.cursor, k.state.end);
	spool_fixture_resolve(&k, k.state.end);
	is_int(deleted_and_open(), 0, "no open descriptor holds on to it");
	is_int(spool_fixture_names(&k, "seg-"), 0, "one that is half full and delivered goes");
	is_int(spool_fixture_put(&k, 5), 5, "the next batch finds a new one");
	is_int(spool_fixture_read(&k, k.state.cursor, k.state.end), 5, "and comes back");
	spool_fixture_free(&k);
}

static void a_stop_leaves_nothing_that_is_delivered(void)
{
	struct spool_fixture k;

	spool_fixture_init(&k);
	spool_fixture_must_open(&k);
	spool_fixture_put(&k, 5000);
	ok(spool_fixture_names(&k, "seg-") >= 3, "%u segments", spool_fixture_names(&k, "seg-"));
	is_int(spool_fixture_deliver(&k, k.state.end), 0, "all of it is delivered after the last turn");
	spool_fixture_close(&k);
	ok(spool_fixture_names(&k, "seg-") <= 1, "what the last turn did not know is removed at the stop");
	spool_fixture_must_open(&k);
	is_int(k.found.unclean, 0, "the stop was clean");
	is_int(k.state.cursor, k.state.end, "and nothing waits");
	spool_fixture_free(&k);
}

static void a_second_holder_is_refused_by_name(void)
{
	struct spool_found found;
	struct spool *other;
	struct spool_fixture k;
	char pid[32];

	spool_fixture_init(&k);
	spool_fixture_must_open(&k);
	is_int(spool_open(&other, &k.opts, &found, &k.why), E_LOCKED, "the second one is refused");
	snprintf(pid, sizeof(pid), "process %d ", (int)getpid());
	ok(strstr(k.why.text, pid) != NULL && strstr(k.why.text, k.dir) != NULL, "%s", k.why.text);
	spool_fixture_close(&k);
	is_int(spool_fixture_open(&k), 0, "after the first has gone it may");
	spool_fixture_free(&k);
}

static void limits_let_in_what_fits(void)
{
	struct spool_fixture k;
	size_t stored;

	spool_fixture_init(&k);
	k.size = 3500;
	k.opts.max_bytes = 6 << 20;
	spool_fixture_must_open(&k);
	stored = spool_fixture_put(&k, 3000);
	is_int(k.turn.put_rc, E_FULL, "over max_bytes the turn says full");
	ok(stored > 1000 && stored < 1600, "%zu of 3000 were let in", stored);
	ok(k.turn.stats.bytes <= k.opts.max_bytes + (256 << 10), "%llu bytes are in use",
	        (unsigned long long)k.turn.stats.bytes);
	is_int(spool_fixture_put(&k, 100), 0, "then none");
	is_int(k.state.end, stored + 1, "no position is used up");
	is_int(spool_fixture_resolve(&k, stored / 2), 0, "half of it is delivered");
	is_int(spool_fixture_put(&k, 100), 100, "and there is room again");
	spool_fixture_close(&k);
	k.opts.max_bytes = 1 << 20;
	is_int(spool_fixture_open(&k), 0, "a limit that is lowered refuses nothing at the start");
	is_int(spool_fixture_put(&k, 1), 0, "but the next batch");
	is_int(k.turn.put_rc, E_FULL, "with the same word");
	is_int(spool_fixture_read(&k, k.state.cursor, k.state.end), k.state.end - k.state.cursor,
	        "what is there is there");
	ok(k.wrong == 0 && k.damages == 0 && ledger_check(&k.state.ledger) == NULL, "whole, and balanced");
	spool_fixture_free(&k);
}

static void free_space_is_left_to_others(void)
{
	struct spool_fixture k;

	spool_fixture_init(&k);
	k.opts.min_free = UINT64_C(1) << 60;
	is_int(spool_fixture_open(&k), 0, "less free than min_free is no reason not to start");
	is_int(spool_fixture_put(&k, 5), 0, "nothing is put");
	is_int(k.turn.put_rc, E_FULL, "full");
	ok(k.turn.stats.next_rc == E_FULL, "the early alarm says so too");
	is_int(spool_fixture_cycle(&k), 0, "the state can be written");
	spool_fixture_free(&k);
}

static void spans_are_counted_without_reading_them(void)
{
	struct spool_run runs[2] = { { 1, 1001 }, { 1500, 1503 } };
	uint64_t want = 0;
	struct ledger_count c;
	struct spool_fixture k;

	spool_fixture_init(&k);
	k.size = 3500;
	spool_fixture_must_open(&k);
	for (int i = 0; i < 20; i++)
		spool_fixture_put(&k, 100);
	for (uint64_t n = 1; n < 1503; n++)
		want += n < 1001 || n >= 1500 ? spool_fixture_spans(n) : 0;
	is_int(spool_count(k.s, runs, 2, &c), 0, "counts");
	is_int(c.spans, want, "the spans of both runs");
	is_int(c.batches, 1003, "and the batches");
	spool_fixture_free(&k);
}

static void the_oldest_record_has_an_age(void)
{
	struct spool_fixture k;

	spool_fixture_init(&k);
	spool_fixture_must_open(&k);
	spool_fixture_cycle(&k);
	is_int(k.turn.stats.oldest_ms, 0, "none in an empty spool");
	spool_fixture_put(&k, 10);
	is_int(k.turn.stats.oldest_ms, 1000001, "the first");
	spool_fixture_resolve(&k, 5);
	is_int(k.turn.stats.oldest_ms, 1000005, "the one at the cursor");
	spool_fixture_close(&k);
	spool_fixture_must_open(&k);
	spool_fixture_cycle(&k);
	is_int(k.turn.stats.oldest_ms, 1000005, "the same after a restart");
	is_int(k.turn.stats.oldest_end, 11, "its segment ends here");
	spool_fixture_free(&k);
}

/* The directory and the files in it are for their owner only. */
static void nobody_else_can_look(void)
{
	char path[TEMPDIR_PATH + 64], file[TEMPDIR_PATH + 80];
	struct stat st;
	struct spool_fixture k;

	spool_fixture_init(&k);
	rmdir(k.dir);
	spool_fixture_must_open(&k);
	spool_fixture_put(&k, 1);
	ok(stat(k.dir, &st) == 0 && (st.st_mode & 0777) == 0700, "the directory is 0700");
	snprintf(file, sizeof(file), "%s/state", k.dir);
	ok(stat(file, &st) == 0 && (st.st_mode & 0777) == 0600 && st.st_size == 16384, "the state is 0600");
	spool_fixture_path(&k, "seg-", 0, path);
	ok(stat(path, &st) == 0 && (st.st_mode & 0777) == 0700, "a segment is 0700");
	snprintf(file, sizeof(file), "%s/data.mdb", path);
	ok(stat(file, &st) == 0 && (st.st_mode & 0777) == 0600, "its file is 0600");
	ok((uint64_t)st.st_blocks * 512 >= k.opts.segment_bytes && st.st_size < 1 << 20,
	        "its blocks are reserved, its size is not");
	spool_fixture_free(&k);
}

static void a_bad_directory_is_a_clear_sentence(void)
{
	struct spool_fixture k;

	spool_fixture_init(&k);
	k.opts.directory = "/proc/nothing/here";
	ok(spool_fixture_open(&k) < 0 && strstr(k.why.text, "/proc/nothing") != NULL, "%s", k.why.text);
	k.opts.directory = "/dev/null";
	ok(spool_fixture_open(&k) < 0 && strstr(k.why.text, "/dev/null") != NULL, "%s", k.why.text);
	k.opts.directory = "";
	is_int(spool_fixture_open(&k), E_USAGE, "no name at all");
	spool_fixture_free(&k);
}

static void a_record_can_be_quarantined(void)
{
	char path[TEMPDIR_PATH + 64];
	struct batch *b;
	struct stat st;
	struct spool_fixture k;

	spool_fixture_init(&k);
	spool_fixture_must_open(&k);
	b = spool_fixture_batch(&k, 9);
	is_int(spool_quarantine(k.s, b, "too-large", "the broker takes 1000000 bytes", &k.why), 0, "written");
	is_int(spool_quarantine(k.s, b, "too-large", "again", &k.why), 0, "twice is harmless");
	is_int(spool_fixture_names(&k, "quarantine/"), 1, "one file");
	spool_fixture_path(&k, "quarantine/", 0, path);
	ok(stat(path, &st) == 0 && st.st_size == 72 + (off_t)b->size + 16 + 9 + 30 + 8,
	        "record, cause, and what was said first");
	ok((st.st_mode & 0777) == 0600, "0600");
	batch_unref(&b);
	spool_fixture_free(&k);
}

static void *put_many(void *arg)
{
	struct spool_fixture *k = arg;

	for (int i = 0; i < 50; i++)
		spool_fixture_put(k, 20);
	return NULL;
}

static void snapshots_may_be_noted_while_a_turn_is_under_way(void)
{
	struct spool_state snapshot;
	pthread_t worker;
	struct spool_fixture k;

	spool_fixture_init(&k);
	spool_fixture_must_open(&k);
	snapshot = k.state;
	pthread_create(&worker, NULL, put_many, &k);
	for (int i = 0; i < 20000; i++) {
		snapshot.generation++;
		spool_live(k.s, &snapshot);
	}
	pthread_join(worker, NULL);
	is_int(spool_fixture_read(&k, 1, k.state.end), 1000, "all that was put is there");
	spool_fixture_abandon(&k);
	spool_fixture_must_open(&k);
	ok(k.found.state.generation >= snapshot.generation, "and the last snapshot");
	is_int(k.found.state.end, 1001, "which did not know of it");
	spool_fixture_free(&k);
}

int main(void)
{
	what_was_put_comes_back_after_a_restart();
	batches_of_all_sizes_go_in();
	a_turn_may_be_larger_than_a_segment();
	only_the_wanted_runs_are_read();
	delivered_segments_are_unlinked_and_the_space_comes_back();
	the_segment_being_written_goes_when_it_is_worth_it();
	a_stop_leaves_nothing_that_is_delivered();
	a_second_holder_is_refused_by_name();
	limits_let_in_what_fits();
	free_space_is_left_to_others();
	spans_are_counted_without_reading_them();
	the_oldest_record_has_an_age();
	nobody_else_can_look();
	a_bad_directory_is_a_clear_sentence();
	a_record_can_be_quarantined();
	snapshots_may_be_noted_while_a_turn_is_under_way();
	return tap_done();
}
