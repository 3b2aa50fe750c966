/* SPDX-License-Identifier: Apache-2.0 */
/* inspect_items.c — iterates over a spool segment by segment, and over each with reader_next. Every position below
 * the end was given to a record, so positions without one, in a segment or between two, are lost. */
#include <stdio.h>
#include <unistd.h>

#include "inspect.h"
#include "spool_internal.h"

void spool_inspect_begin(struct spool_inspect *in, const struct spool_range *range)
{
	reader_close(&in->reader);
	in->reader.at = in->dir;
	in->reader.key = in->id.spool == 0 ? NULL : &in->id.key;
	in->reader.unverified = in->unverified;
	in->range = *range;
	in->i = 0;
	in->inside = in->in_quarantine = in->salvage_reported = false;
	in->at = range->waiting ? in->summary.state.cursor : 0;
	in->last_end = (struct span_offset){ 0 };
}

static const char *name_of(const struct spool_inspect *in)
{
	return in->in_quarantine ? "it" : in->summary.segments[in->i].name;
}

/* Reports LOST in ITEM, with its spans where the span counts on both sides are known. BEHIND: the next intact record. */
static int report_lost(
        struct spool_inspect *in, struct spool_item *item, struct spool_run lost, const struct span_offset *behind)
{
	uint64_t below = 0, above = behind->spans;
	bool known = behind->position == lost.end;

	item->lost = lost;
	item->counted = inspect_spans_below(in, lost.first, &below) &&
	                (known || inspect_spans_below(in, lost.end, &above)) && above >= below;
	item->spans = item->counted ? above - below : 0;
	for (uint64_t p = max_u64(lost.first, in->positions.cursor); p < min_u64(lost.end, in->positions.end); p++)
		item->waiting += spool_inspect_waits(in, p);
	in->at = lost.end;
	return 0;
}

/* Reports in->at up to END as lost, with no record behind it. */
static int report_lost_to(struct spool_inspect *in, struct spool_item *item, uint64_t end)
{
	return report_lost(in, item, (struct spool_run){ in->at, end }, &(struct span_offset){ 0 });
}

/* Reports damage that costs no record by itself. */
static int report_damage(struct spool_inspect *in, struct spool_item *item)
{
	item->lost = (struct spool_run){ in->at, in->at };
	return 0;
}

/* True when the record's spans_before matches the record given before. A mismatch is reported once. */
static bool counts_agree(struct spool_inspect *in, const struct record *r)
{
	bool agree = in->last_end.position != r->position || in->last_end.spans == r->spans_before;

	if (!agree)
		in->last_end = (struct span_offset){ 0 };
	return agree;
}

static int give_record(struct spool_inspect *in, struct spool_item *item, const struct reader_item *got)
{
	const struct record *r = &got->header;

	item->batch = got->batch;
	in->last_end = (struct span_offset){ r->position + 1, r->spans_before + r->spans };
	in->at = r->position + 1;
	in->rereads = 0;
	return 0;
}

static void leave_segment(struct spool_inspect *in)
{
	reader_close(&in->reader);
	in->inside = in->salvage_reported = false;
	in->rereads = 0;
	in->i = in->in_quarantine ? in->summary.nsegments + 1 : in->i + 1;
}

static bool is_gone(const struct spool_inspect *in, const char *name)
{
	return in->live && faccessat(in->dir, name, F_OK, 0) < 0;
}

/* Beside a running agent, pages may be overwritten while they are read, so what looks damaged is read again.
 * False: no agent writes this segment, or READ_ATTEMPTS are used up. */
static bool reread_segment(struct spool_inspect *in)
{
	if (!in->live || in->in_quarantine || in->reader.state == READER_BY_PAGES || in->rereads == READ_ATTEMPTS)
		return false;
	in->rereads++;
	if (reader_open_head(&in->reader, &in->segments.items[in->i]) == 0)
		in->reader.limit = inspect_limit(in, in->i);
	else if (reader_open(&in->reader, &in->segments.items[in->i], inspect_limit(in, in->i)) < 0)
		return false;
	return true;
}

static int read_next(struct spool_inspect *in, struct reader_item *got)
{
	int rc = reader_next(&in->reader, (struct spool_run){ in->at, UINT64_MAX }, true, got);

	while (reread_segment(in)) {
		batch_unref(&got->batch);
		rc = reader_next(&in->reader, (struct spool_run){ in->at, UINT64_MAX }, true, got);
	}
	return rc;
}

/* Sets item->what when the open segment has damage to report before GOT. */
static bool is_damage_before(struct spool_inspect *in, const struct reader_item *got, struct spool_item *item)
{
	if (in->reader.state == READER_BY_SALVAGE && !in->salvage_reported && !in->in_quarantine) {
		in->salvage_reported = true;
		snprintf(item->what, sizeof(item->what), "%s is damaged; its records were looked for one by one",
		        name_of(in));
		return true;
	}
	if (got->batch == NULL || counts_agree(in, &got->header))
		return false;
	snprintf(item->what, sizeof(item->what), "the counts in %s do not agree with what stands before", name_of(in));
	return true;
}

/* One step in the open segment. E_AGAIN: no item yet. What is read behind a damage is read again after it. */
static int step_inside(struct spool_inspect *in, struct spool_item *item)
{
	struct reader_item got;
	int rc = read_next(in, &got);

	if (rc < 0 && rc != E_END)
		return rc;
	if (in->reader.state != READER_BY_PAGES && is_gone(in, name_of(in))) {
		batch_unref(&got.batch);
		rc = E_END;
	} else if (is_damage_before(in, &got, item)) {
		batch_unref(&got.batch);
		return report_damage(in, item);
	}
	if (rc == E_END) {
		leave_segment(in);
		return E_AGAIN;
	}
	if (got.batch != NULL)
		return give_record(in, item, &got);
	if (in->in_quarantine) {
		in->at = got.lost.end;
		return E_AGAIN;
	}
	snprintf(item->what, sizeof(item->what), "damaged or missing in %s", name_of(in));
	return report_lost(in, item, got.lost, &got.behind);
}

