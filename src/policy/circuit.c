/* SPDX-License-Identifier: Apache-2.0 */
/* circuit.c — closed while records pass, open while none does, half open while probes are out.
 *
 *   CLOSED ──a report is overdue and nothing passes, all are refused, or an offer is not taken──► OPEN
 *   OPEN ──pause is over──► HALF_OPEN
 *   HALF_OPEN ──a probe was delivered, or refused for good──► CLOSED
 *   HALF_OPEN ──a probe was given back, or an offer is not taken──► OPEN
 *
 * A probe without a report stays out: the sink sends it as soon as it can, so its report is the first sign that the
 * destination is back. One more probe follows every probe_every, since the first may be stuck on one partition. Errors
 * that a library reports are no input: a frozen broker causes none.
 *
 * Records on the wire when the circuit opens stay there for reclaim_after, since an answer that still comes saves a
 * duplicate. They must be reclaimed in the end: an idempotent producer that was purged sends nothing to any broker
 * until all records on the wire have an answer, and a frozen broker gives none. */
#include "policy/circuit.h"

static const uint64_t silent_us = 2 * US_PER_S;

void circuit_init(struct circuit *c, uint64_t now)
{
	*c = (struct circuit){
		.state = CIRCUIT_CLOSED,
		.since = now,
		.open_after = silent_us,
		.pause = 250 * US_PER_MS,
		.pause_least = 250 * US_PER_MS,
		.pause_most = US_PER_S,
		.pause_most_refused = 5 * US_PER_S,
		.probe_every = 2 * US_PER_S,
		.backlog_first = US_PER_S,
		.quiet = 10 * US_PER_S,
		.reclaim_after = 8 * US_PER_S,
		.last_passed = now,
		.refuse_after = 500 * US_PER_MS,
		.probes_most = CIRCUIT_PROBES,
	};
}

static bool enter_state(struct circuit *c, uint64_t now, enum circuit_state to)
{
	c->state = to;
	c->since = c->last_passed = now;
	c->refusals = 0;
	return true;
}

static bool open_because(struct circuit *c, uint64_t now, enum circuit_cause cause)
{
	uint64_t most = cause == CIRCUIT_ALL_REFUSED ? c->pause_most_refused : c->pause_most;

	if (c->state == CIRCUIT_CLOSED && now - c->since >= c->quiet)
		c->pause = c->pause_least;
	else
		c->pause = min_u64(c->pause * 2, most);
	c->opened++;
	c->rounds = cause == c->cause ? c->rounds + 1 : 1;
	c->cause = cause;
	return enter_state(c, now, CIRCUIT_OPEN);
}

static bool tick_closed(struct circuit *c, uint64_t now, uint64_t oldest)
{
	if (c->refusals >= CIRCUIT_REFUSALS && now - c->refused_since >= c->refuse_after)
		return open_because(c, now, CIRCUIT_ALL_REFUSED);
	if (oldest != 0 && now - max_u64(oldest, c->last_passed) >= c->open_after)
		return open_because(c, now, CIRCUIT_SILENT);
	return false;
}

bool circuit_tick(struct circuit *c, uint64_t now, uint64_t oldest)
{
	switch (c->state) {
	case CIRCUIT_CLOSED:
		return tick_closed(c, now, oldest);
	case CIRCUIT_OPEN:
		if (now - c->since >= c->pause)
			return enter_state(c, now, CIRCUIT_HALF_OPEN);
		return false;
	case CIRCUIT_HALF_OPEN:
		return false;
	}
	return false;
}

bool circuit_offer_refused(struct circuit *c, uint64_t now)
{
	if (c->state == CIRCUIT_OPEN)
		return false;
	return open_because(c, now, CIRCUIT_OFFER_REFUSED);
}

static void count_while_closed(struct circuit *c, uint64_t now, enum circuit_outcome outcome)
{
	if (outcome == CIRCUIT_PASSED) {
		c->last_passed = now;
		c->refusals = 0;
		c->rounds = 0;
	} else if (outcome == CIRCUIT_REFUSED && c->refusals++ == 0) {
		c->refused_since = now;
	}
}

