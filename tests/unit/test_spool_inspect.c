/* SPDX-License-Identifier: Apache-2.0 */
/* test_spool_inspect.c — a spool seen from outside: all that is there, all that is not, and no byte changed. */
#include <config.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dir_hash.h"
#include "spool_fixture.h"
#include "spool/inspect.h"
#include "tap.h"

enum { TURNS = 60, EACH = 100, ALL = TURNS * EACH };

/* What one way through a spool met. */
struct met {
	uint64_t records, spans, wrong;
	uint64_t lost, lost_spans, waiting;
	unsigned damages, uncounted, pathless;
	char what[160];
};

static void meet(struct met *m, const struct spool_fixture *k, struct spool_item *item)
{
	if (item->batch != NULL) {
		m->records++;
		m->spans += item->batch->spans;
		m->wrong += !spool_fixture_is(k, item->batch);
		batch_unref(&item->batch);
		return;
	}
	m->damages++;
	m->lost += item->lost.end - item->lost.first;
	m->pathless += item->lost.end == item->lost.first;
	m->uncounted += item->lost.end > item->lost.first && !item->counted;
	m->lost_spans += item->spans;
	m->waiting += item->waiting;
	snprintf(m->what, sizeof(m->what), "%s", item->what);
}

static struct met go_through(const struct spool_fixture *k, struct spool_inspect *l, const struct spool_range *range)
{
	struct spool_item item;
	struct met m = { 0 };
	double share = 0;

	spool_inspect_begin(l, range);
	while (spool_inspect_next(l, &item) == 0) {
		if (spool_inspect_progress(l) < share || spool_inspect_progress(l) > 1)
			m.wrong++;
		share = spool_inspect_progress(l);
		meet(&m, k, &item);
	}
	return m;
}

static struct spool_inspect *look(struct spool_fixture *k, enum spool_inspect_how how)
{
	struct spool_inspect *l;

	if (spool_inspect_open(&l, k->dir, how, &k->why) == 0)
		return l;
	printf("Bail out! %s\n", k->why.text);
	exit(1);
}

static struct met look_through(struct spool_fixture *k)
{
	struct spool_inspect *l = look(k, SPOOL_INSPECT_REST);
	struct met m = go_through(k, l, &(struct spool_range){ 0 });

	spool_inspect_close(l);
	return m;
}

/* ALL records in several segments; what is below CURSOR is delivered. Closed. */
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

static void a_sound_spool_is_seen_whole_and_not_touched(void)
{
	static struct dir_hash before, after;
	const struct spool_summary *seen;
	struct spool_inspect *l;
	struct met m;
	struct spool_fixture k;

	make(&k, 1);
	dir_hash_take(&before, k.dir);
	l = look(&k, SPOOL_INSPECT_REST);
	seen = spool_inspect_summary(l);
	ok(seen->nsegments > 2 && seen->nsegments == spool_fixture_names(&k, "seg-"), "%zu segments", seen->nsegments);
	ok(seen->has_state && seen->state.cursor == 1 && seen->state.end == ALL + 1 && !seen->state.running,
	        "the last snapshot is found");
	is_int(memcmp(&seen->state.ledger, &k.state.ledger, sizeof(k.state.ledger)), 0, "its ledger, too");
	is_text(seen->host, "testhost", "the host");
	is_int(seen->oldest_ms, 1000001, "the age of the oldest");
	is_int(seen->segments[0].first, 1, "the first segment begins with 1");
	is_int(seen->segments[0].end, seen->segments[1].first, "and ends where the next begins");
	is_int(seen->segments[0].spans, spool_fixture_spans_in(1, seen->segments[0].end), "its spans");
	m = go_through(&k, l, &(struct spool_range){ 0 });
	is_int(m.records, ALL, "every record comes");
	is_int(m.spans, spool_fixture_spans_in(1, ALL + 1), "with all its spans");
	is_int(m.wrong, 0, "as it was put");
	is_int(m.damages, 0, "nothing is damaged");
	spool_inspect_close(l);
	dir_hash_take(&after, k.dir);
	is_text(dir_hash_differ(&before, &after) == NULL ? "" : dir_hash_differ(&before, &after), "",
	        "no byte of it was changed");
	spool_fixture_free(&k);
}

