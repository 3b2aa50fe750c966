/* SPDX-License-Identifier: Apache-2.0 */
/* test_spool_names.c — segments that have wrong names: an agent goes by their heads, loses nothing that is
 * intact, deletes nothing unseen, and renames nothing. */
#include <config.h>

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "spool_mix.h"

static void all_is_there(struct spool_fixture *k, const char *when)
{
	spool_fixture_must_open(k);
	mix_all_from(k, 1, when);
	is_int(spool_fixture_names(k, "quarantine/seg-"), 0, "none is set aside");
	spool_fixture_close(k);
}

static void wrong_names_cost_nothing(void)
{
	struct spool_fixture k;

	mix_make(&k);
	mix_swap(&k, 1, 2);
	spool_fixture_must_open(&k);
	is_text(k.found.note, "", "a start does not look at old segments");
	spool_fixture_close(&k);
	all_is_there(&k, "two in the middle");
	spool_fixture_must_open(&k);
	is_text(k.found.note, "", "nor does the next one");
	spool_fixture_free(&k);

	mix_make(&k);
	mix_swap(&k, 0, 3);
	spool_fixture_must_open(&k);
	mix_all_from(&k, 1, "the oldest and the newest");
	is_int(spool_fixture_put(&k, 3), 3, "more can be put");
	is_int(k.turn.first, ALL + 1, "behind all others");
	spool_fixture_free(&k);

	mix_make(&k);
	mix_swap(&k, 0, 1);
	mix_swap(&k, 1, 2);
	mix_swap(&k, 2, 3);
	all_is_there(&k, "all four in a ring");
	spool_fixture_free(&k);
}

static void names_that_were_free_cost_nothing(void)
{
	static const struct {
		unsigned n;
		const char *name, *when;
	} rows[] = {
		{ 0, "seg-0000000000009999", "the oldest by a name behind the newest" },
		{ 3, "seg-0000000000000000", "the newest by a name before the oldest" },
		{ 2, "seg-0000000000000002", "one amid another's positions" },
		{ 1, "seg-0000000000000180", "one amid its own and another's" },
		{ 1, "seg-ffffffffffffffff", "one by the last name there is" },
	};
	struct spool_fixture k;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		mix_make(&k);
		mix_rename(&k, rows[i].n, rows[i].name);
		all_is_there(&k, rows[i].when);
		spool_fixture_free(&k);
	}
}

static void without_a_state_they_cost_nothing_either(void)
{
	struct spool_fixture k;

	mix_make(&k);
	mix_swap(&k, 0, 3);
	mix_noise(&k, "state", 0, SLOTS, 0);
	all_is_there(&k, "the oldest and the newest");
	spool_fixture_free(&k);

	mix_make(&k);
	mix_rename(&k, 3, "seg-0000000000000002");
	mix_noise(&k, "state", 0, SLOTS, 0);
	spool_fixture_must_open(&k);
	is_int(k.state.end, ALL + 1, "the newest is known by any name");
	mix_all_from(&k, 1, "the newest by a low name");
	k.sequence = ALL;
	mix_fill(&k, 1);
	spool_fixture_resolve(&k, k.state.end);
	spool_fixture_cycle(&k);
	mix_fill(&k, 1);
	spool_fixture_close(&k);
	spool_fixture_must_open(&k);
	is_int(spool_fixture_read(&k, ALL + 1 + MIX_EACH, k.state.end), MIX_EACH,
	        "what is put after that is there at the next start");
	spool_fixture_free(&k);
}

static void a_copy_is_set_aside_and_nothing_comes_twice(void)
{
	uint8_t times[ALL + 1] = { 0 };
	unsigned twice = 0;
	struct spool_fixture k;

	mix_make(&k);
	mix_copy(&k, &k, 1, "seg-0000000000000007");
	k.times = times;
	k.ntimes = ALL + 1;
	spool_fixture_must_open(&k);
	mix_all_from(&k, 1, "a copy under a name that was free");
	for (size_t i = 0; i <= ALL; i++)
		twice += times[i] > 1;
	is_int(twice, 0, "none is read twice");
	is_int(spool_fixture_names(&k, "quarantine/seg-0000000000000007"), 1, "the copy is set aside");
	spool_fixture_free(&k);
}