static const char *why_unread(int rc)
{
	switch (rc) {
	case E_CORRUPT:
		return "has no record that can be read";
	default:
		return err_text(rc);
	}
}

/* Opens segment in->i. E_AGAIN: no item yet. */
static int enter_segment(struct spool_inspect *in, struct spool_item *item)
{
	const struct spool_segment *seg = &in->summary.segments[in->i];
	uint64_t limit = inspect_limit(in, in->i), end = min_u64(limit, in->summary.state.end);
	int rc = reader_open(&in->reader, &in->segments.items[in->i], limit);

	if (rc == 0) {
		in->inside = true;
		in->at = max_u64(in->at, seg->first);
		return E_AGAIN;
	}
	if (rc == E_NEWER || rc == E_NOMEM)
		return rc;
	if (rc == E_EMPTY || is_gone(in, seg->name)) {
		leave_segment(in);
		return E_AGAIN;
	}
	in->at = max_u64(in->at, seg->first);
	snprintf(item->what, sizeof(item->what), "%s %s", seg->name, why_unread(rc));
	report_lost_to(in, item, max_u64(end, in->at));
	leave_segment(in);
	return 0;
}

/* Skips a foreign segment. Positions between the segments on either side of it are lost, if there are any. */
static int skip_foreign(struct spool_inspect *in, struct spool_item *item)
{
	const struct spool_segment *seg = &in->summary.segments[in->i];
	uint64_t from = in->at > 0 ? in->at : max_u64(in->summary.state.cursor, 1);
	uint64_t end = min_u64(inspect_limit(in, in->i), in->summary.state.end);

	/* A kill before the first commit leaves an empty segment: no damage. */
	if (seg->rc == E_EMPTY || (in->range.waiting && inspect_limit(in, in->i) <= in->at)) {
		leave_segment(in);
		return E_AGAIN;
	}
	snprintf(item->what, sizeof(item->what), "%s %s", seg->name, why_unread(seg->rc));
	item->lost = (struct spool_run){ from, from };
	if (from < end)
		report_lost(in, item, (struct spool_run){ from, end }, &(struct span_offset){ 0 });
	leave_segment(in);
	return 0;
}

/* True when segment in->i has nothing in RANGE. */
static bool is_outside_range(const struct spool_inspect *in)
{
	const struct spool_segment *seg = &in->summary.segments[in->i];

	if (in->range.waiting && inspect_limit(in, in->i) <= in->at)
		return true;
	return seg->rc == 0 && in->range.since_ms > 0 && seg->last_ms < in->range.since_ms;
}

/* One step outside of an open segment: opens or skips segment in->i, or reports a gap before it. */
static int step_between(struct spool_inspect *in, struct spool_item *item)
{
	const struct spool_segment *seg = &in->summary.segments[in->i];

	if (seg->foreign && !in->unverified)
		return skip_foreign(in, item);
	/* Positions below the first segment were delivered, unless the cursor is lower. */
	if (in->at == 0)
		in->at = min_u64(seg->first, max_u64(in->summary.state.cursor, 1));
	if (is_outside_range(in)) {
		in->at = max_u64(in->at, min_u64(inspect_limit(in, in->i), in->summary.state.end));
		leave_segment(in);
		return E_AGAIN;
	}
	if (in->at < seg->first && !in->live) {
		snprintf(item->what, sizeof(item->what), "their segment is missing");
		item->segment = SPOOL_NO_SEGMENT;
		return report_lost_to(in, item, seg->first);
	}
	return enter_segment(in, item);
}

/* After the last segment: positions that the state has and no segment. E_END: none, the iteration ends. */
static int step_behind(struct spool_inspect *in, struct spool_item *item)
{
	uint64_t end = in->summary.state.end;

	item->segment = SPOOL_NO_SEGMENT;
	in->at = max_u64(in->at, in->segments.n == 0 ? in->summary.state.cursor : 1);
	if (in->at >= end || in->live)
		return E_END;
	snprintf(item->what, sizeof(item->what), "their segment is missing");
	return report_lost_to(in, item, end);
}

int spool_inspect_next(struct spool_inspect *in, struct spool_item *item)
{
	for (;;) {
		int rc;

		*item = (struct spool_item){ .segment = in->i };
		if (in->inside)
			rc = step_inside(in, item);
		else if (in->i < in->summary.nsegments && !in->in_quarantine)
			rc = step_between(in, item);
		else if (in->i == in->summary.nsegments && !in->in_quarantine)
			rc = step_behind(in, item);
		else
			rc = E_END;
		if (rc != E_AGAIN)
			return rc;
	}
}

double spool_inspect_progress(const struct spool_inspect *in)
{
	double done = 0, all = (double)in->summary.bytes;

	for (size_t i = 0; i < in->i && i < in->summary.nsegments; i++)
		done += (double)in->summary.segments[i].bytes;
	if (in->inside && !in->in_quarantine) {
		const struct spool_segment *seg = &in->summary.segments[in->i];
		uint64_t end = max_u64(in->reader.end.position, seg->first + 1);

		done += (double)(min_u64(in->at, end) - seg->first) / (double)(end - seg->first) * (double)seg->bytes;
	}
	return all > 0 ? done / all : 1;
}
