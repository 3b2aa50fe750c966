/* SPDX-License-Identifier: Apache-2.0 */
/* inspect.c — what a spool's directory shows to somebody who must not touch it.
 *
 * Beside a running agent nothing stands still: a segment may be delivered and gone before it is
 * opened, and a commit may come between the reading of two pages. So what is missing is left out,
 * and what does not fit is looked at a few times. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lock.h"
#include "inspect.h"
#include "names.h"
#include "older.h"
#include "base/owner.h"
#include "spool_internal.h"

static int cannot(struct spool_inspect *l, int rc, const char *what, struct why *why)
{
	return why_set(why, rc, "spool %s: %s: %s", l->directory, what, err_text(rc));
}

static int become_owner(struct spool_inspect *l, struct why *why)
{
	struct owner owner;
	int rc = owner_find(l->dir, "state", &owner);

	if (rc < 0)
		return why_set(why, rc, "cannot tell its owner: %s", strerror(errno));
	return owner_enter(&owner, &l->as_owner, why);
}

static int open_dir(struct spool_inspect *l, const char *directory, enum spool_inspect_how how, struct why *why)
{
	int rc;

	l->directory = strdup(directory);
	if (l->directory == NULL)
		return why_set(why, E_NOMEM, "%s", err_text(E_NOMEM));
	l->dir = disk_open_spool(directory);
	if (l->dir < 0)
		return why_set(why, err_from_errno(errno),
		        errno == ENOENT ? "there is no spool in %s: %s" : "the spool in %s cannot be opened: %s",
		        directory, strerror(errno));
	if (become_owner(l, why) < 0)
		return why_wrap(why, "spool %s", directory);
	l->live = how == SPOOL_INSPECT_LIVE;
	l->reader.at = l->dir;
	if (faccessat(l->dir, "state", F_OK, 0) < 0) {
		rc = segments_list(&l->segments, l->dir);
		if (rc < 0)
			return cannot(l, rc, "its names", why);
		if (l->segments.n == 0)
			return why_set(why, E_MISSING, "there is no spool in %s", directory);
		segments_free(&l->segments);
	}
	if (l->live) {
		l->seen.holder = lock_holder(l->dir);
		return 0;
	}
	rc = lock_take(l->dir, how == SPOOL_INSPECT_ALONE ? LOCK_ALONE : LOCK_SHARED, &l->lock, why);
	return rc < 0 ? why_wrap(why, "spool %s", directory) : 0;
}

static void offer(struct spool_inspect *l, const struct spool_state *state, const struct spool_id *origin)
{
	recover_offer(&l->seen.state, &l->seen.has_state, &l->origin, state, origin);
}

static int read_slots(struct spool_inspect *l, struct why *why)
{
	struct statefile f;
	int rc = statefile_look(&f, l->dir);

	if (rc < 0 && rc != E_MISSING) {
		disk_blame(l->dir, "state", rc, err_text(rc), why);
		return why_wrap(why, "spool %s", l->directory);
	}
	for (unsigned i = 0; i < SLOTS; i++) {
		struct slot slot = { .rc = E_CORRUPT };

		if (f.fd >= 0)
			statefile_read(&f, i, &slot);
		if (slot.rc == 0)
			offer(l, &slot.state, &slot.origin);
		l->seen.slots[i] = slot.blank ? E_MISSING : slot.rc;
		if (slot.rc == E_NEWER || slot.rc == E_OLDER)
			rc = slot.rc;
	}
	statefile_close(&f);
	if (rc == E_OLDER)
		return why_set(why, rc, OLDER_FORMAT, l->directory, "state");
	if (rc != E_NEWER)
		return 0;
	return why_set(why, E_NEWER, "spool %s was written by a newer version of this program", l->directory);
}

static void fill_segment(struct spool_inspect *l, struct spool_segment *to, int rc)
{
	const struct head *h = &l->reader.head;

	to->rc = rc;
	if (rc < 0)
		return;
	to->end = h->end.position;
	to->spans_below = h->first.spans;
	to->spans = h->end.spans - h->first.spans;
	to->made_ms = h->made_ms;
	to->first_ms = h->first_ms;
	to->last_ms = h->last_ms;
	memcpy(l->seen.host, h->host, sizeof(l->seen.host));
}

static int open_head(struct spool_inspect *l, const struct segment *seg)
{
	int rc = reader_open_head(&l->reader, seg);

	for (int i = 1; i < LOOKS && rc == E_CORRUPT && l->live; i++)
		rc = reader_open_head(&l->reader, seg);
	return rc;
}

/* Looks at the head of each segment; one that is gone meanwhile is off the list. */
static void look_at_heads(struct spool_inspect *l)
{
	for (size_t i = 0; i < l->segments.n;) {
		const struct segment *seg = &l->segments.at[i];
		struct spool_segment *to = &l->seen.segments[i];
		int rc = open_head(l, seg);

		segment_name(seg, to->name);
		if (rc < 0 && l->live && faccessat(l->dir, to->name, F_OK, 0) < 0) {
			segments_drop(&l->segments, i);
			continue;
		}
		to->first = seg->first;
		to->bytes = seg->bytes;
		to->bad = seg->bad;
		to->misnamed = rc == 0 && seg->named != seg->first;
		fill_segment(l, to, rc);
		if (rc == 0)
			offer(l, &l->reader.head.state, &l->reader.head.origin);
		i++;
	}
}

