/* SPDX-License-Identifier: Apache-2.0 */
/* spool_history.c — fill, roll, read, deliver, unlink, quarantine, stop. */
#include <config.h>

#include "spool_history.h"

static void story_put(struct spool_fixture *k, struct spool_fixture_told *told, size_t n)
{
	size_t stored;

	k->sequence = k->state.end - 1;
	k->refuses = false;
	told->tried = k->sequence + n;
	stored = spool_fixture_put(k, n);
	told->refused += n - stored;
	told->durable = k->state.end - 1;
	if (told->tried > told->durable)
		told->tried = told->durable;
}

static void story_resolve(struct spool_fixture *k, struct spool_fixture_told *told, uint64_t cursor)
{
	told->resolving = cursor;
	if (spool_fixture_resolve(k, cursor) == 0)
		told->resolved = cursor;
}

void spool_fixture_history(struct spool_fixture *k, struct spool_fixture_told *told)
{
	struct batch *b;

	if (spool_fixture_open(k) < 0)
		return;
	told->opened = true;
	if (told->resolving == 0)
		told->resolving = told->resolved = k->state.cursor;
	for (int i = 0; i < 6; i++) {
		story_put(k, told, 130);
		spool_fixture_read(k, k->state.cursor, k->state.end);
		if (i % 2 == 1)
			story_resolve(k, told, k->state.cursor + (k->state.end - k->state.cursor) * 2 / 3);
	}
	b = spool_fixture_batch(k, 1);
	told->quarantined = spool_quarantine(k->s, b, "poison", "", &k->why) == 0;
	batch_unref(&b);
	story_put(k, told, 5);
	spool_fixture_close(k);
	told->done = true;
}

const char *spool_fixture_check(struct spool_fixture *k, const struct spool_fixture_told *told)
{
	struct ledger_count *spool = &k->state.ledger.place[LEDGER_IN_SPOOL];
	uint64_t cursor, end, got;

	if (spool_fixture_open(k) < 0)
		return k->why.text;
	cursor = k->state.cursor;
	end = k->state.end;
	k->read_records = k->read_spans = 0;
	got = spool_fixture_read(k, cursor, end);
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
