/* SPDX-License-Identifier: Apache-2.0 */
/* corrupt.c — one thing is wrong with a spool, anything: it opens, every record that is intact comes
 * out, once, every other is counted as lost, nobody dies of it, and the spool goes on. */
#include <config.h>

#include "campaign.h"
#include "damage.h"
#include "hostile.h"
#include "base/log.h"
#include "spool_fixture.h"
#include "tap.h"

enum { SHORT_COUNT = 1000, SPOOLS = 5, RECORDS = 512 };

/* Whose key the bytes of the batches are sealed with. */
enum hostile { NO_HOSTILE, STRANGERS, STOLEN_INSIDE, STOLEN_BEYOND };

static struct key foreign_key;

/* A spool as it was. */
struct whole {
	struct spool_fixture k; /* nothing of it is open */
	enum hostile hostile;
	uint8_t *pattern;
	struct image image;
	struct damage_record records[RECORDS];
};

static struct whole wholes[SPOOLS];
static struct image other;

static void quarantine_one(struct spool_fixture *k)
{
	struct batch *b = spool_fixture_batch(k, 1);

	if (spool_quarantine(k->s, b, "poison", "not a Batch", &k->why) < 0)
		exit(99);
	batch_unref(&b);
}

static bool is_whole(void *arg, uint64_t position, const struct damage_record *r)
{
	struct batch *b = spool_fixture_batch(arg, position);
	bool same = r->len > b->size && memcmp(r->bytes + r->len - b->size, b->bytes, b->size) == 0;

	batch_unref(&b);
	return same;
}

/* From here on every batch is hostile, if the spool is to have such. */
static void arm(struct whole *w)
{
	struct key key;

	if (w->hostile == NO_HOSTILE)
		return;
	if (w->hostile == STRANGERS)
		key = foreign_key;
	else
		key = hostile_steal(w->k.dir);
	w->k.pattern_len =
	        hostile_pattern(&w->pattern, &key, w->hostile == STOLEN_BEYOND ? HOSTILE_BEYOND : HOSTILE_INSIDE);
	w->k.pattern = w->pattern;
}

/* Three segments of SIZE-byte batches; LIVE: as it is while the agent runs. */
static void make(struct whole *w, size_t size, bool live)
{
	struct spool_fixture *k = &w->k;

	spool_fixture_init(k);
	k->size = size;
	k->live = true;
	k->pattern_len = 0;
	for (int run = 0; run < 3; run++) {
		spool_fixture_must_open(k);
		if (run == 0)
			arm(w);
		for (int i = 0; i < 4; i++)
			spool_fixture_put(k, 12);
		if (run == 1)
			quarantine_one(k);
		if (run == 1 && spool_fixture_resolve(k, 20) < 0)
			exit(99);
		if (run == 2 && live)
			spool_fixture_put(k, 270);
		if (run == 2 && live)
			image_load(&w->image, k->dir);
		spool_fixture_close(k);
	}
	if (!live)
		image_load(&w->image, k->dir);
	damage_find(&w->image, w->records, RECORDS, is_whole, k);
	for (uint64_t at = k->state.cursor; at < k->state.end; at++)
		if (w->records[at].len == 0)
			exit(99);
	tempdir_remove(k->dir);
}

/* All of a spool that is in order but for what is lost. */
static const char *read_all(struct spool_fixture *k, const struct whole *w, const bool *intact, bool state)
{
	const struct ledger_count *spool = &k->state.ledger.place[LEDGER_IN_SPOOL];
	uint64_t cursor = k->state.cursor, end = k->state.end, got;

	if (end != w->k.state.end)
		return "the end is not where it was";
	if (cursor > w->k.state.cursor || (!state && cursor != w->k.state.cursor))
		return "the cursor is not where it was";
	got = spool_fixture_read(k, cursor, end);
	if (k->wrong > 0)
		return "a record is not as it was put";
	for (uint64_t at = 1; at < end; at++) {
		if (k->times[at] > 1)
			return "a record comes twice";
		if (k->times[at] == 0 && at >= w->k.state.cursor && intact[at])
			return "an intact record is not delivered";
	}
	if (got + k->lost.batches != end - cursor)
		return "a position is neither delivered nor lost";
	if (ledger_check(&k->state.ledger) != NULL)
		return ledger_check(&k->state.ledger);
	if (k->read_spans + k->lost.spans > spool_fixture_spans_in(cursor, end))
		return "more spans are lost than there were";
	if (spool->batches != got || spool->spans < k->read_spans)
		return "the ledger does not say what is in the spool";
	return NULL;
}

