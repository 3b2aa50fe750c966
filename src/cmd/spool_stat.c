/* SPDX-License-Identifier: Apache-2.0 */
/* spool_stat.c — prints the state of a spool, beside an agent or at rest: its owner, the waiting spans, its disk,
 * and the ledger as last written. */
#include "base/buf.h"
#include "base/clock.h"
#include "admin/json_add.h"
#include "admin/ledger_page.h"
#include "spool_verbs.h"

/* The ledger of SEEN as JSON; NULL when memory ran out. */
static json_t *ledger_of(const struct spool_summary *seen)
{
	struct buf text = { 0 };
	json_t *v;

	ledger_json(&text, &seen->state.ledger, seen->host);
	v = buf_check(&text) < 0 ? NULL : json_loadb((const char *)text.at, text.len, 0, NULL);
	buf_free(&text);
	return v;
}

static json_int_t damaged_segments(const struct spool_summary *seen)
{
	json_int_t n = 0;

	for (size_t i = 0; i < seen->nsegments; i++) {
		const struct spool_segment *s = &seen->segments[i];

		n += s->bad || (s->rc < 0 && s->rc != E_EMPTY);
	}
	return n;
}

static const char *condition(const struct spool_summary *seen)
{
	if (seen->holder != 0)
		return "in use";
	if (!seen->has_state)
		return "no snapshot of the state is left: the next start goes by the records";
	if (seen->state.running)
		return "the last run was killed: the next start calls uncertain what is in flight";
	return "stopped";
}

static json_t *quarantine_of(const struct spool_summary *seen)
{
	return json_pack("{s:I,s:I,s:I}", "records", (json_int_t)seen->quarantine_records, "segments",
	        (json_int_t)seen->quarantine_segments, "bytes", (json_int_t)seen->quarantine_bytes);
}

static json_t *waiting_of(const struct spool_summary *seen)
{
	const struct ledger_count *in = &seen->state.ledger.place[LEDGER_IN_SPOOL];
	uint64_t now = clock_wall_ms();

	return json_pack("{s:I,s:I,s:o,s:o}", "spans", (json_int_t)in->spans, "batches", (json_int_t)in->batches,
	        "oldest", spool_moment(seen->oldest_ms), "oldest_age_seconds",
	        seen->oldest_ms == 0 || seen->oldest_ms > now ? json_null()
	                                                      : json_real((double)(now - seen->oldest_ms) / 1e3));
}

static json_t *disk_of(const struct spool_summary *seen)
{
	return json_pack("{s:I,s:I,s:I,s:I,s:I}", "segments", (json_int_t)seen->nsegments, "damaged_segments",
	        damaged_segments(seen), "bytes", (json_int_t)seen->bytes, "free_bytes", (json_int_t)seen->free_bytes,
	        "free_inodes", (json_int_t)seen->free_inodes);
}

static json_t *positions_of(const struct spool_summary *seen)
{
	const struct spool_state *s = &seen->state;

	return json_pack("{s:I,s:I,s:I}", "cursor", (json_int_t)s->cursor, "offered_to", (json_int_t)s->offered_to,
	        "end", (json_int_t)s->end);
}

int spool_stat(const struct spool_call *c)
{
	const struct spool_summary *seen;
	struct spool_inspect *l;
	int rc = spool_open_as(c, SPOOL_INSPECT_LIVE, &l);
	json_t *v;

	if (rc != 0)
		return rc;
	seen = spool_inspect_summary(l);
	v = json_pack("{s:o,s:o,s:s,s:I,s:o,s:o,s:o,s:o,s:I,s:o}", "directory", json_text(c->set->directory), "process",
	        seen->holder == 0 ? json_null() : json_integer(seen->holder), "condition", condition(seen), "boot",
	        (json_int_t)seen->state.boot, "waiting", waiting_of(seen), "disk", disk_of(seen), "positions",
	        positions_of(seen), "quarantine", quarantine_of(seen), "spans_beyond_snapshot",
	        (json_int_t)seen->found_beyond, "ledger", ledger_of(seen));
	rc = spool_print(c, v);
	spool_inspect_close(l);
	return rc;
}
