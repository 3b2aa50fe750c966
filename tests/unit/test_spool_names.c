/* test_spool_names.c — segments that have one another's names, and a state that is not whole: nothing of
 * it costs a record, and both can be put right by hand. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault.h"
#include "prints.h"
#include "spool_kit.h"
#include "spool_mend.h"
#include "tap.h"

enum { TURNS = 16, EACH = 100, ALL = TURNS * EACH, SLOT = 4096, SLOTS = 4 };

static struct prints before, after;

/* ALL records in four segments. Closed. */
static void make(struct kit *k)
{
	kit_init(k);
	k->size = 3500;
	kit_must_open(k);
	for (int i = 0; i < TURNS; i++)
		kit_put(k, EACH);
	kit_close(k);
	if (kit_names(k, "seg-") != 4) {
		printf("Bail out! %u segments\n", kit_names(k, "seg-"));
		exit(1);
	}
}

static void move(struct kit *k, const char *from, const char *to)
{
	if (rename(from, to) < 0) {
		printf("Bail out! %s to %s in %s: %s\n", from, to, k->dir, strerror(errno));
		exit(1);
	}
}

/* The A-th and the B-th segment by their names. */
static void swap(struct kit *k, unsigned a, unsigned b)
{
	char one[TEMPDIR_PATH + 64], other[TEMPDIR_PATH + 64], aside[TEMPDIR_PATH + 64];

	kit_path(k, "seg-", a, one);
	kit_path(k, "seg-", b, other);
	snprintf(aside, sizeof(aside), "%s/aside", k->dir);
	move(k, one, aside);
	move(k, other, one);
	move(k, aside, other);
}

static void rename_to(struct kit *k, unsigned n, const char *name)
{
	char from[TEMPDIR_PATH + 64], to[TEMPDIR_PATH + 64];

	snprintf(to, sizeof(to), "%s/%s", k->dir, name);
	move(k, kit_path(k, "seg-", n, from), to);
}

static void copy(struct kit *k, unsigned n, const char *name)
{
	char from[TEMPDIR_PATH + 64], line[2 * TEMPDIR_PATH + 256];

	snprintf(line, sizeof(line), "cp -r '%s' '%s/%s'", kit_path(k, "seg-", n, from), k->dir, name);
	if (system(line) != 0)
		exit(99);
}

/* An agent reads every record from FROM on. */
static void all_from(struct kit *k, uint64_t from, const char *when)
{
	uint64_t got = kit_read(k, from, ALL + 1);

	ok(got == ALL + 1 - from && k->wrong == 0 && k->damages == 0,
	        "%s: %" PRIu64 " records are read, %" PRIu64 " lost", when, got, k->lost.batches);
	ok(ledger_check(&k->state.ledger) == NULL, "and the ledger balances");
}

static void all_is_there(struct kit *k, const char *when)
{
	kit_must_open(k);
	all_from(k, 1, when);
	is_int(kit_names(k, "quarantine/seg-"), 0, "none is set aside");
	kit_close(k);
}

static void wrong_names_cost_nothing(void)
{
	struct kit k;

	make(&k);
	swap(&k, 1, 2);
	all_is_there(&k, "two in the middle");
	all_is_there(&k, "and once more");
	kit_free(&k);

	make(&k);
	swap(&k, 0, 3);
	kit_must_open(&k);
	ok(strstr(k.found.note, "names") != NULL, "the start finds the newest: %s", k.found.note);
	all_from(&k, 1, "the oldest and the newest");
	is_int(kit_put(&k, 3), 3, "more can be put");
	is_int(k.turn.first, ALL + 1, "behind all others");
	kit_free(&k);

	make(&k);
	swap(&k, 0, 1);
	swap(&k, 1, 2);
	swap(&k, 2, 3);
	all_is_there(&k, "all four in a ring");
	kit_free(&k);
}

static void names_that_were_free_cost_nothing(void)
{
	struct kit k;

	make(&k);
	rename_to(&k, 0, "seg-0000000000009999");
	all_is_there(&k, "the oldest by a name behind the newest");
	kit_free(&k);

	make(&k);
	rename_to(&k, 3, "seg-0000000000000000");
	all_is_there(&k, "the newest by a name before the oldest");
	kit_free(&k);

	make(&k);
	rename_to(&k, 2, "seg-0000000000000002");
	all_is_there(&k, "one amid another's positions");
	kit_free(&k);
}

static void a_copy_is_set_aside_and_nothing_comes_twice(void)
{
	uint8_t times[ALL + 1] = { 0 };
	unsigned twice = 0;
	struct kit k;

	make(&k);
	copy(&k, 1, "seg-0000000000000007");
	k.times = times;
	k.ntimes = ALL + 1;
	kit_must_open(&k);
	all_from(&k, 1, "a copy under a name that was free");
	for (size_t i = 0; i <= ALL; i++)
		twice += times[i] > 1;
	is_int(twice, 0, "none is read twice");
	is_int(kit_names(&k, "quarantine/seg-0000000000000007"), 1, "the copy is set aside");
	kit_free(&k);
}