/* Their names stand between a segment and its records. */
static void find_foreign(struct spool_inspect *l)
{
	for (size_t i = 0; i < l->segments.n; i++) {
		struct spool_segment *seg = &l->seen.segments[i];
		int rc = seg->rc;

		if (rc == E_CORRUPT)
			rc = reader_open(&l->reader, &l->segments.at[i], UINT64_MAX);
		seg->foreign = rc == E_CORRUPT || rc == E_MISSING || rc == E_FOREIGN;
	}
}

static int look_at_segments(struct spool_inspect *l, struct why *why)
{
	int rc = segments_list(&l->segments, l->dir);
	bool all;

	if (rc < 0)
		return cannot(l, rc, "its names", why);
	for (size_t i = l->segments.n; i-- > 0;)
		if (segment_is_gone(&l->segments.at[i], l->dir))
			segments_drop(&l->segments, i);
	segments_measure(&l->segments, l->dir, SIZE_MAX, false);
	l->seen.segments = calloc(l->segments.n + 1, sizeof(*l->seen.segments));
	if (l->seen.segments == NULL)
		return cannot(l, E_NOMEM, "segments", why);
	/* An agent that runs has put names right itself. */
	if (l->seen.holder == 0)
		rc = names_learn(&l->segments, l->dir, &l->origin, &all);
	if (rc < 0)
		return cannot(l, rc, "segments", why);
	l->reader.key = l->origin.spool == 0 ? NULL : &l->origin.key;
	look_at_heads(l);
	if (!l->live)
		find_foreign(l);
	l->seen.nsegments = l->segments.n;
	l->seen.bytes = segments_bytes(&l->segments);
	return 0;
}

/* How far the segments reach: the newest of which a record can be read says so. */
static void measure_segments(struct spool_inspect *l)
{
	for (size_t i = l->segments.n; i-- > 0;) {
		struct spool_segment *seg = &l->seen.segments[i];

		if (seg->rc == 0) {
			l->disk = (struct span_offset){ seg->end, seg->spans_below + seg->spans };
			return;
		}
		if (seg->rc != E_CORRUPT || l->live)
			continue;
		if (reader_open(&l->reader, &l->segments.at[i], UINT64_MAX) == 0) {
			l->disk = l->reader.end;
			if (l->reader.has_head)
				offer(l, &l->reader.head.state, &l->reader.head.origin);
			return;
		}
	}
}

/* At rest it is put right as the next start would do it. */
static void settle_state(struct spool_inspect *l)
{
	struct spool_state *state = &l->seen.state;
	struct span_offset from = { 1, 0 };

	if (!l->seen.has_state && l->segments.n > 0) {
		from = (struct span_offset){ l->segments.at[0].first, 0 };
		from.spans = l->seen.segments[0].spans_below;
	}
	if (!l->seen.has_state)
		recover_assume(state, &from);
	if (l->seen.holder == 0)
		l->seen.found_beyond = recover_reconcile(state, &l->disk);
}

/* A slot that was never written is in order where another one is whole, or nothing else is there. */
static void judge_slots(struct spool_inspect *l)
{
	int *slots = l->seen.slots;
	bool in_order = l->segments.n == 0;

	for (size_t i = 0; i < SLOTS; i++)
		in_order = in_order || slots[i] == 0;
	for (size_t i = 0; i < SLOTS && !in_order; i++)
		if (slots[i] == E_MISSING)
			slots[i] = E_CORRUPT;
}

static int load_marks(struct spool_inspect *l, struct why *why)
{
	const struct spool_state *s = &l->seen.state;

	positions_init(&l->marks, s->cursor, s->end);
	if (positions_load(&l->marks, slice_of(s->marks, s->marks_len)) == E_NOMEM)
		return cannot(l, E_NOMEM, "marks", why);
	return 0;
}