/* With a copy of the second segment that was made while it was written, and has less of it. */
static void make_with_early_copy(struct spool_fixture *k, const char *name)
{
	spool_fixture_init(k);
	k->size = 3500;
	spool_fixture_must_open(k);
	mix_fill(k, 6);
	mix_copy(k, k, 1, name);
	mix_fill(k, MIX_TURNS - 6);
	spool_fixture_close(k);
}

static void the_better_one_has_the_place(void)
{
	struct spool_fixture k;

	make_with_early_copy(&k, "seg-0000000000009999");
	mix_behead(&k, 1);
	spool_fixture_must_open(&k);
	mix_all_from(&k, 1, "the real one is damaged, an early copy is not");
	spool_fixture_free(&k);

	make_with_early_copy(&k, "seg-0000000000000009");
	mix_rename(&k, 2, "seg-0000000000009999");
	spool_fixture_must_open(&k);
	mix_all_from(&k, 1, "both have wrong names");
	spool_fixture_free(&k);
}

/* What the names say is delivered is not what is in them. */
static void nothing_is_removed_by_a_wrong_name(void)
{
	uint64_t second;
	struct spool_fixture k;

	mix_make(&k);
	second = mix_first(&k, 1);
	mix_swap(&k, 0, 1);
	spool_fixture_must_open(&k);
	is_int(spool_fixture_resolve(&k, second), 0, "what the first has is delivered");
	is_int(spool_fixture_names(&k, "seg-"), 3, "it goes");
	mix_all_from(&k, second, "the one that had its name stays");
	spool_fixture_free(&k);

	mix_make(&k);
	spool_fixture_must_open(&k);
	spool_fixture_resolve(&k, 700);
	spool_fixture_close(&k);
	mix_rename(&k, 0, "seg-0000000000000180");
	mix_rename(&k, 1, "seg-0000000000000258");
	spool_fixture_must_open(&k);
	spool_fixture_cycle(&k);
	mix_all_from(&k, 700, "two by names that are amid them");
	spool_fixture_free(&k);
}

/* A disk that does not show what is in it. */
static void nothing_is_removed_unseen(void)
{
	static const int errors[] = { EMFILE, EIO };
	struct fault_plan plan = { .calls = FAULT_OPEN, .at = 1, .path = "data.mdb" };
	struct spool_fixture k;

	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		mix_make(&k);
		spool_fixture_must_open(&k);
		spool_fixture_deliver(&k, mix_first(&k, 1));
		plan.err = errors[i];
		fault_arm(&plan);
		spool_fixture_cycle(&k);
		fault_disarm();
		diag("%s", strerror(errors[i]));
		is_int(spool_fixture_names(&k, "seg-"), 4, "what is delivered stays");
		spool_fixture_cycle(&k);
		is_int(spool_fixture_names(&k, "seg-"), 3, "and goes when it can be read");
		spool_fixture_free(&k);
	}

	mix_make(&k);
	mix_behead(&k, 0);
	spool_fixture_must_open(&k);
	spool_fixture_deliver(&k, mix_first(&k, 1));
	spool_fixture_cycle(&k);
	is_int(spool_fixture_names(&k, "seg-"), 3, "one without a tree, with all its records, goes too");
	is_int(spool_fixture_names(&k, "quarantine/seg-"), 0, "for good");
	spool_fixture_free(&k);

	mix_make(&k);
	mix_behead(&k, 0);
	mix_noise(&k, "seg-0000000000000001/data.mdb", 200, 210, 0x5a);
	spool_fixture_must_open(&k);
	spool_fixture_deliver(&k, mix_first(&k, 1));
	spool_fixture_cycle(&k);
	is_int(spool_fixture_names(&k, "seg-"), 3, "one with some of its records goes too");
	is_int(spool_fixture_names(&k, "quarantine/seg-"), 1, "into quarantine");
	spool_fixture_free(&k);
}