static void what_is_delivered_can_be_passed_over(void)
{
	struct spool_inspect *l;
	struct met m;
	struct spool_fixture k;

	make(&k, 4000);
	l = look(&k, SPOOL_INSPECT_REST);
	ok(!spool_inspect_waits(l, 3999) && spool_inspect_waits(l, 4000), "the state says what waits");
	m = go_through(&k, l, &(struct spool_range){ .waiting = true });
	is_int(m.records, ALL - 3999, "only that is given");
	m = go_through(&k, l, &(struct spool_range){ 0 });
	ok(m.records > ALL - 3999 && m.records < ALL, "else all that is still there");
	is_int(m.damages, 0, "what was unlinked is not missed");
	m = go_through(&k, l, &(struct spool_range){ .since_ms = 1000000 + ALL });
	ok(m.records > 0 && m.records < 2000 && m.damages == 0, "older segments can be passed over");
	spool_inspect_close(l);
	spool_fixture_free(&k);
}

static void a_broken_record_is_one_loss_and_counted(void)
{
	struct met m;
	struct spool_fixture k;
	int fd;

	make(&k, 1);
	fd = spool_fixture_data(&k, 1);
	spool_fixture_flip(fd, 120 * 4096 + 3000, 1);
	close(fd);
	m = look_through(&k);
	ok(m.records >= ALL - 3 && m.records + m.lost == ALL, "%d records, %d lost", (int)m.records, (int)m.lost);
	is_int(m.wrong, 0, "what is given is right");
	is_int(m.uncounted, 0, "the spans of the lost are known");
	is_int(m.spans + m.lost_spans, spool_fixture_spans_in(1, ALL + 1), "to the span");
	ok(m.waiting == m.lost && m.damages > 0, "%s", m.what);
	spool_fixture_free(&k);
}

static void a_broken_tree_costs_no_record(void)
{
	struct met m;
	struct spool_fixture k;
	int fd;

	make(&k, 1);
	fd = spool_fixture_data(&k, 0);
	spool_fixture_flip(fd, 16 + 4096, 1); /* the magic of a meta */
	close(fd);
	m = look_through(&k);
	is_int(m.records, ALL, "all are found");
	is_int(m.pathless, 1, "the damage is told");
	ok(strstr(m.what, "seg-0000000000000001") != NULL, "%s", m.what);
	spool_fixture_free(&k);
}

static void a_segment_that_is_gone_is_missed_to_the_span(void)
{
	char path[TEMPDIR_PATH + 64];
	struct spool_inspect *l;
	uint64_t first, end;
	struct met m;
	struct spool_fixture k;

	make(&k, 1);
	l = look(&k, SPOOL_INSPECT_REST);
	first = spool_inspect_summary(l)->segments[1].first;
	end = spool_inspect_summary(l)->segments[1].end;
	spool_inspect_close(l);
	tempdir_remove(spool_fixture_path(&k, "seg-", 1, path));
	m = look_through(&k);
	is_int(m.records, ALL - (end - first), "the others come");
	is_int(m.lost, end - first, "its positions are lost");
	is_int(m.lost_spans, spool_fixture_spans_in(first, end), "with so many spans");
	is_text(m.what, "their segment is missing", "and that is said");
	spool_fixture_free(&k);
}

static void a_segment_with_nothing_in_it_is_lost_whole(void)
{
	struct met m;
	struct spool_fixture k;
	int fd;

	make(&k, 1);
	fd = spool_fixture_data(&k, 0);
	if (ftruncate(fd, 0) < 0)
		abort();
	close(fd);
	m = look_through(&k);
	ok(m.lost > 1000 && m.records + m.lost == ALL, "%d are lost", (int)m.lost);
	ok(strstr(m.what, "no record that can be read") != NULL, "%s", m.what);
	spool_fixture_free(&k);
}

