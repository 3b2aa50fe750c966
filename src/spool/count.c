/* SPDX-License-Identifier: Apache-2.0 */
/* count.c — counts spans between positions. Every record, head and state stores the number of spans below it, so
 * two of them give the spans in between without reading those records. */
#include "spool_internal.h"

static int open_listed(struct spool *s, uint64_t position, size_t *i)
{
	uint64_t limit;
	int rc;

	*i = segments_find(&s->segments, position);
	if (*i == SEGMENTS_NONE)
		return E_MISSING;
	limit = segments_limit(&s->segments, *i, s->end.position);
	rc = reader_open(&s->reader, &s->segments.items[*i], limit);
	/* The state has positions in this segment, so it had a commit: its meta pages are damaged. */
	return rc == E_EMPTY ? reader_open_salvaged(&s->reader, &s->segments.items[*i], limit) : rc;
}

int open_segment_at(struct spool *s, uint64_t position, size_t *i)
{
	int rc = open_listed(s, position, i);
	bool whole = rc == 0 && s->reader.state == READER_BY_PAGES;
	/* The name of a segment may be wrong: a survey of the heads may find another one that has POSITION. E_OLDER counts
	 * as damage: a start refuses a spool of an older format, so such a segment does not have POSITION. */
	bool survey_may_help = reader_has_nothing(rc) || rc == E_OLDER || rc == E_MISSING;

	if (!whole && (rc == 0 || survey_may_help) && survey_segments(s))
		rc = open_listed(s, position, i);
	return rc;
}

bool count_spans_below(struct spool *s, uint64_t position, uint64_t *spans)
{
	/* low_water is the first position of the oldest segment that is left. */
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
	if (open_segment_at(s, position, &i) == 0 && reader_spans_below(&s->reader, position, spans))
		return true;
	/* POSITION may be in a missing or damaged segment. The header of the record before POSITION gives the spans below
	 * POSITION too: spans_before and its own spans. */
	return open_segment_at(s, position - 1, &i) == 0 && reader_spans_below(&s->reader, position, spans);
}

/* Reads every record of RUN, when the span counts at its ends are unknown. E_CORRUPT: some cannot be read. An error
 * that may be temporary counts as damage, so that the count comes to an end. */
static int count_each(struct spool *s, struct spool_run run, struct ledger_count *count)
{
	int rc = 0;
	const bool skip_errors = true;

	while (run.first < run.end) {
		struct reader_item item = { 0 };
		size_t i;
		int one = open_segment_at(s, run.first, &i);

		if (one == 0)
			one = reader_next(&s->reader, run, skip_errors, &item);
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
