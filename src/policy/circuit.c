/* SPDX-License-Identifier: Apache-2.0 */
/* circuit.c — closed while records pass, open while none does, half open to find out.
 *
 *   CLOSED ──nothing passes and a report is overdue, all are refused, or an offer is──► OPEN
 *   OPEN ──pause over──► HALF_OPEN
 *   HALF_OPEN ──a probe delivered──► CLOSED
 *   HALF_OPEN ──a probe given back, or refused──► OPEN
 *
 * A probe without a report stays out: it is the best detector there is, the sink sends it the moment
 * it can. One more follows every probe_every, since the first may hang on a partition of its own.
 * An error named by a library is no input here: a frozen broker names none.
 *
 * What is on the wire when it opens is left there for a while, since an answer that comes spares a
 * duplicate. But an idempotent producer that was purged sends nothing, to no broker, before all of that
 * has an answer, and a broker that is frozen gives none. */
#include "policy/circuit.h"

void circuit_init(struct circuit *c, uint64_t now)
{
	*c = (struct circuit){
		.state = CIRCUIT_CLOSED,
		.since = now,
		.open_after = 2 * US_PER_S,
		.pause = 250 * US_PER_MS,
		.pause_least = 250 * US_PER_MS,
		.pause_most = US_PER_S,
		.pause_most_refused = 5 * US_PER_S,
		.probe_every = 2 * US_PER_S,
		.backlog_first = US_PER_S,
		.calm = 10 * US_PER_S,
		.recall_after = 8 * US_PER_S,
		.passed = now,
		.refuse_after = 500 * US_PER_MS,
	};
}

static bool enter(struct circuit *c, uint64_t now, enum circuit_state to)
{
	c->state = to;
	c->since = c->passed = now;
	c->refusals = 0;
	return true;
}

static bool open_for(struct circuit *c, uint64_t now, enum circuit_cause cause)
{
	uint64_t most = cause == CIRCUIT_REFUSES ? c->pause_most_refused : c->pause_most;

	if (c->state == CIRCUIT_CLOSED && now - c->since >= c->calm)
		c->pause = c->pause_least;
	else
		c->pause = min_u64(c->pause * 2, most);
	c->opened++;
	c->rounds = cause == c->cause ? c->rounds + 1 : 1;
	c->cause = cause;
	return enter(c, now, CIRCUIT_OPEN);
}

static bool tick_closed(struct circuit *c, uint64_t now, uint64_t oldest)
{
	if (c->refusals >= CIRCUIT_REFUSALS && now - c->refused_since >= c->refuse_after)
		return open_for(c, now, CIRCUIT_REFUSES);
	if (oldest != 0 && now - max_u64(oldest, c->passed) >= c->open_after)
		return open_for(c, now, CIRCUIT_SILENT);
	return false;
}

bool circuit_tick(struct circuit *c, uint64_t now, uint64_t oldest)
{
	switch (c->state) {
	case CIRCUIT_CLOSED:
		return tick_closed(c, now, oldest);
	case CIRCUIT_OPEN:
		if (now - c->since >= c->pause)
			return enter(c, now, CIRCUIT_HALF_OPEN);
		return false;
	case CIRCUIT_HALF_OPEN:
		return false;
	}
	return false;
}

bool circuit_refused(struct circuit *c, uint64_t now)
{
	if (c->state == CIRCUIT_OPEN)
		return false;
	return open_for(c, now, CIRCUIT_TAKES_NONE);
}

static void note_closed(struct circuit *c, uint64_t now, enum circuit_news news)
{
	if (news == CIRCUIT_PASSED) {
		c->passed = now;
		c->refusals = 0;
		c->rounds = 0;
	} else if (news == CIRCUIT_REFUSED && c->refusals++ == 0) {
		c->refused_since = now;
	}
}

bool circuit_report(struct circuit *c, uint64_t now, enum circuit_news news)
{
	if (c->state == CIRCUIT_CLOSED)
		note_closed(c, now, news);
	if (c->state != CIRCUIT_HALF_OPEN)
		return false;
	if (news == CIRCUIT_REFUSED)
		return open_for(c, now, CIRCUIT_REFUSES);
	c->rounds = 0;
	return enter(c, now, CIRCUIT_CLOSED);
}

void circuit_answers(struct circuit *c, uint64_t now)
{
	if (c->state == CIRCUIT_CLOSED)
		c->passed = now;
}

bool circuit_gives_up(struct circuit *c, uint64_t now)
{
	return c->state == CIRCUIT_HALF_OPEN && open_for(c, now, c->cause);
}

bool circuit_alarms(const struct circuit *c)
{
	return c->cause == CIRCUIT_REFUSES && c->rounds >= CIRCUIT_ALARM;
}

bool circuit_lets(const struct circuit *c, uint64_t now, uint64_t out)
{
	switch (c->state) {
	case CIRCUIT_CLOSED:
		return true;
	case CIRCUIT_OPEN:
		return false;
	case CIRCUIT_HALF_OPEN:
		return out < min_u64(1 + (now - c->since) / c->probe_every, CIRCUIT_PROBES);
	}
	return false;
}

bool circuit_lets_any_probe(const struct circuit *c, uint64_t now)
{
	return c->state != CIRCUIT_HALF_OPEN || now - c->since >= c->backlog_first;
}

bool circuit_lets_fresh_probe(const struct circuit *c, uint64_t now)
{
	if (circuit_lets_any_probe(c, now))
		return true;
	/* What is refused may be refused for itself: another kind of record is tried in every other round. */
	return c->cause == CIRCUIT_REFUSES && c->opened % 2 == 1;
}

bool circuit_recalls(struct circuit *c, uint64_t now, uint64_t oldest)
{
	if (c->state == CIRCUIT_CLOSED || oldest == 0 || now - oldest < c->recall_after || now - c->recalled < US_PER_S)
		return false;
	c->recalled = now;
	return true;
}

bool circuit_reclaims(struct circuit *c, uint64_t now, uint64_t oldest, bool no_room)
{
	uint64_t patience = no_room ? c->recall_after : 4 * c->recall_after;

	/* What stayed out while nothing passed at all has its time from now on. */
	oldest = oldest == 0 ? 0 : max_u64(oldest, c->since);
	if (c->state != CIRCUIT_CLOSED || oldest == 0 || now - oldest < patience || now - c->recalled < patience)
		return false;
	c->recalled = now;
	return true;
}

const char *circuit_reason(const struct circuit *c)
{
	static const char *const reasons[] = {
		[CIRCUIT_SILENT] = "no report in time",
		[CIRCUIT_TAKES_NONE] = "it takes no records",
		[CIRCUIT_REFUSES] = "every record is refused",
	};

	return reasons[c->cause];
}

const char *circuit_name(enum circuit_state s)
{
	static const char *const names[] = { "closed", "open", "half_open" };

	return names[s];
}