bool circuit_report(struct circuit *c, uint64_t now, enum circuit_outcome outcome)
{
	if (c->state == CIRCUIT_CLOSED)
		count_while_closed(c, now, outcome);
	if (c->state != CIRCUIT_HALF_OPEN)
		return false;
	if (outcome == CIRCUIT_REFUSED)
		return open_because(c, now, CIRCUIT_ALL_REFUSED);
	c->rounds = 0;
	return enter_state(c, now, CIRCUIT_CLOSED);
}

bool circuit_abandon_probes(struct circuit *c, uint64_t now)
{
	return c->state == CIRCUIT_HALF_OPEN && open_because(c, now, c->cause);
}

/*   a destination works | it is silent | one is or may be probed | state
 *   --------------------+--------------+-------------------------+----------
 *          yes          |      no      |            -            | CLOSED
 *          yes          |     yes      |            -            | HALF_OPEN
 *          no           |      -       |           yes           | HALF_OPEN
 *          no           |      -       |           no            | OPEN      */
enum circuit_state circuit_state_of(bool works, uint64_t silence_us, bool probes)
{
	if (works)
		return silence_us < silent_us ? CIRCUIT_CLOSED : CIRCUIT_HALF_OPEN;
	return probes ? CIRCUIT_HALF_OPEN : CIRCUIT_OPEN;
}

bool circuit_follow(struct circuit *c, uint64_t now, enum circuit_state to)
{
	bool was_closed = c->state == CIRCUIT_CLOSED, was_open = c->state == CIRCUIT_OPEN;

	/* The sink keeps its probes and tries them in turn: without a bound, one that is not bad is among them. */
	c->probes_most = UINT64_MAX;
	if (to == CIRCUIT_CLOSED)
		return !was_closed && enter_state(c, now, CIRCUIT_CLOSED);
	c->opened += was_closed || (to == CIRCUIT_OPEN && !was_open);
	if (was_closed)
		return enter_state(c, now, CIRCUIT_OPEN);
	c->state = to;
	return false;
}

bool circuit_needs_operator(const struct circuit *c)
{
	return c->cause == CIRCUIT_ALL_REFUSED && c->rounds >= CIRCUIT_ALARM_ROUNDS;
}

bool circuit_may_send(const struct circuit *c, uint64_t now, uint64_t out)
{
	switch (c->state) {
	case CIRCUIT_CLOSED:
		return true;
	case CIRCUIT_OPEN:
		return false;
	case CIRCUIT_HALF_OPEN:
		return out < min_u64(1 + (now - c->since) / c->probe_every, c->probes_most);
	}
	return false;
}

bool circuit_may_probe_any(const struct circuit *c, uint64_t now)
{
	return c->state != CIRCUIT_HALF_OPEN || now - c->since >= c->backlog_first;
}

bool circuit_may_probe_fresh(const struct circuit *c, uint64_t now)
{
	if (circuit_may_probe_any(c, now))
		return true;
	/* The refused records of the backlog may all be bad: every other round tries a fresh one. */
	return c->cause == CIRCUIT_ALL_REFUSED && c->opened % 2 == 1;
}

bool circuit_reclaims_earlier(struct circuit *c, uint64_t now, uint64_t oldest)
{
	if (c->state == CIRCUIT_CLOSED || oldest == 0 || now - oldest < c->reclaim_after ||
	        now - c->reclaimed < US_PER_S)
		return false;
	c->reclaimed = now;
	return true;
}

bool circuit_reclaims_overdue(struct circuit *c, uint64_t now, uint64_t oldest, bool no_room)
{
	uint64_t patience = no_room ? c->reclaim_after : 4 * c->reclaim_after;

	/* A record that stayed out while the circuit was open gets its full time from the moment the circuit closed. */
	oldest = oldest == 0 ? 0 : max_u64(oldest, c->since);
	if (c->state != CIRCUIT_CLOSED || oldest == 0 || now - oldest < patience || now - c->reclaimed < patience)
		return false;
	c->reclaimed = now;
	return true;
}

const char *circuit_reason(const struct circuit *c)
{
	static const char *const reasons[] = {
		[CIRCUIT_SILENT] = "no report in time",
		[CIRCUIT_OFFER_REFUSED] = "it takes no records",
		[CIRCUIT_ALL_REFUSED] = "every record is refused",
	};

	return reasons[c->cause];
}

const char *circuit_name(enum circuit_state s)
{
	static const char *const names[] = { "closed", "open", "half_open" };

	return names[s];
}
