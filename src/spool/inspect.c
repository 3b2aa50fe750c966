/* SPDX-License-Identifier: Apache-2.0 */
/* inspect.c — opens a spool for inspection without writing to it.
 *
 * Beside a running agent a segment may be delivered and unlinked before it is opened, and a commit may come
 * between the reading of two pages. A missing segment is therefore left out, and a head that looks damaged is
 * read again up to READ_ATTEMPTS times. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lock.h"
#include "inspect.h"
#include "older.h"
#include "base/owner.h"
#include "spool_internal.h"
#include "survey.h"

static int set_error(struct spool_inspect *in, int rc, const char *what, struct why *why)
{
	return why_set(why, rc, "spool %s: %s: %s", in->directory, what, err_text(rc));
}

static int become_owner(struct spool_inspect *in, struct why *why)
{
	struct owner owner;
	int rc = owner_find(in->dir, "state", &owner);

	if (rc < 0)
		return why_set(why, rc, "cannot tell its owner: %s", strerror(errno));
	return owner_enter(&owner, &in->as_owner, why);
}

static int open_dir(struct spool_inspect *in, const char *directory, enum spool_inspect_how how, struct why *why)
{
	int rc;

	in->directory = strdup(directory);
	if (in->directory == NULL)
		return why_set(why, E_NOMEM, "%s", err_text(E_NOMEM));
	in->dir = disk_open_spool(directory);
	if (in->dir < 0)
		return why_set(why, err_from_errno(errno),
		        errno == ENOENT ? "there is no spool in %s: %s" : "the spool in %s cannot be opened: %s",
		        directory, strerror(errno));
	if (become_owner(in, why) < 0)
		return why_wrap(why, "spool %s", directory);
	in->live = how == SPOOL_INSPECT_LIVE;
	in->reader.at = in->dir;
	if (faccessat(in->dir, "state", F_OK, 0) < 0) {
		rc = segments_list(&in->segments, in->dir);
		if (rc < 0)
			return set_error(in, rc, "its names", why);
		if (in->segments.n == 0)
			return why_set(why, E_MISSING, "there is no spool in %s", directory);
		segments_free(&in->segments);
	}
	if (in->live) {
		in->summary.holder = lock_holder(in->dir);
		return 0;
	}
	rc = lock_take(in->dir, how == SPOOL_INSPECT_ALONE ? LOCK_ALONE : LOCK_SHARED, &in->lock, why);
	return rc < 0 ? why_wrap(why, "spool %s", directory) : 0;
}

static void keep_newer_state(struct spool_inspect *in, const struct spool_state *state, const struct spool_id *id)
{
	recover_keep_newer(&in->summary.state, &in->summary.has_state, &in->id, state, id);
}

static int read_slots(struct spool_inspect *in, struct why *why)
{
	struct statefile f;
	int rc = statefile_open_readonly(&f, in->dir);

	if (rc < 0 && rc != E_MISSING) {
		disk_explain(in->dir, "state", rc, err_text(rc), why);
		return why_wrap(why, "spool %s", in->directory);
	}
	for (unsigned i = 0; i < SLOTS; i++) {
		struct slot slot = { .rc = E_CORRUPT };

		if (f.fd >= 0)
			statefile_read(&f, i, &slot);
		if (slot.rc == 0)
			keep_newer_state(in, &slot.state, &slot.id);
		in->summary.slots[i] = slot.blank ? E_EMPTY : slot.rc;
		if (slot.rc == E_NEWER || slot.rc == E_OLDER)
			rc = slot.rc;
	}
	statefile_close(&f);
	if (rc == E_OLDER)
		return why_set(why, rc, OLDER_FORMAT, in->directory, "state");
	if (rc != E_NEWER)
		return 0;
	return why_set(why, E_NEWER, "spool %s was written by a newer version of this program", in->directory);
}

static void on_head(const struct head *head, void *user)
{
	struct spool_inspect *in = user;

	keep_newer_state(in, &head->state, &head->id);
	if (head->host[0] != '\0')
		memcpy(in->summary.host, head->host, sizeof(in->summary.host));
}

static void fill_segment(struct spool_segment *to, const struct survey_entry *e)
{
	const struct segment *seg = &e->segment;

	segment_name(seg, to->name);
	to->rc = e->rc;
	to->first = seg->first;
	to->bytes = seg->bytes;
	to->bad = seg->bad;
	to->misnamed = seg->by_head && seg->named != seg->first;
	if (e->rc < 0)
		return;
	to->end = e->end.position;
	to->spans_below = e->first.spans;
	to->spans = e->end.spans - e->first.spans;
	to->made_ms = e->made_ms;
	to->first_ms = e->first_ms;
	to->last_ms = e->last_ms;
}

/* Reads the head of each segment. A segment that the agent has unlinked meanwhile leaves the list. */
static int survey(struct spool_inspect *in)
{
	struct survey v = {
		.at = in->dir,
		.id = &in->id,
		.attempts = in->live ? READ_ATTEMPTS : 1,
		.on_head = on_head,
		.user = in,
	};
	size_t n = in->segments.n;
	int rc = survey_run(&v, &in->segments);

	for (size_t i = 0, to = 0; rc >= 0 && i < n; i++) {
		const struct survey_entry *e = &v.entries[i];

		if (e->rc < 0 && in->live && segment_is_gone(&e->segment, in->dir))
			segments_forget(&in->segments, to);
		else
			fill_segment(&in->summary.segments[to++], e);
	}
	free(v.entries);
	return rc;
}

