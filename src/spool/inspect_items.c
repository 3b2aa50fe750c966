/* SPDX-License-Identifier: Apache-2.0 */
/* inspect_items.c — iterates over a spool: segment by segment, position by position.
 *
 * Every position below the end was given to a record. The next intact record is searched in the segment's pages,
 * and then by salvage of the whole file. Positions between the last record and this one are lost. */
#include <stdio.h>
#include <unistd.h>

#include "inspect.h"
#include "spool_internal.h"

void spool_inspect_begin(struct spool_inspect *in, const struct spool_range *range)
{
	batch_unref(&in->pending);
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

/* Reports [first, end) as lost in ITEM, with its spans where the span counts on both sides are known. */
static int report_lost(struct spool_inspect *in, struct spool_item *item, uint64_t first, uint64_t end)
{
	uint64_t below = 0, above = in->pending_below;
	bool known = in->pending != NULL && in->pending->position == end;

	item->lost = (struct spool_run){ first, end };
	item->counted = inspect_spans_below(in, first, &below) && (known || inspect_spans_below(in, end, &above)) &&
	                above >= below;
	item->spans = item->counted ? above - below : 0;
	for (uint64_t p = max_u64(first, in->positions.cursor); p < min_u64(end, in->positions.end); p++)
		item->waiting += spool_inspect_waits(in, p);
	in->at = end;
	return 0;
}

/* Reads the next intact record of the segment into in->pending. 0; E_MISSING: there is none. */
static int find_intact(struct spool_inspect *in)
{
	for (uint64_t at = in->at;;) {
		struct record header;
		struct place p;
		int rc = reader_find(&in->reader, at, &p);

		if (rc == 0)
			rc = reader_read(&in->reader, &p, &in->pending, &header);
		if (rc == 0) {
			in->pending_below = header.spans_before;
			return 0;
		}
		if (rc == E_MISSING || rc == E_NOMEM)
			return rc;
		/* Salvage may find a record that the pages do not lead to. */
		if (in->reader.state == READER_BY_PAGES) {
			rc = reader_start_salvage(&in->reader);
			if (rc < 0 && rc != E_MISSING)
				return rc == E_NOMEM ? rc : E_MISSING;
			continue;
		}
		at = p.key + 1;
	}
}

/* The same, but when the next record is not at the next position, salvage runs before positions count as lost. */
static int find_next(struct spool_inspect *in)
{
	int rc = in->pending != NULL ? 0 : find_intact(in);
	uint64_t end = min_u64(in->reader.end.position, in->reader.limit);

	if (in->reader.state != READER_BY_PAGES || (rc == 0 && in->pending->position == in->at) ||
	        (rc == E_MISSING && in->at >= end))
		return rc;
	batch_unref(&in->pending);
	rc = reader_start_salvage(&in->reader);
	return rc < 0 && rc != E_MISSING ? E_MISSING : find_intact(in);
}

/* True when the pending record's spans_before matches the record given before. A mismatch is reported once. */
static bool counts_agree(struct spool_inspect *in)
{
	bool agree = in->last_end.position != in->pending->position || in->last_end.spans == in->pending_below;

	if (!agree)
		in->last_end = (struct span_offset){ 0 };
	return agree;
}

static void give_record(struct spool_inspect *in, struct spool_item *item)
{
	struct batch *b = in->pending;

	item->batch = b;
	in->pending = NULL;
	in->last_end = (struct span_offset){ b->position + 1, in->pending_below + b->spans };
	in->at = b->position + 1;
	in->rereads = 0;
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
	batch_unref(&in->pending);
	if (reader_open_head(&in->reader, &in->segments.at[in->i]) == 0)
		in->reader.limit = inspect_limit(in, in->i);
	else if (reader_open(&in->reader, &in->segments.at[in->i], inspect_limit(in, in->i)) < 0)
		return false;
	return true;
}

/* One step in the open segment. E_STOPPED: the segment is finished, no item. */
static int step_inside(struct spool_inspect *in, struct spool_item *item)
{
	uint64_t end;
	int rc = find_next(in);

	while (reread_segment(in))
		rc = find_next(in);
	if (rc < 0 && rc != E_MISSING)
		return rc;
	if (in->reader.state != READER_BY_PAGES && is_gone(in, name_of(in))) {
		batch_unref(&in->pending);
		leave_segment(in);
		return E_STOPPED;
	}
	if (in->reader.state == READER_BY_SALVAGE && !in->salvage_reported && !in->in_quarantine) {
		in->salvage_reported = true;
		snprintf(item->what, sizeof(item->what), "%s is damaged; its records were looked for one by one",
		        name_of(in));
		item->lost = (struct spool_run){ in->at, in->at };
		return 0;
	}
	end = min_u64(in->reader.end.position, in->reader.limit);
	if (rc == 0)
		end = in->pending->position;
	if (in->at < end && !in->in_quarantine) {
		snprintf(item->what, sizeof(item->what), "damaged or missing in %s", name_of(in));
		return report_lost(in, item, in->at, end);
	}
	if (rc == 0 && !counts_agree(in)) {
		snprintf(item->what, sizeof(item->what), "the counts in %s do not agree with what stands before",
		        name_of(in));
		item->lost = (struct spool_run){ in->at, in->at };
		return 0;
	}
	if (rc == 0) {
		give_record(in, item);
		return 0;
	}
	leave_segment(in);
	return E_STOPPED;
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

/* Opens segment in->i. E_STOPPED: no item yet. */
static int enter_segment(struct spool_inspect *in, struct spool_item *item)
{
	const struct spool_segment *seg = &in->summary.segments[in->i];
	uint64_t limit = inspect_limit(in, in->i), end = min_u64(limit, in->summary.state.end), first;
	int rc = reader_open(&in->reader, &in->segments.at[in->i], limit);

	if (rc == 0) {
		in->inside = true;
		in->at = max_u64(in->at, seg->first);
		return E_STOPPED;
	}
	if (rc == E_NEWER || rc == E_NOMEM)
		return rc;
	if (rc == E_MISSING || is_gone(in, seg->name)) {
		leave_segment(in);
		return E_STOPPED;
	}
	first = max_u64(in->at, seg->first);
	snprintf(item->what, sizeof(item->what), "%s %s", seg->name, why_unread(rc));
	report_lost(in, item, first, max_u64(end, first));
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
	if (seg->rc == E_MISSING || (in->range.waiting && inspect_limit(in, in->i) <= in->at)) {
		leave_segment(in);
		return E_STOPPED;
	}
	snprintf(item->what, sizeof(item->what), "%s %s", seg->name, why_unread(seg->rc));
	item->lost = (struct spool_run){ from, from };
	if (from < end)
		report_lost(in, item, from, end);
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
		return E_STOPPED;
	}
	if (in->at < seg->first && !in->live) {
		snprintf(item->what, sizeof(item->what), "their segment is missing");
		item->segment = SPOOL_NO_SEGMENT;
		return report_lost(in, item, in->at, seg->first);
	}
	return enter_segment(in, item);
}

/* After the last segment: positions that the state has and no segment. E_MISSING: none, the iteration ends. */
static int step_behind(struct spool_inspect *in, struct spool_item *item)
{
	uint64_t end = in->summary.state.end;

	item->segment = SPOOL_NO_SEGMENT;
	in->at = max_u64(in->at, in->segments.n == 0 ? in->summary.state.cursor : 1);
	if (in->at >= end || in->live)
		return E_MISSING;
	snprintf(item->what, sizeof(item->what), "their segment is missing");
	return report_lost(in, item, in->at, end);
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
			rc = E_MISSING;
		if (rc != E_STOPPED)
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
