/* SPDX-License-Identifier: Apache-2.0 */
/* count.c — counts spans between positions. Every record, head and state stores the number of spans below it, so
 * two of them give the spans in between without reading those records. */
#include "spool_internal.h"

static int open_at(struct spool *s, uint64_t position, size_t *i)
{
	uint64_t limit;
	int rc;

	*i = segments_find(&s->segments, position);
	if (*i == SEGMENTS_NONE)
		return E_MISSING;
	limit = segments_limit(&s->segments, *i, s->end.position);
	rc = reader_open(&s->reader, &s->segments.at[*i], limit);
	/* The state has positions in this segment, so it had a commit: its meta pages are damaged. */
	return rc == E_EMPTY ? reader_open_salvaged(&s->reader, &s->segments.at[*i], limit) : rc;
}

int count_open_at(struct spool *s, uint64_t position, size_t *i)
{
	int rc = open_at(s, position, i);
	bool whole = rc == 0 && s->reader.state == READER_BY_PAGES;
	bool survey_may_help = reader_has_nothing(rc) || rc == E_OLDER || rc == E_MISSING;

	if (!whole && (rc == 0 || survey_may_help) && survey_segments(s))
		rc = open_at(s, position, i);
	return rc;
}

bool count_spans_below(struct spool *s, uint64_t position, uint64_t *spans)
{
	const struct span_offset known[] = { s->end, s->id.low_water };
	size_t i;

	*spans = 0;
	if (position <= 1)
		return true;
	for (size_t k = 0; k < ARRAY_LEN(known); k++) {
		if (position == known[k].position) {
			*spans = known[k].spans;
			return true;
		}
	}
	if (position >= s->end.position)
		return false;
	if (count_open_at(s, position, &i) == 0 && reader_spans_below(&s->reader, position, spans))
		return true;
	/* POSITION may be in a missing or damaged segment; the record before it tells where that begins. */
	return count_open_at(s, position - 1, &i) == 0 && reader_spans_below(&s->reader, position, spans);
}

/* Reads every record of RUN, when the span counts at its ends are unknown. */
static int count_each(struct spool *s, struct spool_run run, struct ledger_count *count)
{
	int rc = 0;

	while (run.first < run.end) {
		struct reader_item item = { 0 };
		size_t i;
		int one = count_open_at(s, run.first, &i);

		if (one == 0)
			one = reader_next(&s->reader, run, true, &item);
		if (one < 0 || item.batch == NULL) {
			rc = E_CORRUPT;
			run.first = one < 0 ? run.first + 1 : item.lost.end;
			continue;
		}
		count->spans += item.header.spans;
		count->batches++;
		batch_unref(&item.batch);
		run.first++;
	}
	return rc;
}

int spool_count(struct spool *s, const struct spool_run *runs, size_t n, struct ledger_count *count)
{
	int rc = 0;

	*count = (struct ledger_count){ 0 };
	for (size_t i = 0; i < n; i++) {
		struct spool_run run = { runs[i].first, min_u64(runs[i].end, s->end.position) };
		uint64_t below, above;

		if (run.first >= run.end)
			continue;
		if (count_spans_below(s, run.first, &below) && count_spans_below(s, run.end, &above)) {
			count->spans += above - below;
			count->batches += run.end - run.first;
		} else if (count_each(s, run, count) < 0) {
			rc = E_CORRUPT;
		}
	}
	return rc;
}