/* The oracle for any damage: what is given is right, and nothing is neither given nor lost. */
static void whatever_byte_is_wrong_every_record_is_given_or_lost(void)
{
	unsigned missed = 0, wrong = 0, met = 0;
	struct spool_fixture k;
	int fd;

	srandom(4711);
	make(&k, 1);
	for (int i = 0; i < 150; i++) {
		off_t at;
		struct stat st;
		struct met m;

		fd = spool_fixture_data(&k, (unsigned)i % 3);
		fstat(fd, &st);
		at = i % 5 == 0 ? random() % 8192 : random() % st.st_size;
		spool_fixture_flip(fd, at, 0x40);
		m = look_through(&k);
		missed += m.records + m.lost != ALL;
		wrong += m.wrong > 0;
		met += m.damages > 0;
		spool_fixture_flip(fd, at, 0x40);
		close(fd);
	}
	is_int(missed, 0, "150 flipped bits: every record is given or lost");
	is_int(wrong, 0, "none is given wrongly");
	ok(met > 75, "most were met: %u", met);
	is_int(look_through(&k).damages, 0, "and flipped back there is none");
	spool_fixture_free(&k);
}

static void a_running_agent_is_no_hindrance_and_is_named(void)
{
	static struct dir_hash before, after;
	struct spool_inspect *l;
	char pid[32];
	struct met m;
	struct spool_fixture k;

	spool_fixture_init(&k);
	spool_fixture_must_open(&k);
	for (int i = 0; i < TURNS; i++)
		spool_fixture_put(&k, EACH);
	dir_hash_take(&before, k.dir);
	ok(spool_inspect_open(&l, k.dir, SPOOL_INSPECT_REST, &k.why) == E_LOCKED, "at rest it is not");
	snprintf(pid, sizeof(pid), "process %ld ", (long)getpid());
	ok(strstr(k.why.text, pid) != NULL, "%s", k.why.text);
	ok(spool_inspect_open(&l, k.dir, SPOOL_INSPECT_ALONE, &k.why) == E_LOCKED, "nor can it be had alone");
	l = look(&k, SPOOL_INSPECT_LIVE);
	is_int(spool_inspect_summary(l)->holder, getpid(), "live it can be seen, and whose it is");
	is_int(spool_inspect_summary(l)->state.end, ALL + 1, "as it is now");
	spool_fixture_put(&k, EACH);
	m = go_through(&k, l, &(struct spool_range){ 0 });
	ok(m.records >= ALL && m.wrong == 0 && m.damages == 0, "%d records, while it goes on", (int)m.records);
	spool_fixture_resolve(&k, ALL - 100);
	m = go_through(&k, l, &(struct spool_range){ 0 });
	ok(m.records < ALL && m.wrong == 0 && m.damages == 0, "what is delivered meanwhile is no damage, %d records",
	        (int)m.records);
	spool_inspect_close(l);
	spool_fixture_close(&k);
	dir_hash_take(&after, k.dir);
	l = look(&k, SPOOL_INSPECT_LIVE);
	is_int(spool_inspect_summary(l)->holder, 0, "stopped, nobody has it");
	spool_inspect_close(l);
	spool_fixture_free(&k);
}

static void what_stands_beyond_the_state_is_counted_as_a_start_would(void)
{
	struct spool_inspect *l;
	struct ledger seen;
	struct spool_fixture k;

	spool_fixture_init(&k);
	spool_fixture_must_open(&k);
	spool_fixture_put(&k, EACH);
	spool_fixture_abandon(&k);
	l = look(&k, SPOOL_INSPECT_REST);
	ok(spool_inspect_summary(l)->state.running, "it was killed");
	seen = spool_inspect_summary(l)->state.ledger;
	spool_inspect_close(l);
	ok(ledger_check(&seen) == NULL, "the ledger balances");
	spool_fixture_must_open(&k);
	is_int(memcmp(&k.found.state.ledger, &seen, sizeof(seen)), 0, "and is what the start finds");
	spool_fixture_close(&k);
	spool_fixture_free(&k);
}