/* Two names are exchanged and two are others'. */
static void no_name_is_changed(void)
{
	struct fault_plan plan = { .calls = FAULT_RENAME, .at = 1, .err = EACCES };
	struct spool_fixture k;

	mix_make(&k);
	mix_swap(&k, 0, 3);
	mix_swap(&k, 1, 2);
	plan.path = k.dir;
	fault_arm(&plan);
	spool_fixture_must_open(&k);
	mix_all_from(&k, 1, "all four by the names of others");
	is_int(fault_disarm(), 0, "nothing is renamed");
	is_text(k.found.note, "", "a wrong name is no damage");
	is_int(spool_fixture_put(&k, 3), 3, "more can be put");
	spool_fixture_close(&k);
	spool_fixture_must_open(&k);
	is_int(spool_fixture_read(&k, 1, k.state.end), ALL + 3, "the next start reads all");
	is_int(k.wrong, 0, "as it was put");
	is_int(k.damages, 0, "and finds no damage");
	spool_fixture_free(&k);
}

/* The name of the second segment becomes the one that the next segment is to have. */
static void take_next_name(struct spool_fixture *k)
{
	char name[64];

	snprintf(name, sizeof(name), "seg-%016x", ALL + 1);
	mix_rename(k, 1, name);
}

static void a_name_that_is_taken_is_passed_over(void)
{
	struct spool_fixture k;

	mix_make(&k);
	take_next_name(&k);
	spool_fixture_must_open(&k);
	is_int(spool_fixture_put(&k, 5), 5, "more is stored");
	is_int(spool_fixture_read(&k, 1, ALL + 6), ALL + 5, "all are there");
	spool_fixture_abandon(&k);
	for (int i = 1; i <= 3; i++) {
		spool_fixture_must_open(&k);
		is_int(k.state.end, ALL + 1 + 5 * i, "the next start knows the newest");
		k.sequence = ALL + 5 * i;
		is_int(spool_fixture_put(&k, 5), 5, "stores more");
		is_int(spool_fixture_read(&k, 1, k.state.end), ALL + 5 * (i + 1), "and reads all");
		spool_fixture_close(&k);
	}
	is_int(k.damages, 0, "none is lost");
	is_int(spool_fixture_names(&k, "quarantine/seg-"), 0, "none is set aside");
	spool_fixture_free(&k);
}

/* Makes a file NAME, or a directory NAME with a file in it. */
static void make_obstacle(const struct spool_fixture *k, const char *name, bool is_directory)
{
	char path[TEMPDIR_PATH + 64], file[TEMPDIR_PATH + 80];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", k->dir, name);
	snprintf(file, sizeof(file), is_directory ? "%s/x" : "%s", path);
	if (is_directory && mkdir(path, 0700) < 0)
		exit(99);
	f = fopen(file, "w");
	if (f == NULL || fputs("x", f) < 0 || fclose(f) != 0)
		exit(99);
}

static void what_stands_in_the_way_stays_where_it_is(void)
{
	char name[64], next[64];
	struct spool_fixture k;

	snprintf(next, sizeof(next), "seg-%016x", ALL + 1);
	for (int is_directory = 0; is_directory < 2; is_directory++) {
		mix_make(&k);
		snprintf(name, sizeof(name), "seg-%016" PRIx64, mix_first(&k, 1));
		mix_rename(&k, 1, "seg-0000000000009999");
		make_obstacle(&k, name, is_directory);
		spool_fixture_must_open(&k);
		mix_all_from(&k, 1, is_directory ? "a directory has its name" : "a file has its name");
		make_obstacle(&k, next, is_directory);
		k.sequence = ALL;
		is_int(spool_fixture_put(&k, 5), 5, "another has the name of the next segment");
		spool_fixture_close(&k);
		spool_fixture_must_open(&k);
		is_int(spool_fixture_read(&k, 1, k.state.end), ALL + 5, "the next start reads all");
		is_int(k.damages, 0, "none is lost");
		is_int(spool_fixture_names(&k, "quarantine/"), 0, "nothing is set aside");
		is_int(spool_fixture_names(&k, name), 1, "both are");
		is_int(spool_fixture_names(&k, next), 1, "where they were");
		spool_fixture_free(&k);
	}
}