/* What the names say is delivered is not what is in them. */
static void nothing_is_removed_by_a_wrong_name(void)
{
	char path[TEMPDIR_PATH + 64];
	uint64_t second;
	struct kit k;

	make(&k);
	second = strtoull(strstr(kit_path(&k, "seg-", 1, path), "seg-") + 4, NULL, 16);
	swap(&k, 0, 1);
	kit_must_open(&k);
	is_int(kit_resolve(&k, second), 0, "what the first has is delivered");
	kit_turn(&k);
	is_int(kit_names(&k, "seg-"), 3, "the one that is delivered goes");
	all_from(&k, second, "the one that had its name stays");
	kit_free(&k);
}

/* Its spans are known from elsewhere, and nothing was looked for in it. */
static void nothing_is_removed_unseen(void)
{
	char path[TEMPDIR_PATH + 64];
	uint64_t second;
	struct kit k;

	make(&k);
	second = strtoull(strstr(kit_path(&k, "seg-", 1, path), "seg-") + 4, NULL, 16);
	swap(&k, 0, 1);
	kit_must_open(&k);
	k.state.cursor = k.state.offered_to = second;
	ledger_move(&k.state.ledger, LEDGER_IN_SPOOL, LEDGER_DELIVERED,
	        kit_spans_in(1, second), second - 1);
	kit_turn(&k);
	kit_turn(&k);
	is_int(kit_names(&k, "seg-"), 3, "the one that is delivered goes");
	all_from(&k, second, "the one that had its name stays");
	kit_free(&k);
}

static void a_file_system_that_renames_nothing_loses_nothing(void)
{
	struct fault_plan plan = { .calls = FAULT_RENAME, .at = 1, .err = EINVAL };
	struct kit k;

	make(&k);
	swap(&k, 1, 2);
	kit_must_open(&k);
	plan.path = k.dir;
	fault_arm(&plan);
	kit_read(&k, 1, ALL + 1);
	fault_disarm();
	kit_abandon(&k);
	is_int(kit_names(&k, "seg-") + kit_names(&k, "quarantine/seg-"), 4, "all four are there");
	kit_free(&k);
}

/* Opens and reads in a child that dies at call number AT. True when it did. */
static bool dies_at(struct kit *k, uint64_t at)
{
	struct fault_plan plan = { .calls = FAULT_RENAME | FAULT_SYNC,
		.at = at,
		.kill = true,
		.path = k->dir };
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		fault_arm(&plan);
		if (kit_open(k) == 0)
			kit_read(k, 1, ALL + 1);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		exit(99);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static void killed_between_two_names_it_goes_on(void)
{
	unsigned points = 0, lost = 0;

	for (bool died = true; died && points < 100; points++) {
		struct kit k;

		make(&k);
		swap(&k, 0, 1);
		swap(&k, 1, 2);
		swap(&k, 2, 3);
		died = dies_at(&k, points + 1);
		kit_must_open(&k);
		lost += kit_read(&k, 1, ALL + 1) != ALL || k.wrong > 0;
		kit_free(&k);
	}
	ok(points > 4 && points < 100, "killed at each of %u calls", points - 1);
	is_int(lost, 0, "every record is read then");
}

/* ---- by hand ---- */

static struct spool_look *look(struct kit *k, enum spool_look_how how)
{
	struct spool_look *l;

	if (spool_look_open(&l, k->dir, how, &k->why) == 0)
		return l;
	printf("Bail out! %s\n", k->why.text);
	exit(1);
}

struct sight {
	uint64_t records, lost;
	unsigned damages, misnamed, broken_slots;
};

static struct sight see(struct kit *k)
{
	struct spool_look *l = look(k, SPOOL_LOOK_REST);
	const struct spool_seen *seen = spool_look_seen(l);
	struct sight s = { 0 };
	struct spool_item item;

	for (size_t i = 0; i < seen->nsegments; i++)
		s.misnamed += seen->segments[i].misnamed;
	for (size_t i = 0; i < SLOTS; i++)
		s.broken_slots += seen->slots[i] == E_CORRUPT;
	while (spool_look_next(l, &item) == 0) {
		s.records += item.batch != NULL && kit_is(k, item.batch);
		s.damages += item.batch == NULL;
		s.lost += item.lost.end - item.lost.first;
		batch_unref(&item.batch);
	}
	spool_look_close(l);
	return s;
}

static void a_look_reads_by_the_heads_and_names_can_be_mended(void)
{
	struct spool_look *l;
	struct sight s;
	struct kit k;

	make(&k);
	swap(&k, 0, 2);
	prints_take(&before, k.dir);
	s = see(&k);
	is_int(s.misnamed, 2, "two are misnamed");
	is_int(s.records, ALL, "all records are seen");
	is_int(s.damages, 0, "none is damaged");
	prints_take(&after, k.dir);
	ok(prints_differ(&before, &after) == NULL, "a look changes nothing");
	l = look(&k, SPOOL_LOOK_ALONE);
	is_int(spool_mend_names(l, &k.why), 0, "the names are put right");
	spool_look_close(l);
	is_int(see(&k).misnamed, 0, "none is misnamed any more");
	prints_take(&after, k.dir);
	ok(prints_lost(&before, &after) == NULL, "no byte of them was changed");
	all_is_there(&k, "an agent");
	kit_free(&k);
}

static void a_strangers_name_takes_nothing_away_from_a_look(void)
{
	static const char *const names[] = { "seg-0000000000000007", "seg-0000000000000300",
		"seg-0000000000009999" };
	struct sight s;
	struct kit k, other;

	make(&other);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char from[TEMPDIR_PATH + 64], line[2 * TEMPDIR_PATH + 256];

		make(&k);
		snprintf(line, sizeof(line), "cp -r '%s' '%s/%s'",
		        kit_path(&other, "seg-", 1, from), k.dir, names[i]);
		if (system(line) != 0)
			exit(99);
		s = see(&k);
		ok(s.records == ALL && s.lost == 0 && s.damages == 1,
		        "%s of another spool: %" PRIu64 " records, %" PRIu64 " lost, %u damages",
		        names[i], s.records, s.lost, s.damages);
		kit_free(&k);
	}
	kit_free(&other);
}

