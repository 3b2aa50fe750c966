/* SPDX-License-Identifier: Apache-2.0 */
/* test_spool_repair_state.c — what stands around the records, seen from outside and mended by hand: names of
 * segments, foreign among them, the state. Nothing of it costs a record, or knowledge of what was offered. */
#include <config.h>

#include "spool/repair.h"
#include "spool_mix.h"

static struct dir_hash before, after;

static struct spool_inspect *look(struct spool_fixture *k, enum spool_inspect_how how)
{
	struct spool_inspect *l;

	if (spool_inspect_open(&l, k->dir, how, &k->why) < 0)
		mix_fail(k, k->why.text);
	return l;
}

struct state {
	uint64_t records, lost;
	unsigned damages, misnamed, broken_slots;
};

static struct state see_as(struct spool_fixture *k, enum spool_inspect_how how)
{
	struct spool_inspect *l = look(k, how);
	const struct spool_summary *seen = spool_inspect_summary(l);
	struct state s = { 0 };
	struct spool_item item;

	for (size_t i = 0; i < seen->nsegments; i++)
		s.misnamed += seen->segments[i].misnamed;
	for (size_t i = 0; i < SLOTS; i++)
		s.broken_slots += seen->slots[i] == E_CORRUPT;
	while (spool_inspect_next(l, &item) == 0) {
		s.records += item.batch != NULL && spool_fixture_is(k, item.batch);
		s.damages += item.batch == NULL;
		s.lost += item.lost.end - item.lost.first;
		batch_unref(&item.batch);
	}
	spool_inspect_close(l);
	return s;
}

static struct state see(struct spool_fixture *k)
{
	return see_as(k, SPOOL_INSPECT_REST);
}

static int mend_state(struct spool_fixture *k)
{
	struct spool_inspect *l = look(k, SPOOL_INSPECT_ALONE);
	int rc = spool_repair_state(l, &k->why);

	spool_inspect_close(l);
	return rc;
}

static void a_look_reads_by_the_heads(void)
{
	struct state s;
	struct spool_fixture k;

	mix_make(&k);
	mix_swap(&k, 0, 2);
	dir_hash_take(&before, k.dir);
	s = see(&k);
	is_int(s.misnamed, 2, "two are misnamed");
	is_int(s.records, ALL, "all records are seen");
	is_int(s.damages, 0, "none is damaged");
	dir_hash_take(&after, k.dir);
	ok(dir_hash_differ(&before, &after) == NULL, "a look changes nothing");
	spool_fixture_must_open(&k);
	mix_all_from(&k, 1, "an agent");
	is_text(k.found.note, "", "has nothing to say");
	spool_fixture_free(&k);
}

static void a_head_that_cannot_be_read_does_not_spoil_the_others(void)
{
	struct fault_plan plan = { .calls = FAULT_PREAD, .at = 1, .err = EIO, .path = "seg-0000000000000001/" };
	struct state s;
	struct spool_fixture k;

	mix_make(&k);
	mix_swap(&k, 1, 2);
	fault_arm(&plan);
	s = see(&k);
	fault_disarm();
	is_int(s.misnamed, 2, "two are misnamed");
	is_int(s.records, ALL + 1 - mix_first(&k, 1), "all others are read");
	spool_fixture_free(&k);
}

/* Beside a running agent, which changes no name either. */
static void a_look_beside_an_agent_goes_by_the_heads_too(void)
{
	struct spool_fixture k;
	struct state s;

	mix_make(&k);
	mix_swap(&k, 0, 2);
	spool_fixture_must_open(&k);
	s = see_as(&k, SPOOL_INSPECT_LIVE);
	is_int(s.misnamed, 2, "two are misnamed");
	is_int(s.records, ALL, "all records are seen");
	is_int(s.damages, 0, "none is damaged");
	spool_fixture_free(&k);
}

/* A repair writes the copies of a damaged segment beside another that has one of their names. */
static void a_repair_passes_over_names_that_are_taken(void)
{
	struct spool_fixture k;
	struct spool_inspect *l;
	uint64_t records;

	mix_make(&k);
	mix_swap(&k, 0, 1);
	mix_behead(&k, 0);
	l = look(&k, SPOOL_INSPECT_ALONE);
	is_int(spool_rewrite(l, 1, &records, &k.why), 0, "the damaged one is rewritten");
	spool_inspect_close(l);
	is_int(see(&k).records, ALL, "all records are seen");
	is_int(see(&k).damages, 0, "none is damaged");
	spool_fixture_must_open(&k);
	mix_all_from(&k, 1, "an agent");
	spool_fixture_free(&k);
}

