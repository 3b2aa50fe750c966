/* SPDX-License-Identifier: Apache-2.0 */
/* spool_ls.c — lists the segments of a spool, one per line. */
#include <inttypes.h>
#include <string.h>

#include "spool_verbs.h"
#include "base/units.h"

static const char *condition(const struct spool_segment *s)
{
	switch (s->rc) {
	case 0:
		return s->misnamed ? "misnamed" : s->bad ? "damage was met" : "ok";
	case E_CORRUPT:
		return "damaged";
	case E_EMPTY:
		return "empty";
	case E_FOREIGN:
		return "of another spool";
	default:
		return err_text(s->rc);
	}
}

/* Number of records of segment I that wait. For a damaged segment: the waiting positions up to the next segment. */
static uint64_t count_waiting(const struct spool_inspect *l, size_t i)
{
	const struct spool_summary *seen = spool_inspect_summary(l);
	const struct spool_segment *s = &seen->segments[i];
	uint64_t end = i + 1 < seen->nsegments ? s[1].first : seen->state.end, n = 0;

	if (s->rc == 0)
		end = s->end;
	for (uint64_t p = max_u64(s->first, seen->state.cursor); p < end; p++)
		n += spool_inspect_waits(l, p);
	return n;
}

static json_t *number_or_null(const struct spool_segment *s, uint64_t n)
{
	return s->rc < 0 ? json_null() : json_integer((json_int_t)n);
}

static json_t *as_json(const struct spool_inspect *l)
{
	const struct spool_summary *seen = spool_inspect_summary(l);
	json_t *all = json_array();

	for (size_t i = 0; i < seen->nsegments && all != NULL; i++) {
		const struct spool_segment *s = &seen->segments[i];
		json_t *o = json_pack("{s:s,s:s,s:I,s:o,s:o,s:o,s:I,s:I,s:o,s:o,s:o}", "name", s->name, "condition",
		        condition(s), "first", (json_int_t)s->first, "end", number_or_null(s, s->end), "records",
		        number_or_null(s, s->end - s->first), "spans", number_or_null(s, s->spans), "waiting",
		        (json_int_t)count_waiting(l, i), "bytes", (json_int_t)s->bytes, "made",
		        spool_moment(s->made_ms), "first_received", spool_moment(s->first_ms), "last_received",
		        spool_moment(s->last_ms));

		if (json_array_append_new(all, o) < 0) {
			json_decref(all);
			all = NULL;
		}
	}
	return all;
}

/* "11-24 20:43:21", without the year: --json has the whole time. */
static const char *short_time(uint64_t wall_ms, char *to, size_t cap)
{
	char whole[40];

	if (wall_ms == 0)
		return "-";
	units_print_time(wall_ms, whole, sizeof(whole));
	snprintf(to, cap, "%.5s %.8s", whole + strlen("2026-"), whole + strlen("2026-11-24T"));
	return to;
}

#define FIRST_COLUMNS "%-20s %7s %7s %8s %9s %-14s"

static void print_row(const struct spool_inspect *l, size_t i)
{
	const struct spool_segment *s = &spool_inspect_summary(l)->segments[i];
	char size[32], records[24], waits[24], spans[24], received[24];

	snprintf(records, sizeof(records), "%" PRIu64, s->rc < 0 ? 0 : s->end - s->first);
	snprintf(waits, sizeof(waits), "%" PRIu64, count_waiting(l, i));
	snprintf(spans, sizeof(spans), "%" PRIu64, s->spans);
	printf(FIRST_COLUMNS, s->name, records, waits, spans, units_print_size(s->bytes, size, sizeof(size)),
	        short_time(s->first_ms, received, sizeof(received)));
	/* A short condition ends the row; a longer one gets a line of its own. */
	printf(strlen(condition(s)) <= strlen("damaged") ? " %s\n" : "\n  %s\n", condition(s));
}

int spool_ls(const struct spool_call *c)
{
	const struct spool_summary *seen;
	struct spool_inspect *l;
	int rc = spool_open_as(c, SPOOL_INSPECT_LIVE, &l);

	if (rc != 0)
		return rc;
	seen = spool_inspect_summary(l);
	if (c->set->json) {
		rc = spool_print(c, as_json(l));
	} else {
		printf(FIRST_COLUMNS " STATE\n", "SEGMENT", "RECORDS", "WAITING", "SPANS", "SIZE", "FIRST RECEIVED");
		for (size_t i = 0; i < seen->nsegments; i++)
			print_row(l, i);
	}
	spool_inspect_close(l);
	return rc;
}