static void what_is_no_spool_is_refused(void)
{
	char file[TEMPDIR_PATH + 16];
	struct spool_inspect *l;
	struct spool_fixture k;
	FILE *f;

	spool_fixture_init(&k);
	is_int(spool_inspect_open(&l, k.dir, SPOOL_INSPECT_LIVE, &k.why), E_MISSING, "an empty directory");
	is_int(spool_inspect_open(&l, "/nonexistent/spool", SPOOL_INSPECT_LIVE, &k.why), E_MISSING, "none at all");
	ok(strstr(k.why.text, "/nonexistent/spool") != NULL, "%s", k.why.text);
	snprintf(file, sizeof(file), "%s/state", k.dir);
	f = fopen(file, "w");
	fclose(f);
	l = look(&k, SPOOL_INSPECT_REST);
	ok(!spool_inspect_summary(l)->has_state && spool_inspect_summary(l)->nsegments == 0,
	        "an empty state file is no state");
	spool_inspect_close(l);
	spool_fixture_free(&k);
}

static void the_quarantine_can_be_read(void)
{
	struct spool_quarantined *list;
	char path[TEMPDIR_PATH + 96];
	struct batch *b, *got;
	struct spool_inspect *l;
	struct spool_item item;
	unsigned records = 0;
	size_t n;
	struct spool_fixture k;
	int fd;

	make(&k, 1);
	spool_fixture_must_open(&k);
	b = spool_fixture_batch(&k, 5);
	ok(spool_quarantine(k.s, b, "refused", "400: not a Batch", &k.why) == 0, "a record is set aside");
	spool_fixture_close(&k);
	snprintf(path, sizeof(path), "%s/quarantine/seg-0000000000000001.bad", k.dir);
	ok(rename(spool_fixture_path(&k, "seg-", 0, (char[TEMPDIR_PATH + 64]){ "" }), path) == 0, "and a segment");
	l = look(&k, SPOOL_INSPECT_LIVE);
	is_int(spool_inspect_summary(l)->quarantine_records, 1, "they are counted");
	is_int(spool_inspect_summary(l)->quarantine_segments, 1, "both");
	is_int(spool_inspect_quarantine(l, &list, &n), 0, "they are listed");
	ok(n == 2 && list[0].is_record && list[0].rc == 0 && list[0].sequence == 5 && list[0].spans == b->spans &&
	                strcmp(list[0].cause, "refused") == 0 && strcmp(list[0].detail, "400: not a Batch") == 0 &&
	                list[0].maybe_dup,
	        "the record with its cause");
	ok(!list[1].is_record && list[1].bytes > 1000000, "the segment with its size");
	is_int(spool_inspect_quarantined_batch(l, list[0].name, &got, &k.why), 0, "the batch can be had");
	ok(spool_fixture_is(&k, got), "as it was put");
	batch_unref(&got);
	is_int(spool_inspect_begin_quarantined(l, list[1].name, &k.why), 0, "the segment's records");
	while (spool_inspect_next(l, &item) == 0) {
		records += item.batch != NULL && spool_fixture_is(&k, item.batch);
		batch_unref(&item.batch);
	}
	ok(records > 1000, "can be had, too: %u", records);
	is_int(spool_inspect_quarantined_batch(l, "../state", &got, &k.why), E_USAGE, "no way leads out of it");
	snprintf(path, sizeof(path), "%s/quarantine/%s", k.dir, list[0].name);
	free(list);
	fd = open(path, O_RDWR);
	spool_fixture_flip(fd, 100, 1);
	close(fd);
	is_int(spool_inspect_quarantine(l, &list, &n), 0, "a broken one is listed");
	ok(n == 2 && list[0].rc == E_CORRUPT, "as broken");
	is_int(spool_inspect_quarantined_batch(l, list[0].name, &got, &k.why), E_CORRUPT, "and cannot be had: ");
	free(list);
	spool_inspect_close(l);
	batch_unref(&b);
	spool_fixture_free(&k);
}

int main(void)
{
	tempdir_prefer_memory();
	a_sound_spool_is_seen_whole_and_not_touched();
	what_is_delivered_can_be_passed_over();
	a_broken_record_is_one_loss_and_counted();
	a_broken_tree_costs_no_record();
	a_segment_that_is_gone_is_missed_to_the_span();
	a_segment_with_nothing_in_it_is_lost_whole();
	whatever_byte_is_wrong_every_record_is_given_or_lost();
	a_running_agent_is_no_hindrance_and_is_named();
	what_stands_beyond_the_state_is_counted_as_a_start_would();
	what_is_no_spool_is_refused();
	the_quarantine_can_be_read();
	return tap_done();
}
