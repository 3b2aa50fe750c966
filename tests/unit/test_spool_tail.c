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

/* As a kill leaves it: what the end of the process would put into a segment is in the tail only. */
static void die(struct kit *k)
{
	char command[TEMPDIR_PATH + 64];
	int failed;

	snprintf(command, sizeof(command), "cd %s && mkdir as-was && cp tail state as-was", k->dir);
	failed = system(command);
	kit_abandon(k);
	snprintf(command, sizeof(command), "cd %s && rm -r seg-* && mv as-was/* . && rmdir as-was",
	        k->dir);
	if (failed != 0 || system(command) != 0)
		exit(1);
}

static int tail_fd(const struct kit *k)
{
	char path[TEMPDIR_PATH + 16];

	snprintf(path, sizeof(path), "%s/tail", k->dir);
	return open(path, O_RDWR);
}

static void the_mode_may_change_at_a_restart(void)
{
	struct kit k;

	kit_init(&k);
	k.opts.sync = SPOOL_SYNC_OFF;
	kit_must_open(&k);
	kit_put(&k, 20);
	die(&k);
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
	struct kit k;
	int fd;

	for (int round = 0; round < 2; round++) {
		kit_init(&k);
		k.opts.sync = SPOOL_SYNC_OFF;
		kit_must_open(&k);
		for (int i = 0; i < 4; i++)
			kit_put(&k, 10);
		die(&k);
		fd = tail_fd(&k);
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

static void of_a_write_cut_short_is_known_that_it_was_offered(void)
{
	struct ledger_count *lost;
	off_t whole;
	struct kit k;
	int fd;

	kit_init(&k);
	k.opts.sync = SPOOL_SYNC_OFF;
	kit_must_open(&k);
	kit_put(&k, 10);
	whole = tail_size(&k);
	k.state.offered_to = 21; /* the sink has what is put now */
	kit_put(&k, 10);
	whole += (tail_size(&k) - whole) / 2;
	die(&k);
	fd = tail_fd(&k);
	if (ftruncate(fd, whole) < 0)
		exit(1);
	close(fd);
	kit_must_open(&k);
	lost = &k.state.ledger.place[LEDGER_UNCERTAIN];
	ok(k.state.end > 11 && k.state.end < 21, "some of the second ten are there: below %u",
	        (unsigned)k.state.end);
	ok(k.found.state.offered_to >= k.state.end, "and are said to have been offered");
	ok(lost->batches == 21 - k.state.end && lost->spans == kit_spans_in(k.state.end, 21),
	        "the others are uncertain");
	ok(ledger_check(&k.state.ledger) == NULL, "the ledger balances");
	kit_free(&k);
}

int main(void)
{
	an_interval_ends_in_a_commit();
	off_commits_when_enough_has_gathered();
	what_is_only_in_the_tail_can_be_read_and_counted();
	the_mode_may_change_at_a_restart();
	a_tail_with_a_hole_gives_what_is_whole();
	of_a_write_cut_short_is_known_that_it_was_offered();
	return tap_done();
}
