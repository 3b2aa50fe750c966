/* spool_ls.c — the segments of a spool, one a line. */
#include <inttypes.h>

#include "spool_verbs.h"
#include "units.h"

static const char *condition(const struct spool_segment *s)
{
	switch (s->rc) {
	case 0:
		return s->misnamed ? "misnamed" : s->bad ? "damage was met" : "ok";
	case E_CORRUPT:
		return "damaged";
	case E_MISSING:
		return "empty";
	case E_FOREIGN:
		return "of another spool";
	default:
		return err_text(s->rc);
	}
}

/* Records of it that wait. Of a damaged one as many positions as it covers. */
static uint64_t waiting(const struct spool_look *l, size_t i)
{
	const struct spool_seen *seen = spool_look_seen(l);
	const struct spool_segment *s = &seen->segments[i];
	uint64_t end = i + 1 < seen->nsegments ? s[1].first : seen->state.end, n = 0;

	if (s->rc == 0)
		end = s->end;
	for (uint64_t p = max_u64(s->first, seen->state.cursor); p < end; p++)
		n += spool_look_waits(l, p);
	return n;
}

static json_t *known(const struct spool_segment *s, uint64_t n)
{
	return s->rc < 0 ? json_null() : json_integer((json_int_t)n);
}

static json_t *as_json(const struct spool_look *l)
{
	const struct spool_seen *seen = spool_look_seen(l);
	json_t *all = json_array();

	for (size_t i = 0; i < seen->nsegments && all != NULL; i++) {
		const struct spool_segment *s = &seen->segments[i];
		json_t *o = json_pack("{s:s,s:s,s:I,s:o,s:o,s:o,s:I,s:I,s:o,s:o,s:o}", "name",
		        s->name, "condition", condition(s), "first", (json_int_t)s->first, "end",
		        known(s, s->end), "records", known(s, s->end - s->first), "spans",
		        known(s, s->spans), "waiting", (json_int_t)waiting(l, i), "bytes",
		        (json_int_t)s->bytes, "made", spool_moment(s->made_ms), "first_received",
		        spool_moment(s->first_ms), "last_received", spool_moment(s->last_ms));

		if (json_array_append_new(all, o) < 0) {
			json_decref(all);
			all = NULL;
		}
	}
	return all;
}

static void print_row(const struct spool_look *l, size_t i)
{
	const struct spool_segment *s = &spool_look_seen(l)->segments[i];
	char size[32], first[40] = "-", last[40] = "-";

	if (s->first_ms > 0)
		units_print_time(s->first_ms, first, sizeof(first));
	if (s->last_ms > 0)
		units_print_time(s->last_ms, last, sizeof(last));
	printf("%-24s %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10s  %-24s %-24s %s\n", s->name,
	        s->rc < 0 ? 0 : s->end - s->first, waiting(l, i), s->spans,
	        units_print_size(s->bytes, size, sizeof(size)), first, last, condition(s));
}

int spool_ls(const struct spool_call *c)
{
	const struct spool_seen *seen;
	struct spool_look *l;
	int rc = spool_open_as(c, SPOOL_LOOK_LIVE, &l);

	if (rc != 0)
		return rc;
	seen = spool_look_seen(l);
	if (c->set->json) {
		rc = spool_print(c, as_json(l));
	} else {
		printf("%-24s %10s %10s %10s %10s  %-24s %-24s %s\n", "SEGMENT", "RECORDS",
		        "WAITING", "SPANS", "SIZE", "FIRST RECEIVED", "LAST RECEIVED", "CONDITION");
		for (size_t i = 0; i < seen->nsegments; i++)
			print_row(l, i);
	}
	spool_look_close(l);
	return rc;
}