static void a_strangers_name_takes_nothing_away_from_a_look(void)
{
	static const char *const names[] = { "seg-0000000000000007", "seg-0000000000000300", "seg-0000000000009999" };
	struct state s;
	struct spool_fixture k, other;

	mix_make(&other);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		mix_make(&k);
		mix_copy(&k, &other, 1, names[i]);
		s = see(&k);
		ok(s.records == ALL && s.lost == 0 && s.damages == 1 && s.misnamed == 0,
		        "%s of another spool: %" PRIu64 " records, %" PRIu64 " lost, %u damages", names[i], s.records,
		        s.lost, s.damages);
		spool_fixture_free(&k);
	}
	/* In the place of one that has another name meanwhile. */
	mix_make(&k);
	mix_rename(&k, 1, "seg-0000000000009999");
	mix_copy(&k, &other, 2, "seg-00000000000001d1");
	s = see(&k);
	is_int(s.records, ALL, "all are read");
	is_int(s.misnamed, 1, "one is misnamed");
	is_int(s.lost, 0, "nothing is lost");
	spool_fixture_free(&k);
	spool_fixture_free(&other);
}

/* Of what waits. */
static void a_stranger_that_is_delivered_is_none_of_an_exports_business(void)
{
	struct spool_range waiting = { .waiting = true };
	struct spool_item item;
	struct spool_inspect *l;
	unsigned damages = 0;
	uint64_t records = 0;
	struct spool_fixture k;

	mix_make(&k);
	mix_noise(&k, "seg-0000000000000001/data.mdb", 0, 520, 0x5a);
	spool_fixture_must_open(&k);
	k.state.cursor = k.state.offered_to = 600;
	k.state.generation++;
	spool_live(k.s, &k.state);
	spool_fixture_abandon(&k);
	l = look(&k, SPOOL_INSPECT_REST);
	spool_inspect_begin(l, &waiting);
	while (spool_inspect_next(l, &item) == 0) {
		damages += item.batch == NULL;
		records += item.batch != NULL;
		batch_unref(&item.batch);
	}
	spool_inspect_close(l);
	is_int(damages, 0, "no damage is told");
	is_int(records, ALL + 1 - 600, "all that waits comes");
	spool_fixture_free(&k);
}

static void a_state_that_is_not_whole_is_found_and_mended(void)
{
	struct spool_fixture k;

	mix_make(&k);
	spool_fixture_must_open(&k);
	spool_fixture_resolve(&k, 700);
	spool_fixture_close(&k);
	is_int(see(&k).broken_slots, 0, "a sound state has no broken slot");
	mix_noise(&k, "state", 3, SLOTS, 0x5a);
	is_int(see(&k).broken_slots, 1, "one slot is broken");
	is_int(mend_state(&k), 0, "it is mended");
	is_int(see(&k).broken_slots, 0, "every slot is whole then");
	is_int(spool_fixture_names(&k, "quarantine/state.bad"), 1, "what was there is kept");
	spool_fixture_must_open(&k);
	is_int(k.state.cursor, 700, "the cursor is where it was");
	is_text(k.found.note, "", "the start has nothing to say");
	spool_fixture_free(&k);

	for (int with = 0; with < 2; with++) {
		mix_make(&k);
		mix_noise(&k, "state", 0, SLOTS, with == 0 ? 0 : 0x5a);
		is_int(see(&k).broken_slots, SLOTS,
		        with == 0 ? "a state of zeros is broken" : "a state of noise is broken");
		is_int(mend_state(&k), 0, "it is mended");
		spool_fixture_must_open(&k);
		is_text(k.found.note, "", "the start has nothing to say");
		is_int(k.state.offered_to, ALL + 1, "all of it may have been offered");
		mix_all_from(&k, 1, "an agent");
		spool_fixture_free(&k);
	}
}

