/* test_spool_tail.c — sync=interval and sync=off: in the tail at once, in a segment by and by, and
 * always to be read. */
#include <config.h>

#include <fcntl.h>
#include <sys/stat.h>

#include "clock.h"
#include "spool_kit.h"
#include "tap.h"

static off_t tail_size(const struct kit *k)
{
	char path[TEMPDIR_PATH + 16];
	struct stat st;

	snprintf(path, sizeof(path), "%s/tail", k->dir);
	return stat(path, &st) == 0 ? st.st_size : -1;
}

static void an_interval_ends_in_a_commit(void)
{
	uint64_t until = clock_mono_us() + 20 * US_PER_S;
	struct kit k;

	kit_init(&k);
	k.opts.sync = SPOOL_SYNC_INTERVAL;
	k.opts.sync_interval_us = 30 * US_PER_MS;
	kit_must_open(&k);
	is_int(kit_put(&k, 20), 20, "put");
	ok(k.turn.stats.commits == 0 && k.turn.stats.tail_bytes > 20000, "into the tail");
	is_int(kit_names(&k, "seg-"), 0, "no segment yet");
	while (k.turn.stats.tail_bytes > 0 && clock_mono_us() < until)
		kit_turn(&k);
	ok(k.turn.stats.commits == 1 && tail_size(&k) == 0,
	        "when the interval is over it is in a segment");
	is_int(kit_read(&k, 1, 21), 20, "from where it is read");
	kit_free(&k);
}

static void off_commits_when_enough_has_gathered(void)
{
	struct kit k;

	kit_init(&k);
	k.size = 50000;
	k.opts.sync = SPOOL_SYNC_OFF;
	k.opts.segment_bytes = 8 << 20;
	kit_must_open(&k);
	for (int i = 0; i < 8; i++)
		kit_put(&k, 10);
	is_int(k.turn.stats.commits, 0, "four megabytes have not gathered");
	kit_put(&k, 10);
	kit_turn(&k);
	ok(k.turn.stats.commits > 0 && k.turn.stats.tail_bytes == 0, "now they have");
	is_int(kit_put(&k, 1), 1, "and it begins again");
	kit_close(&k);
	is_int(tail_size(&k), 0, "a stop leaves nothing in the tail");
	kit_must_open(&k);
	is_int(kit_read(&k, 1, k.state.end), 91, "all is there");
	kit_free(&k);
}

static void what_is_only_in_the_tail_can_be_read_and_counted(void)
{
	struct spool_run run = { 5, 8 };
	struct ledger_count c;
	struct kit k;

	kit_init(&k);
	k.opts.sync = SPOOL_SYNC_OFF;
	kit_must_open(&k);
	kit_put(&k, 20);
	is_int(spool_count(k.s, &run, 1, &c), 0, "counted");
	is_int(c.spans, kit_spans(5) + kit_spans(6) + kit_spans(7), "three batches' spans");
	kit_put(&k, 20);
	is_int(kit_read(&k, 1, 41), 40, "read");
	is_int(kit_resolve(&k, 41), 0, "delivered");
	is_int(k.turn.stats.oldest_ms, 0, "nothing waits");
	kit_free(&k);
}

static void the_mode_may_change_at_a_restart(void)
{
	char path[TEMPDIR_PATH + 16];
	struct kit k;
	int fd;

	kit_init(&k);
	k.opts.sync = SPOOL_SYNC_OFF;
	kit_must_open(&k);
	kit_put(&k, 20);
	snprintf(path, sizeof(path), "%s/tail", k.dir);
	/* As a kill leaves it: what the end would sync is held back. */
	fd = open(path, O_RDONLY);
	if (fd >= 0) {
		static uint8_t bytes[1 << 20];
		ssize_t n = pread(fd, bytes, sizeof(bytes), 0);
		char state[TEMPDIR_PATH + 64];

		close(fd);
		kit_abandon(&k);
		tempdir_remove(kit_path(&k, "seg-", 0, state));
		fd = open(path, O_RDWR);
		if (pwrite(fd, bytes, (size_t)n, 0) != n)
			exit(1);
		close(fd);
	}
	k.opts.sync = SPOOL_SYNC_COMMIT;
	kit_must_open(&k);
	is_int(k.state.end, 21, "the tail is known");
	is_int(kit_put(&k, 5), 5, "with sync=commit");
	ok(k.turn.stats.tail_bytes == 0 && k.turn.stats.commits == 2,
	        "the tail goes into a segment first");
	is_int(kit_read(&k, 1, k.state.end), 25, "all in order");
	ok(k.wrong == 0 && k.damages == 0, "and whole");
	kit_free(&k);
}

/* What a power cut does to it. */
static void a_tail_with_a_hole_gives_what_is_whole(void)
{
	char path[TEMPDIR_PATH + 64], copy[2 * TEMPDIR_PATH + 64];
	struct kit k;
	int fd;

	for (int round = 0; round < 2; round++) {
		kit_init(&k);
		k.opts.sync = SPOOL_SYNC_OFF;
		kit_must_open(&k);
		for (int i = 0; i < 4; i++)
			kit_put(&k, 10);
		snprintf(copy, sizeof(copy), "cp %s/tail %s/copy", k.dir, k.dir);
		if (system(copy) != 0)
			exit(1);
		kit_abandon(&k);
		tempdir_remove(kit_path(&k, "seg-", 0, path));
		snprintf(copy, sizeof(copy), "mv %s/copy %s/tail", k.dir, k.dir);
		if (system(copy) != 0)
			exit(1);
		snprintf(path, sizeof(path), "%s/tail", k.dir);
		fd = open(path, O_RDWR);
		if (round == 0 ? pwrite(fd, "damage", 6, 15000) != 6 : ftruncate(fd, 25000) < 0)
			exit(1);
		close(fd);
		kit_must_open(&k);
		kit_read(&k, 1, k.state.end);
		if (round == 0) {
			ok(k.read_records == 39 && k.lost.batches == 1 && k.found.note[0] != '\0',
			        "one record is lost and said so: %s", k.found.note);
		} else {
			/* No state beyond what is whole is left but the one in the tail. */
			ok(k.read_records > 15 &&
			                k.read_records + k.lost.batches == k.state.end - 1,
			        "cut short: %u records", (unsigned)k.read_records);
		}
		ok(k.wrong == 0 && ledger_check(&k.state.ledger) == NULL,
		        "the rest is as it was put");
		is_int(kit_put(&k, 3), 3, "and it goes on");
		kit_free(&k);
	}
}

int main(void)
{
	an_interval_ends_in_a_commit();
	off_commits_when_enough_has_gathered();
	what_is_only_in_the_tail_can_be_read_and_counted();
	the_mode_may_change_at_a_restart();
	a_tail_with_a_hole_gives_what_is_whole();
	return tap_done();
}