static void wipe_slots(struct kit *k, unsigned from, uint8_t with)
{
	char path[TEMPDIR_PATH + 16];
	uint8_t bytes[SLOT];
	int fd;

	memset(bytes, with, sizeof(bytes));
	snprintf(path, sizeof(path), "%s/state", k->dir);
	fd = open(path, O_WRONLY);
	for (unsigned i = from; i < SLOTS; i++)
		if (pwrite(fd, bytes, SLOT, i * SLOT) != SLOT)
			exit(99);
	close(fd);
}

static void mend_state(struct kit *k)
{
	struct spool_look *l = look(k, SPOOL_LOOK_ALONE);

	is_int(spool_mend_state(l, &k->why), 0, "it is mended");
	spool_look_close(l);
	is_int(see(k).broken_slots, 0, "every slot is whole then");
	is_int(kit_names(k, "quarantine/state.bad"), 1, "what was there is kept");
}

static void a_state_that_is_not_whole_is_found_and_mended(void)
{
	struct kit k;

	make(&k);
	kit_must_open(&k);
	kit_resolve(&k, 700);
	kit_close(&k);
	is_int(see(&k).broken_slots, 0, "a sound state has no broken slot");
	wipe_slots(&k, 3, 0x5a);
	is_int(see(&k).broken_slots, 1, "one slot is broken");
	mend_state(&k);
	kit_must_open(&k);
	is_int(k.state.cursor, 700, "the cursor is where it was");
	is_text(k.found.note, "", "the start has nothing to say");
	kit_free(&k);

	for (int with = 0; with < 2; with++) {
		make(&k);
		wipe_slots(&k, 0, with == 0 ? 0 : 0x5a);
		is_int(see(&k).broken_slots, SLOTS, with == 0 ? "a state of zeros is broken"
		                                              : "a state of noise is broken");
		mend_state(&k);
		kit_must_open(&k);
		is_text(k.found.note, "", "the start has nothing to say");
		is_int(k.state.offered_to, ALL + 1, "all of it may have been offered");
		all_from(&k, 1, "an agent");
		kit_free(&k);
	}
}

static void a_lost_state_is_not_called_a_kill(void)
{
	struct kit k;

	make(&k);
	wipe_slots(&k, 0, 0);
	kit_must_open(&k);
	ok(k.found.state_lost && strstr(k.found.note, "state") != NULL, "%s", k.found.note);
	kit_free(&k);

	make(&k);
	kit_must_open(&k);
	ok(!k.found.state_lost, "a sound one is not lost");
	kit_free(&k);
}

int main(void)
{
	tempdir_prefer_memory();
	wrong_names_cost_nothing();
	names_that_were_free_cost_nothing();
	a_copy_is_set_aside_and_nothing_comes_twice();
	nothing_is_removed_by_a_wrong_name();
	nothing_is_removed_unseen();
	a_file_system_that_renames_nothing_loses_nothing();
	killed_between_two_names_it_goes_on();
	a_look_reads_by_the_heads_and_names_can_be_mended();
	a_strangers_name_takes_nothing_away_from_a_look();
	a_state_that_is_not_whole_is_found_and_mended();
	a_lost_state_is_not_called_a_kill();
	return tap_done();
}