/* It takes more, gives it, forgets what is delivered, stops and starts. */
static const char *goes_on(struct spool_fixture *k)
{
	uint64_t from = k->state.end;

	k->sequence = from - 1;
	if (spool_fixture_put(k, 3) != 3)
		return "it takes nothing more";
	if (spool_fixture_read(k, from, k->state.end) != 3 || k->wrong > 0)
		return "what is put now cannot be read";
	/* What is counted is what is there: a lost one in the middle cannot be counted again. */
	k->state.cursor = from;
	if (spool_fixture_resolve(k, from + 3) < 0)
		return "what is delivered cannot be noted";
	spool_fixture_close(k);
	if (spool_fixture_open(k) < 0)
		return k->why.text;
	if (k->state.end != from + 3 || k->state.cursor != from + 3 || k->found.unclean)
		return "a clean stop is not one";
	return NULL;
}

static void one(struct trial *t, void *arg)
{
	const struct whole *w = &wholes[t->number % SPOOLS];
	uint8_t times[RECORDS] = { 0 };
	bool intact[RECORDS] = { false };
	const char *wrong;
	struct image m;
	struct spool_fixture k = w->k;
	uint64_t seed = t->seed;
	struct damage d;

	(void)arg;
	image_copy(&m, &w->image);
	if (w->hostile >= STOLEN_INSIDE)
		d = damage_batch(&m, w->hostile == STOLEN_BEYOND, &seed);
	else
		d = damage_do(&m, &other, &seed);
	damage_intact(d.names ? &w->image : &m, &w->image, w->records, intact, RECORDS);
	tempdir_make(k.dir);
	k.opts.directory = k.dir;
	image_store(&m, k.dir);
	image_free(&m);
	k.times = times;
	k.ntimes = RECORDS;
	wrong = spool_fixture_open(&k) < 0 ? k.why.text : read_all(&k, w, intact, d.state);
	t->sums[0] += k.read_records;
	t->sums[1] += k.lost.batches;
	t->sums[2] += k.lost.spans;
	t->sums[3] += k.damages;
	if (wrong == NULL)
		t->sums[4] += spool_fixture_spans_in(k.found.state.cursor, k.state.end) - k.read_spans - k.lost.spans;
	if (wrong == NULL)
		wrong = goes_on(&k);
	if (wrong != NULL)
		trial_wrong(t, "spool %d, %.150s: %.200s", (int)(t->number % SPOOLS), d.words, wrong);
	spool_fixture_free(&k);
}

int main(int argc, char **argv)
{
	struct campaign c = { .name = "corrupt",
		.hangs_s = 60,
		.sums = { "records delivered", "records lost and counted", "spans lost and counted",
		        "runs of lost records", "spans lost that only the rest tells" } };
	struct whole *foreign = calloc(1, sizeof(*foreign));

	campaign_options(&c, SHORT_COUNT, argc, argv);
	campaign_hush(&c);
	tempdir_prefer_memory();
	if (foreign == NULL)
		return 99;
	make(foreign, 900, false);
	other = foreign->image;
	if (format_key_make(&foreign_key) < 0)
		return 99;
	make(&wholes[0], 700, false);
	make(&wholes[1], 3500, true);
	/* Nobody has the spool's key. What is sealed with it all the same must not be looked at where a page
	 * says that it is inside a batch, and must lead nowhere that the spool has no room for. */
	wholes[2].hostile = STRANGERS;
	make(&wholes[2], 21000, false);
	wholes[3].hostile = STOLEN_INSIDE;
	make(&wholes[3], 21000, false);
	wholes[4].hostile = STOLEN_BEYOND;
	make(&wholes[4], 21000, false);
	ok(campaign_run(&c, c.count, one, NULL),
	        "whatever is wrong with a spool, what is intact comes out and the rest is counted: "
	        "%s",
	        c.said);
	for (size_t i = 0; i < SPOOLS; i++)
		image_free(&wholes[i].image);
	image_free(&other);
	free(foreign);
	return tap_done();
}
