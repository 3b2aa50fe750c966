/* SPDX-License-Identifier: Apache-2.0 */
/* ledger.c — moves spans and batches between places. A move never changes a sum, so the identities hold by
 * construction; a debug build checks them after each move.  The ledger's count of the spool comes from disk, which
 * may be damaged, so more may leave the spool than the ledger has there. Then the difference is counted as
 * accepted. */
#include <config.h>

#include <assert.h>

#include "policy/ledger.h"
#include "base/log.h"

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

/* SPANS in BATCHES are about to be moved out of place FROM. If FROM holds fewer, the ledger was wrong about the
 * disk: the difference is entered as accepted at FROM first, so that no count becomes negative. */
static void add_missing(struct ledger *l, enum ledger_place from, uint64_t spans, uint64_t batches)
{
	static struct log_limit limit;
	struct ledger_count *at = &l->place[from];
	uint64_t more_spans = spans - min_u64(spans, at->spans);
	uint64_t more_batches = batches - min_u64(batches, at->batches);

	if (more_spans == 0 && more_batches == 0)
		return;
#ifdef LEDGER_CHECKS
	assert(from == LEDGER_IN_SPOOL); /* any other place is counted in memory only: a bug */
#endif
	if (log_limit_allows(&limit, 10000))
		log_error("ledger: %s has %llu spans in %llu batches, and %llu in %llu leave it: "
		          "the difference is counted as accepted",
		        ledger_place_names[from], (unsigned long long)at->spans, (unsigned long long)at->batches,
		        (unsigned long long)spans, (unsigned long long)batches);
	ledger_enter(l, from, more_spans, more_batches);
}

static void move_counts(
        struct ledger *l, enum ledger_place from, enum ledger_place to, uint64_t spans, uint64_t batches)
{
	add_missing(l, from, spans, batches);
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

void ledger_move(struct ledger *l, enum ledger_place from, enum ledger_place to, uint64_t spans, uint64_t batches)
{
	assert(to < LEDGER_DROPPED_FIRST); /* ledger_drop also records the time of a loss */
	move_counts(l, from, to, spans, batches);
}

void ledger_drop(
        struct ledger *l, enum ledger_place from, enum ledger_place cause, struct ledger_count what, uint64_t now_ms)
{
	struct ledger_when *when = &l->lost[cause - LEDGER_DROPPED_FIRST];

	assert(cause >= LEDGER_DROPPED_FIRST);
	if (what.spans == 0 && what.batches == 0)
		return;
	/* Spans that an older version lost to CAUSE have no time, so first_ms is set only at the very first loss. */
	if (l->place[cause].batches == 0 && l->place[cause].spans == 0)
		when->first_ms = now_ms;
	when->last_ms = now_ms;
	move_counts(l, from, cause, what.spans, what.batches);
}

/* The upper bound of unconfirmed: all that was quarantined or dropped. */
static struct ledger_count quarantined_or_dropped(const struct ledger *l)
{
	struct ledger_count sum = l->place[LEDGER_QUARANTINED];

	for (int i = LEDGER_DROPPED_FIRST; i < LEDGER_PLACES_N; i++) {
		sum.spans += l->place[i].spans;
		sum.batches += l->place[i].batches;
	}
	return sum;
}

static void limit_unconfirmed(struct ledger *l, const struct ledger_count *most)
{
	l->unconfirmed.spans = min_u64(l->unconfirmed.spans, most->spans);
	l->unconfirmed.batches = min_u64(l->unconfirmed.batches, most->batches);
}

void ledger_unconfirmed(struct ledger *l, struct ledger_count what)
{
	l->unconfirmed.spans += what.spans;
	l->unconfirmed.batches += what.batches;
	CHECK(l);
}

void ledger_requeue(struct ledger *l, struct ledger_count what, bool unconfirmed)
{
	const struct ledger_count *quarantined = &l->place[LEDGER_QUARANTINED];
	struct ledger_count left = quarantined_or_dropped(l);

	if (quarantined->batches < what.batches || quarantined->spans < what.spans) {
		ledger_enter(l, LEDGER_IN_SPOOL, what.spans, what.batches);
		return;
	}
	if (unconfirmed) {
		l->unconfirmed.spans -= min_u64(what.spans, l->unconfirmed.spans);
		l->unconfirmed.batches -= min_u64(what.batches, l->unconfirmed.batches);
	}
	left.spans -= what.spans;
	left.batches -= what.batches;
	limit_unconfirmed(l, &left);
	ledger_move(l, LEDGER_QUARANTINED, LEDGER_IN_SPOOL, what.spans, what.batches);
}

const char *ledger_repair(struct ledger *l)
{
	const char *wrong = ledger_check(l);
	struct ledger_count most = quarantined_or_dropped(l);

	limit_unconfirmed(l, &most);
	l->received = 0;
	l->accepted = (struct ledger_count){ 0 };
	for (int i = 0; i < LEDGER_OUTCOMES_N; i++)
		l->received += l->outcome[i];
	for (int i = 0; i < LEDGER_PLACES_N; i++) {
		l->accepted.spans += l->place[i].spans;
		l->accepted.batches += l->place[i].batches;
	}
	return wrong;
}

const char *ledger_check(const struct ledger *l)
{
	struct ledger_count sum = { 0 }, most = quarantined_or_dropped(l);
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
	if (l->unconfirmed.spans > most.spans || l->unconfirmed.batches > most.batches)
		return "unconfirmed is more than was quarantined or dropped";
	return NULL;
}