/* The record at the cursor, or where one can be found cheaply the first that waits. */
static void find_oldest(struct spool_inspect *l)
{
	uint64_t cursor = l->seen.state.cursor, first, end;
	struct record header;
	struct place p;
	size_t i;

	if (cursor >= l->seen.state.end || !positions_next(&l->marks, cursor, 1, &first, &end))
		return;
	i = segments_find(&l->segments, first);
	if (i == SEGMENTS_NONE || l->seen.segments[i].rc < 0)
		return;
	if (reader_open_head(&l->reader, &l->segments.at[i]) == 0 && reader_find(&l->reader, first, &p) == 0 &&
	        reader_peek(&l->reader, &p, &header) == 0)
		l->seen.oldest_ms = header.received_ms;
}

static void count_kept(struct spool_inspect *l)
{
	struct spool_quarantined *list;
	size_t n;

	if (spool_inspect_quarantine(l, &list, &n) < 0)
		return;
	for (size_t i = 0; i < n; i++) {
		*(list[i].is_record ? &l->seen.kept_records : &l->seen.kept_segments) += 1;
		l->seen.kept_bytes += list[i].bytes;
	}
	free(list);
}

static int look_around(struct spool_inspect *l, struct why *why)
{
	struct disk_space space;
	int rc;

	if (older_check_tail(l->dir, false, why) < 0)
		return why_wrap(why, "spool %s", l->directory);
	if (read_slots(l, why) < 0 || look_at_segments(l, why) < 0)
		return why->code;
	measure_segments(l);
	judge_slots(l);
	settle_state(l);
	rc = load_marks(l, why);
	if (rc < 0)
		return rc;
	find_oldest(l);
	count_kept(l);
	if (disk_space(l->dir, &space) == 0) {
		l->seen.free_bytes = space.bytes;
		l->seen.free_inodes = space.inodes;
	}
	return 0;
}

int spool_inspect_open(struct spool_inspect **out, const char *directory, enum spool_inspect_how how, struct why *why)
{
	struct spool_inspect *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return why_set(why, E_NOMEM, "spool: %s", err_text(E_NOMEM));
	l->dir = l->lock = l->reader.fd = -1;
	if (open_dir(l, directory, how, why) < 0)
		goto fail;
	if (look_around(l, why) < 0)
		goto fail;
	spool_inspect_begin(l, &(struct spool_range){ 0 });
	*out = l;
	return 0;
fail:
	spool_inspect_close(l);
	return why->code;
}

void spool_inspect_unverified(struct spool_inspect *l)
{
	l->unverified = true;
}

const struct spool_seen *spool_inspect_seen(const struct spool_inspect *l)
{
	return &l->seen;
}

bool spool_inspect_waits(const struct spool_inspect *l, uint64_t position)
{
	return position >= l->marks.cursor && positions_at(&l->marks, position) != POSITION_DONE;
}

void inspect_end_way(struct spool_inspect *l)
{
	spool_inspect_begin(l, &(struct spool_range){ 0 });
}

uint64_t inspect_limit(const struct spool_inspect *l, size_t i)
{
	while (++i < l->segments.n)
		if (!l->seen.segments[i].foreign)
			return l->segments.at[i].first;
	return UINT64_MAX;
}

bool inspect_spans_below(const struct spool_inspect *l, uint64_t position, uint64_t *spans)
{
	const struct span_offset known[] = { l->behind, l->origin.low_water,
		{ l->seen.state.end, l->seen.state.spans_put } };

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (known[i].position == 0 || known[i].position != position)
			continue;
		*spans = known[i].spans;
		return true;
	}
	for (size_t i = 0; i < l->seen.nsegments; i++) {
		const struct spool_segment *seg = &l->seen.segments[i];

		if (seg->rc < 0 || (position != seg->first && position != seg->end))
			continue;
		*spans = seg->spans_below + (position == seg->end ? seg->spans : 0);
		return true;
	}
	return false;
}

void spool_inspect_close(struct spool_inspect *l)
{
	if (l == NULL)
		return;
	batch_unref(&l->pending);
	reader_close(&l->reader);
	positions_free(&l->marks);
	segments_free(&l->segments);
	free(l->seen.segments);
	if (l->lock >= 0)
		close(l->lock);
	if (l->dir >= 0)
		close(l->dir);
	if (l->as_owner)
		owner_leave();
	free((void *)l->directory);
	free(l);
}