/* Sets in->disk to the end of the newest readable record, and foreign for each segment from which no record of this
 * spool can be read: of another spool, empty, or damaged beyond salvage. The name of such a segment says nothing, and
 * must not bound the positions of the segment before it. Beside a running agent no damaged segment is salvaged: its
 * last commit may be under way. */
static void find_records(struct spool_inspect *in)
{
	for (size_t i = in->segments.n; i-- > 0;) {
		struct spool_segment *seg = &in->summary.segments[i];
		struct span_offset end = { seg->end, seg->spans_below + seg->spans };
		int rc = seg->rc;

		if (rc < 0 && in->live)
			continue;
		if (rc == E_CORRUPT) {
			rc = reader_open(&in->reader, &in->segments.items[i], UINT64_MAX);
			end = in->reader.end;
			if (rc == 0 && in->reader.has_head)
				keep_newer_state(in, &in->reader.head.state, &in->reader.head.id);
		}
		seg->foreign = reader_has_nothing(rc);
		if (rc == 0 && in->disk.position == 0)
			in->disk = end;
	}
}

static int list_segments(struct spool_inspect *in, struct why *why)
{
	int rc = segments_list(&in->segments, in->dir);

	if (rc < 0)
		return set_error(in, rc, "its names", why);
	for (size_t i = in->segments.n; i-- > 0;)
		if (segment_is_gone(&in->segments.items[i], in->dir))
			segments_forget(&in->segments, i);
	segments_measure(&in->segments, in->dir, SIZE_MAX, false);
	in->summary.segments = calloc(in->segments.n + 1, sizeof(*in->summary.segments));
	if (in->summary.segments == NULL)
		return set_error(in, E_NOMEM, "segments", why);
	rc = survey(in);
	if (rc < 0)
		return set_error(in, rc, "segments", why);
	in->reader.key = in->id.spool == 0 ? NULL : &in->id.key;
	find_records(in);
	in->summary.nsegments = in->segments.n;
	in->summary.bytes = segments_bytes(&in->segments);
	return 0;
}

/* Without a holder, completes the state as the next start would do. */
static void complete_state(struct spool_inspect *in)
{
	struct spool_state *state = &in->summary.state;
	struct span_offset from = { 1, 0 };

	if (!in->summary.has_state && in->segments.n > 0) {
		from = (struct span_offset){ in->segments.items[0].first, 0 };
		from.spans = in->summary.segments[0].spans_below;
	}
	if (!in->summary.has_state)
		recover_without_state(state, &from);
	if (in->summary.holder == 0)
		in->summary.found_beyond = recover_reconcile(state, &in->disk);
}

/* A blank slot is no damage when another slot is intact, or when there are no segments. */
static void check_blank_slots(struct spool_inspect *in)
{
	int *slots = in->summary.slots;
	bool in_order = in->segments.n == 0;

	for (size_t i = 0; i < SLOTS; i++)
		in_order = in_order || slots[i] == 0;
	for (size_t i = 0; i < SLOTS && !in_order; i++)
		if (slots[i] == E_EMPTY)
			slots[i] = E_CORRUPT;
}

static int load_positions(struct spool_inspect *in, struct why *why)
{
	const struct spool_state *s = &in->summary.state;

	positions_init(&in->positions, s->cursor, s->end);
	if (positions_load(&in->positions, slice_of(s->positions, s->positions_len)) == E_NOMEM)
		return set_error(in, E_NOMEM, "marks", why);
	return 0;
}