static void one_that_cannot_be_read_does_not_spoil_the_others(void)
{
	struct fault_plan plan = { .calls = FAULT_PREAD, .at = 1, .err = EIO, .path = "seg-0000000000000001/" };
	struct spool_fixture k;
	uint64_t second;

	mix_make(&k);
	second = mix_first(&k, 1);
	mix_swap(&k, 1, 2);
	fault_arm(&plan);
	spool_fixture_must_open(&k);
	is_int(spool_fixture_read(&k, second, ALL + 1), ALL + 1 - second, "the others are read");
	fault_disarm();
	is_int(k.damages, 0, "nothing is lost");
	spool_fixture_free(&k);
}

/* What has lost its tree is as patient with the disk as any other. */
static void a_passing_refusal_costs_no_record(void)
{
	struct fault_plan plan = { .calls = FAULT_PREAD, .at = 1, .count = 1, .err = EIO };
	struct spool_fixture k;

	mix_make(&k);
	mix_behead(&k, 1);
	spool_fixture_must_open(&k);
	is_int(spool_fixture_read(&k, 1, 600), 599, "some of it is read");
	plan.path = "seg-00000000000001d1";
	fault_arm(&plan);
	is_int(spool_fixture_read(&k, 600, ALL + 1), 0, "the disk refuses once");
	fault_disarm();
	is_int(spool_fixture_read(&k, 600, ALL + 1), ALL + 1 - 600, "and then gives the rest");
	is_int(k.damages, 0, "nothing is lost");
	spool_fixture_free(&k);
}

/* Opens, reads and stores in a child that dies at call number AT. True when it did. */
static bool dies_at(struct spool_fixture *k, uint64_t at)
{
	struct fault_plan plan = { .calls = FAULT_RENAME | FAULT_SYNC, .at = at, .kill = true, .path = k->dir };
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		fault_arm(&plan);
		if (spool_fixture_open(k) == 0) {
			spool_fixture_read(k, 1, ALL + 1);
			spool_fixture_put(k, 5);
		}
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		exit(99);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static void killed_at_any_call_it_goes_on(void)
{
	unsigned points = 0, lost = 0;

	for (bool died = true; died && points < 100; points++) {
		struct spool_fixture k;

		mix_make(&k);
		mix_swap(&k, 0, 3);
		take_next_name(&k);
		died = dies_at(&k, points + 1);
		spool_fixture_must_open(&k);
		lost += spool_fixture_read(&k, 1, ALL + 1) != ALL || k.wrong > 0;
		k.sequence = k.state.end - 1;
		lost += spool_fixture_put(&k, 5) != 5 ||
		        spool_fixture_read(&k, ALL + 1, k.state.end) != k.state.end - ALL - 1 || k.damages > 0;
		spool_fixture_free(&k);
	}
	ok(points > 4 && points < 100, "killed at each of %u calls", points - 1);
	is_int(lost, 0, "every record is read then, and more are stored");
}

int main(void)
{
	tempdir_prefer_memory();
	wrong_names_cost_nothing();
	names_that_were_free_cost_nothing();
	without_a_state_they_cost_nothing_either();
	a_copy_is_set_aside_and_nothing_comes_twice();
	the_better_one_has_the_place();
	nothing_is_removed_by_a_wrong_name();
	nothing_is_removed_unseen();
	no_name_is_changed();
	a_name_that_is_taken_is_passed_over();
	what_stands_in_the_way_stays_where_it_is();
	one_that_cannot_be_read_does_not_spoil_the_others();
	a_passing_refusal_costs_no_record();
	killed_at_any_call_it_goes_on();
	return tap_done();
}
