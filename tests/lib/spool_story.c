/* spool_story.c — fill, roll, read, deliver, unlink, quarantine, stop. */
#include <config.h>

#include "spool_story.h"

static void story_put(struct kit *k, struct kit_told *told, size_t n)
{
	size_t stored;

	k->sequence = k->state.end - 1;
	k->refuses = false;
	told->tried = k->sequence + n;
	stored = kit_put(k, n);
	told->refused += n - stored;
	told->durable = k->state.end - 1;
	if (told->tried > told->durable)
		told->tried = told->durable;
}

static void story_resolve(struct kit *k, struct kit_told *told, uint64_t cursor)
{
	told->resolving = cursor;
	if (kit_resolve(k, cursor) == 0)
		told->resolved = cursor;
}

void kit_story(struct kit *k, struct kit_told *told)
{
	struct batch *b;

	if (kit_open(k) < 0)
		return;
	told->opened = true;
	if (told->resolving == 0)
		told->resolving = told->resolved = k->state.cursor;
	for (int i = 0; i < 6; i++) {
		story_put(k, told, 130);
		kit_read(k, k->state.cursor, k->state.end);
		if (i % 2 == 1)
			story_resolve(k, told,
			        k->state.cursor + (k->state.end - k->state.cursor) * 2 / 3);
	}
	b = kit_batch(k, 1);
	told->quarantined = spool_quarantine(k->s, b, "poison", "", &k->why) == 0;
	batch_unref(&b);
	story_put(k, told, 5);
	kit_close(k);
	told->done = true;
}

const char *kit_check(struct kit *k, const struct kit_told *told)
{
	struct ledger_count *spool = &k->state.ledger.place[LEDGER_IN_SPOOL];
	uint64_t cursor, end, got;

	if (kit_open(k) < 0)
		return k->why.text;
	cursor = k->state.cursor;
	end = k->state.end;
	k->read_records = k->read_spans = 0;
	got = kit_read(k, cursor, end);
	if (ledger_check(&k->state.ledger) != NULL)
		return ledger_check(&k->state.ledger);
	if (k->damages > 0)
		return k->what;
	if (k->wrong > 0)
		return "a record is not as it was put";
	if (cursor < told->resolved || cursor > max_u64(told->resolving, told->resolved))
		return "the cursor is not where it was";
	if (end < told->durable + 1)
		return "a durable record is missing";
	if (end > told->tried + 1)
		return "there is a record that was never put";
	if (got != end - cursor || spool->batches != got || spool->spans != k->read_spans)
		return "the ledger does not say what is in the spool";
	return NULL;
}