/* Sets oldest_ms from the first record that waits, if it is in an intact segment. */
static void find_oldest(struct spool_inspect *in)
{
	uint64_t cursor = in->summary.state.cursor, first, end;
	struct record header;
	struct place p;
	size_t i;

	if (cursor >= in->summary.state.end || !positions_next(&in->positions, cursor, 1, &first, &end))
		return;
	i = segments_find(&in->segments, first);
	if (i == SEGMENTS_NONE || in->summary.segments[i].rc < 0)
		return;
	if (reader_open_head(&in->reader, &in->segments.items[i]) == 0 && reader_find(&in->reader, first, &p) == 0 &&
	        reader_read_header(&in->reader, &p, &header) == 0)
		in->summary.oldest_ms = header.received_ms;
}

static void count_quarantine(struct spool_inspect *in)
{
	struct spool_quarantined *list;
	size_t n;

	if (spool_inspect_quarantine(in, &list, &n) < 0)
		return;
	for (size_t i = 0; i < n; i++) {
		*(list[i].is_record ? &in->summary.quarantine_records : &in->summary.quarantine_segments) += 1;
		in->summary.quarantine_bytes += list[i].bytes;
	}
	free(list);
}

static int read_spool(struct spool_inspect *in, struct why *why)
{
	struct disk_space space;
	int rc;

	if (older_check_tail(in->dir, false, why) < 0)
		return why_wrap(why, "spool %s", in->directory);
	if (read_slots(in, why) < 0 || list_segments(in, why) < 0)
		return why->code;
	check_blank_slots(in);
	complete_state(in);
	rc = load_positions(in, why);
	if (rc < 0)
		return rc;
	find_oldest(in);
	count_quarantine(in);
	if (disk_space(in->dir, &space) == 0) {
		in->summary.free_bytes = space.bytes;
		in->summary.free_inodes = space.inodes;
	}
	return 0;
}

int spool_inspect_open(struct spool_inspect **out, const char *directory, enum spool_inspect_how how, struct why *why)
{
	struct spool_inspect *in = calloc(1, sizeof(*in));

	if (in == NULL)
		return why_set(why, E_NOMEM, "spool: %s", err_text(E_NOMEM));
	in->dir = in->lock = in->reader.fd = -1;
	if (open_dir(in, directory, how, why) < 0)
		goto fail;
	if (read_spool(in, why) < 0)
		goto fail;
	spool_inspect_begin(in, &(struct spool_range){ 0 });
	*out = in;
	return 0;
fail:
	spool_inspect_close(in);
	return why->code;
}

void spool_inspect_unverified(struct spool_inspect *in)
{
	in->unverified = true;
}

const struct spool_summary *spool_inspect_summary(const struct spool_inspect *in)
{
	return &in->summary;
}

bool spool_inspect_waits(const struct spool_inspect *in, uint64_t position)
{
	return position >= in->positions.cursor && positions_at(&in->positions, position) != POSITION_DONE;
}

void inspect_reset(struct spool_inspect *in)
{
	spool_inspect_begin(in, &(struct spool_range){ 0 });
}

uint64_t inspect_limit(const struct spool_inspect *in, size_t i)
{
	while (++i < in->segments.n)
		if (!in->summary.segments[i].foreign)
			return in->segments.items[i].first;
	return UINT64_MAX;
}

bool inspect_spans_below(const struct spool_inspect *in, uint64_t position, uint64_t *spans)
{
	const struct span_offset known[] = { in->last_end, in->id.low_water,
		{ in->summary.state.end, in->summary.state.spans_put } };

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (known[i].position == 0 || known[i].position != position)
			continue;
		*spans = known[i].spans;
		return true;
	}
	for (size_t i = 0; i < in->summary.nsegments; i++) {
		const struct spool_segment *seg = &in->summary.segments[i];

		if (seg->rc < 0 || (position != seg->first && position != seg->end))
			continue;
		*spans = seg->spans_below + (position == seg->end ? seg->spans : 0);
		return true;
	}
	return false;
}

void spool_inspect_close(struct spool_inspect *in)
{
	if (in == NULL)
		return;
	reader_close(&in->reader);
	positions_free(&in->positions);
	segments_free(&in->segments);
	free(in->summary.segments);
	if (in->lock >= 0)
		close(in->lock);
	if (in->dir >= 0)
		close(in->dir);
	if (in->as_owner)
		owner_leave();
	free((void *)in->directory);
	free(in);
}
