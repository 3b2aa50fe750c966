/* ledger.c — moves between places. A move never changes a sum, so the identities hold by
 * construction; a debug build asks after each move all the same. */
#include <config.h>

#include <assert.h>

#include "ledger.h"

#ifdef LEDGER_CHECKS
#define CHECK(l) assert(ledger_check(l) == NULL)
#else
#define CHECK(l) ((void)(l))
#endif

const char *const ledger_place_names[] = {
#define X(name, key) [name] = (key),
	LEDGER_PLACES(X)
#undef X
};

const char *const ledger_outcome_names[] = {
#define X(name, key) [name] = (key),
	LEDGER_OUTCOMES(X)
#undef X
};

void ledger_datagram(struct ledger *l, enum ledger_outcome o)
{
	l->received++;
	l->outcome[o]++;
	CHECK(l);
}

void ledger_enter(struct ledger *l, enum ledger_place place, uint64_t spans, uint64_t batches)
{
	l->accepted.spans += spans;
	l->accepted.batches += batches;
	l->place[place].spans += spans;
	l->place[place].batches += batches;
	CHECK(l);
}

static void shift(struct ledger *l, enum ledger_place from, enum ledger_place to, uint64_t spans,
        uint64_t batches)
{
	assert(l->place[from].spans >= spans && l->place[from].batches >= batches);
	l->place[from].spans -= spans;
	l->place[from].batches -= batches;
	l->place[to].spans += spans;
	l->place[to].batches += batches;
	CHECK(l);
}

void ledger_sent_again(struct ledger *l, struct ledger_count what)
{
	l->maybe_duplicate.spans += what.spans;
	l->maybe_duplicate.batches += what.batches;
}

void ledger_move(struct ledger *l, enum ledger_place from, enum ledger_place to, uint64_t spans,
        uint64_t batches)
{
	assert(to < LEDGER_DROPPED_FIRST); /* a loss has a time: ledger_drop */
	shift(l, from, to, spans, batches);
}

void ledger_drop(struct ledger *l, enum ledger_place from, enum ledger_place cause,
        struct ledger_count what, uint64_t now_ms)
{
	struct ledger_when *when = &l->lost[cause - LEDGER_DROPPED_FIRST];

	assert(cause >= LEDGER_DROPPED_FIRST);
	if (what.spans == 0 && what.batches == 0)
		return;
	/* Where an older version lost some, nobody knows when that began. */
	if (l->place[cause].batches == 0 && l->place[cause].spans == 0)
		when->first_ms = now_ms;
	when->last_ms = now_ms;
	shift(l, from, cause, what.spans, what.batches);
}

const char *ledger_check(const struct ledger *l)
{
	struct ledger_count sum = { 0 };
	uint64_t datagrams = 0;

	for (int i = 0; i < LEDGER_OUTCOMES_N; i++)
		datagrams += l->outcome[i];
	if (datagrams != l->received)
		return "datagrams.received is not the sum of its outcomes";
	for (int i = 0; i < LEDGER_PLACES_N; i++) {
		sum.spans += l->place[i].spans;
		sum.batches += l->place[i].batches;
	}
	if (sum.spans != l->accepted.spans)
		return "spans.accepted is not the sum of its places";
	if (sum.batches != l->accepted.batches)
		return "batches.accepted is not the sum of its places";
	return NULL;
}
