/* circuit.c — closed while reports come in time, open while they do not, half open to find out.
 *
 *   CLOSED ──oldest report overdue, or an offer refused──► OPEN
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
#include "circuit.h"

void circuit_init(struct circuit *c, uint64_t now)
{
	*c = (struct circuit){
		.state = CIRCUIT_CLOSED,
		.since = now,
		.open_after = 2 * US_PER_S,
		.pause = 250 * US_PER_MS,
		.pause_least = 250 * US_PER_MS,
		.pause_most = US_PER_S,
		.probe_every = 2 * US_PER_S,
		.backlog_first = US_PER_S,
		.calm = 10 * US_PER_S,
		.recall_after = 8 * US_PER_S,
		.reason = "",
	};
}

static bool enter(struct circuit *c, uint64_t now, enum circuit_state to, const char *reason)
{
	if (to == CIRCUIT_OPEN) {
		if (c->state == CIRCUIT_CLOSED && now - c->since >= c->calm)
			c->pause = c->pause_least;
		else
			c->pause = min_u64(c->pause * 2, c->pause_most);
		c->opened++;
		c->reason = reason;
	}
	c->state = to;
	c->since = now;
	return true;
}

bool circuit_tick(struct circuit *c, uint64_t now, uint64_t oldest)
{
	switch (c->state) {
	case CIRCUIT_CLOSED:
		if (oldest != 0 && now - oldest >= c->open_after)
			return enter(c, now, CIRCUIT_OPEN, "no report in time");
		return false;
	case CIRCUIT_OPEN:
		if (now - c->since >= c->pause)
			return enter(c, now, CIRCUIT_HALF_OPEN, "");
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
	return enter(c, now, CIRCUIT_OPEN, "it takes no more");
}

bool circuit_report(struct circuit *c, uint64_t now, bool delivered)
{
	if (c->state != CIRCUIT_HALF_OPEN)
		return false;
	return delivered ? enter(c, now, CIRCUIT_CLOSED, "")
	                 : enter(c, now, CIRCUIT_OPEN, "probe given back");
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

bool circuit_lets_fresh_probe(const struct circuit *c, uint64_t now)
{
	return c->state != CIRCUIT_HALF_OPEN || now - c->since >= c->backlog_first;
}

bool circuit_recalls(struct circuit *c, uint64_t now, uint64_t oldest)
{
	if (c->state == CIRCUIT_CLOSED || oldest == 0 || now - oldest < c->recall_after ||
	        now - c->recalled < US_PER_S)
		return false;
	c->recalled = now;
	return true;
}

const char *circuit_name(enum circuit_state s)
{
	static const char *const names[] = { "closed", "open", "half_open" };

	return names[s];
}