/* It may be the newest. */
static void a_slot_that_cannot_be_read_now_is_not_written_over(void)
{
	struct fault_plan plan = { .calls = FAULT_PREAD, .at = 1, .count = 1, .err = EIO };
	char path[TEMPDIR_PATH + 16];
	struct spool_inspect *l;
	struct spool_fixture k;

	mix_make(&k);
	snprintf(path, sizeof(path), "%s/state", k.dir);
	dir_hash_take(&before, k.dir);
	plan.path = path;
	fault_arm(&plan);
	l = look(&k, SPOOL_INSPECT_ALONE);
	fault_disarm();
	is_int(spool_repair_state(l, &k.why), E_IO, "it is not mended now");
	spool_inspect_close(l);
	dir_hash_take(&after, k.dir);
	ok(dir_hash_differ(&before, &after) == NULL, "nothing was changed");
	is_int(mend_state(&k), 0, "when it can be read there is nothing to do");
	spool_fixture_free(&k);
}

/* What an agent would not trust any more is not trusted after a repair either. */
static void a_repair_leaves_the_doubt(void)
{
	for (int how = 0; how < 3; how++) {
		struct spool_fixture k;

		mix_make(&k);
		spool_fixture_must_open(&k);
		k.state.offered_to = 1550;
		spool_fixture_cycle(&k);
		spool_fixture_close(&k);
		mix_behead(&k, 3);
		if (how > 0) {
			struct spool_inspect *l = look(&k, SPOOL_INSPECT_ALONE);
			uint64_t records;
			int rc = how == 1 ? spool_rewrite(l, 3, &records, &k.why)
			                  : spool_quarantine_segment(l, 3, &k.why);

			is_int(rc, 0, how == 1 ? "the newest is renewed" : "the newest is set aside");
			spool_inspect_close(l);
		}
		spool_fixture_must_open(&k);
		is_int(k.state.offered_to, ALL + 1, "all may have been offered");
		spool_fixture_free(&k);
	}
}

/* The damaged one and the one that was written anew stand side by side. */
static void a_repair_that_was_cut_short_can_be_done_again(void)
{
	char from[TEMPDIR_PATH + 128], to[TEMPDIR_PATH + 128];
	struct spool_inspect *l;
	uint64_t records;
	struct state s;
	struct spool_fixture k;
	int fd;

	mix_make(&k);
	fd = spool_fixture_data(&k, 1);
	spool_fixture_flip(fd, 120 * PAGE + 3000, 1);
	close(fd);
	s = see(&k);
	is_int(s.lost, 1, "one is lost");
	l = look(&k, SPOOL_INSPECT_ALONE);
	is_int(spool_rewrite(l, 1, &records, &k.why), 0, "its segment is renewed");
	spool_inspect_close(l);
	snprintf(from, sizeof(from), "%s/quarantine/seg-00000000000001d1.bad", k.dir);
	snprintf(to, sizeof(to), "%s/seg-00000000000001d1.bad", k.dir);
	mix_move(&k, from, to);
	s = see(&k);
	ok(s.records == ALL - 1 && s.lost == 1 && s.damages == 1, "cut short, %" PRIu64 " are seen, %u damages",
	        s.records, s.damages);
	l = look(&k, SPOOL_INSPECT_ALONE);
	is_int(spool_quarantine_segment(l, 1, &k.why), 0, "the damaged one can be set aside once more");
	spool_inspect_close(l);
	s = see(&k);
	ok(s.records == ALL - 1 && s.lost == 1, "then %" PRIu64 " are seen", s.records);
	spool_fixture_free(&k);
}

static void a_lost_state_is_not_called_a_kill(void)
{
	struct spool_fixture k;

	mix_make(&k);
	mix_noise(&k, "state", 0, SLOTS, 0);
	spool_fixture_must_open(&k);
	ok(k.found.state_lost && strstr(k.found.note, "state") != NULL, "%s", k.found.note);
	spool_fixture_free(&k);

	mix_make(&k);
	spool_fixture_must_open(&k);
	ok(!k.found.state_lost, "a sound one is not lost");
	spool_fixture_free(&k);
}

int main(void)
{
	tempdir_prefer_memory();
	a_look_reads_by_the_heads();
	a_head_that_cannot_be_read_does_not_spoil_the_others();
	a_look_beside_an_agent_goes_by_the_heads_too();
	a_repair_passes_over_names_that_are_taken();
	a_strangers_name_takes_nothing_away_from_a_look();
	a_stranger_that_is_delivered_is_none_of_an_exports_business();
	a_state_that_is_not_whole_is_found_and_mended();
	a_slot_that_cannot_be_read_now_is_not_written_over();
	a_repair_leaves_the_doubt();
	a_repair_that_was_cut_short_can_be_done_again();
	a_lost_state_is_not_called_a_kill();
	return tap_done();
}
