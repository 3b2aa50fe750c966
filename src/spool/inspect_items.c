/* SPDX-License-Identifier: Apache-2.0 */
/* inspect_items.c — the way through a spool: segment after segment.
 *
 * Every position below the end was given to a record. The next that is whole is looked for, by the
 * tree and where that does not have it once more in all bytes of the file; what lies before it is
 * lost. */
#include <stdio.h>
#include <unistd.h>

#include "inspect.h"
#include "spool_internal.h"

void spool_inspect_begin(struct spool_inspect *l, const struct spool_range *range)
{
	batch_unref(&l->pending);
	reader_close(&l->reader);
	l->reader.at = l->dir;
	l->reader.key = l->origin.spool == 0 ? NULL : &l->origin.key;
	l->reader.unverified = l->unverified;
	l->range = *range;
	l->i = 0;
	l->inside = l->aside = l->told_broken = false;
	l->at = range->waiting ? l->seen.state.cursor : 0;
	l->behind = (struct span_offset){ 0 };
}

static const char *name_of(const struct spool_inspect *l)
{
	return l->aside ? "it" : l->seen.segments[l->i].name;
}

/* [first, end) is lost. */
static int lose(struct spool_inspect *l, struct spool_item *item, uint64_t first, uint64_t end)
{
	uint64_t below = 0, above = l->stash_below;
	bool known = l->pending != NULL && l->pending->position == end;

	item->lost = (struct spool_run){ first, end };
	item->counted = inspect_spans_below(l, first, &below) && (known || inspect_spans_below(l, end, &above)) &&
	                above >= below;
	item->spans = item->counted ? above - below : 0;
	for (uint64_t p = max_u64(first, l->marks.cursor); p < min_u64(end, l->marks.end); p++)
		item->waiting += spool_inspect_waits(l, p);
	l->at = end;
	return 0;
}

/* The next whole record of the segment, into the pending. 0; E_MISSING: there is none. */
static int find_whole(struct spool_inspect *l)
{
	for (uint64_t at = l->at;;) {
		struct record header;
		struct place p;
		int rc = reader_find(&l->reader, at, &p);

		if (rc == 0)
			rc = reader_read(&l->reader, &p, &l->pending, &header);
		if (rc == 0) {
			l->stash_below = header.spans_before;
			return 0;
		}
		if (rc == E_MISSING || rc == E_NOMEM)
			return rc;
		/* What the tree cannot give may still be found. */
		if (l->reader.state == READER_BY_PAGES) {
			rc = reader_turn_to_salvage(&l->reader);
			if (rc < 0 && rc != E_MISSING)
				return rc == E_NOMEM ? rc : E_MISSING;
			continue;
		}
		at = p.key + 1;
	}
}

/* As find_whole; and when that is not what comes next, all bytes are looked through first. */
static int find_next(struct spool_inspect *l)
{
	int rc = l->pending != NULL ? 0 : find_whole(l);
	uint64_t end = min_u64(l->reader.end.position, l->reader.limit);

	if (l->reader.state != READER_BY_PAGES || (rc == 0 && l->pending->position == l->at) ||
	        (rc == E_MISSING && l->at >= end))
		return rc;
	batch_unref(&l->pending);
	rc = reader_turn_to_salvage(&l->reader);
	return rc < 0 && rc != E_MISSING ? E_MISSING : find_whole(l);
}

/* Every record says how many spans stand before it. False is said once. */
static bool counts_agree(struct spool_inspect *l)
{
	bool agree = l->behind.position != l->pending->position || l->behind.spans == l->stash_below;

	if (!agree)
		l->behind = (struct span_offset){ 0 };
	return agree;
}

static void give(struct spool_inspect *l, struct spool_item *item)
{
	struct batch *b = l->pending;

	item->batch = b;
	l->pending = NULL;
	l->behind = (struct span_offset){ b->position + 1, l->stash_below + b->spans };
	l->at = b->position + 1;
	l->anew = 0;
}

static void leave(struct spool_inspect *l)
{
	reader_close(&l->reader);
	l->inside = l->told_broken = false;
	l->anew = 0;
	l->i = l->aside ? l->seen.nsegments + 1 : l->i + 1;
}

static bool is_gone(const struct spool_inspect *l, const char *name)
{
	return l->live && faccessat(l->dir, name, F_OK, 0) < 0;
}

/* Beside a running agent pages that are read are written over: what looks damaged is looked at as it is
 * now. False: it has been, or nobody writes it. */
static bool look_anew(struct spool_inspect *l)
{
	if (!l->live || l->aside || l->reader.state == READER_BY_PAGES || l->anew == LOOKS)
		return false;
	l->anew++;
	batch_unref(&l->pending);
	if (reader_open_head(&l->reader, &l->segments.at[l->i]) == 0)
		l->reader.limit = inspect_limit(l, l->i);
	else if (reader_open(&l->reader, &l->segments.at[l->i], inspect_limit(l, l->i)) < 0)
		return false;
	return true;
}

/* One step in the segment that is open. E_STOPPED: it is behind us. */
static int step_inside(struct spool_inspect *l, struct spool_item *item)
{
	uint64_t end;
	int rc = find_next(l);

	while (look_anew(l))
		rc = find_next(l);
	if (rc < 0 && rc != E_MISSING)
		return rc;
	if (l->reader.state != READER_BY_PAGES && is_gone(l, name_of(l))) {
		batch_unref(&l->pending);
		leave(l);
		return E_STOPPED;
	}
	if (l->reader.state == READER_BY_SALVAGE && !l->told_broken && !l->aside) {
		l->told_broken = true;
		snprintf(item->what, sizeof(item->what), "%s is damaged; its records were looked for one by one",
		        name_of(l));
		item->lost = (struct spool_run){ l->at, l->at };
		return 0;
	}
	end = min_u64(l->reader.end.position, l->reader.limit);
	if (rc == 0)
		end = l->pending->position;
	if (l->at < end && !l->aside) {
		snprintf(item->what, sizeof(item->what), "damaged or missing in %s", name_of(l));
		return lose(l, item, l->at, end);
	}
	if (rc == 0 && !counts_agree(l)) {
		snprintf(item->what, sizeof(item->what), "the counts in %s do not agree with what stands before",
		        name_of(l));
		item->lost = (struct spool_run){ l->at, l->at };
		return 0;
	}
	if (rc == 0) {
		give(l, item);
		return 0;
	}
	leave(l);
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

/* The segment at hand is opened. E_STOPPED: it is passed over. */
static int enter(struct spool_inspect *l, struct spool_item *item)
{
	const struct spool_segment *seg = &l->seen.segments[l->i];
	uint64_t limit = inspect_limit(l, l->i), end = min_u64(limit, l->seen.state.end), first;
	int rc = reader_open(&l->reader, &l->segments.at[l->i], limit);

	if (rc == 0) {
		l->inside = true;
		l->at = max_u64(l->at, seg->first);
		return E_STOPPED;
	}
	if (rc == E_NEWER || rc == E_NOMEM)
		return rc;
	if (rc == E_MISSING || is_gone(l, seg->name)) {
		leave(l);
		return E_STOPPED;
	}
	first = max_u64(l->at, seg->first);
	snprintf(item->what, sizeof(item->what), "%s %s", seg->name, why_unread(rc));
	lose(l, item, first, max_u64(end, first));
	leave(l);
	return 0;
}

/* What is between the segments on either side of it is lost. That is nothing where the one before goes on
 * to the next. */
static int pass_foreign(struct spool_inspect *l, struct spool_item *item)
{
	const struct spool_segment *seg = &l->seen.segments[l->i];
	uint64_t from = l->at > 0 ? l->at : max_u64(l->seen.state.cursor, 1);
	uint64_t end = min_u64(inspect_limit(l, l->i), l->seen.state.end);

	/* A kill leaves what is empty. */
	if (seg->rc == E_MISSING || (l->range.waiting && inspect_limit(l, l->i) <= l->at)) {
		leave(l);
		return E_STOPPED;
	}
	snprintf(item->what, sizeof(item->what), "%s %s", seg->name, why_unread(seg->rc));
	item->lost = (struct spool_run){ from, from };
	if (from < end)
		lose(l, item, from, end);
	leave(l);
	return 0;
}

/* Nobody asked for what is in it. */
static bool is_passed_over(const struct spool_inspect *l)
{
	const struct spool_segment *seg = &l->seen.segments[l->i];

	if (l->range.waiting && inspect_limit(l, l->i) <= l->at)
		return true;
	return seg->rc == 0 && l->range.since_ms > 0 && seg->last_ms < l->range.since_ms;
}

/* Between two segments. */
static int step_between(struct spool_inspect *l, struct spool_item *item)
{
	const struct spool_segment *seg = &l->seen.segments[l->i];

	if (seg->foreign && !l->unverified)
		return pass_foreign(l, item);
	/* What is below the first one was delivered, unless the state does not know of it. */
	if (l->at == 0)
		l->at = min_u64(seg->first, max_u64(l->seen.state.cursor, 1));
	if (is_passed_over(l)) {
		l->at = max_u64(l->at, min_u64(inspect_limit(l, l->i), l->seen.state.end));
		leave(l);
		return E_STOPPED;
	}
	if (l->at < seg->first && !l->live) {
		snprintf(item->what, sizeof(item->what), "their segment is missing");
		item->segment = SPOOL_NO_SEGMENT;
		return lose(l, item, l->at, seg->first);
	}
	return enter(l, item);
}

/* Behind the segments: what the state knows of and no segment has. E_MISSING: nothing, that was all. */
static int step_behind(struct spool_inspect *l, struct spool_item *item)
{
	uint64_t end = l->seen.state.end;

	item->segment = SPOOL_NO_SEGMENT;
	l->at = max_u64(l->at, l->segments.n == 0 ? l->seen.state.cursor : 1);
	if (l->at >= end || l->live)
		return E_MISSING;
	snprintf(item->what, sizeof(item->what), "their segment is missing");
	return lose(l, item, l->at, end);
}

int spool_inspect_next(struct spool_inspect *l, struct spool_item *item)
{
	for (;;) {
		int rc;

		*item = (struct spool_item){ .segment = l->i };
		if (l->inside)
			rc = step_inside(l, item);
		else if (l->i < l->seen.nsegments && !l->aside)
			rc = step_between(l, item);
		else if (l->i == l->seen.nsegments && !l->aside)
			rc = step_behind(l, item);
		else
			rc = E_MISSING;
		if (rc != E_STOPPED)
			return rc;
	}
}

double spool_inspect_share(const struct spool_inspect *l)
{
	double done = 0, all = (double)l->seen.bytes;

	for (size_t i = 0; i < l->i && i < l->seen.nsegments; i++)
		done += (double)l->seen.segments[i].bytes;
	if (l->inside && !l->aside) {
		const struct spool_segment *seg = &l->seen.segments[l->i];
		uint64_t end = max_u64(l->reader.end.position, seg->first + 1);

		done += (double)(min_u64(l->at, end) - seg->first) / (double)(end - seg->first) * (double)seg->bytes;
	}
	return all > 0 ? done / all : 1;
}
