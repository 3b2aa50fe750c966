/* SPDX-License-Identifier: Apache-2.0 */
/* store.c — writes records into segments.
 *
 * A failed commit closes its segment for good, because after a failed sync the kernel may mark pages clean that
 * never reached the disk. Its entries are committed once more, to a new segment. If that fails too, the caller
 * still has all batches. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "spool_internal.h"

enum { FULL_BYTES = 1 << 20 }; /* a disk with less free space is reported as full */

uint64_t store_used(const struct spool *s)
{
	return segments_bytes(&s->segments) + writer_used(&s->writer);
}

void store_measure(struct spool *s)
{
	if (disk_space(s->dir, &s->space) < 0)
		log_debug("spool: the file system does not say how much is free");
	s->stats.free_bytes = s->space.bytes;
	s->stats.free_inodes = s->space.inodes;
}

/* Bytes that max_bytes still allows. */
static uint64_t room_by_limit(const struct spool *s)
{
	uint64_t used = store_used(s) + s->quarantine_bytes, most = s->max_bytes;

	return most == 0 ? UINT64_MAX : most > used ? most - used : 0;
}

/* Bytes that the file system has above min_free. */
static uint64_t room_on_disk(const struct spool *s)
{
	uint64_t least = s->min_free;

	return disk_space_over(&s->space, least) ? s->space.bytes - least : 0;
}

static uint64_t room_to_put(const struct spool *s)
{
	uint64_t reserved = writer_reserve_left(&s->writer) + writer_reserve_left(&s->next);

	return min_u64(room_by_limit(s), reserved + room_on_disk(s));
}

/* Bytes for a next segment, of which RESERVED are preallocated already. The preallocated blocks of the segment
 * being written are not available to it. */
static uint64_t room_for_next(const struct spool *s, uint64_t reserved)
{
	uint64_t ours = room_by_limit(s), promised = writer_reserve_left(&s->writer);

	return min_u64(ours - min_u64(ours, promised), reserved + room_on_disk(s));
}

void store_update_room(struct spool *s)
{
	uint64_t most = s->max_bytes, reserved = s->next.env == NULL ? 0 : s->next.reserved;

	s->stats.room_bytes = room_to_put(s);
	s->stats.over = most > 0 && store_used(s) > most + s->map_bytes / 8;
	if (s->stats.next_rc == E_FULL && room_for_next(s, reserved) >= s->map_bytes)
		s->stats.next_rc = 0;
}

size_t store_allow(struct spool *s, const struct entry *e, size_t n, int *rc)
{
	uint64_t left = room_to_put(s);
	size_t i;

	*rc = 0;
	for (i = 0; i < n && *rc == 0; i++) {
		uint64_t cost = writer_cost(e[i].r.size);

		if (e[i].r.size > RECORD_MOST)
			*rc = E_TOO_LARGE;
		else if (cost > left)
			*rc = E_FULL;
		left -= min_u64(cost, left);
	}
	return *rc == 0 ? n : i - 1;
}

int store_prepare(struct spool *s, bool ahead)
{
	uint64_t reserve = min_u64(room_for_next(s, 0), s->map_bytes);
	int rc;

	s->stats.next_rc = E_FULL;
	if (ahead && reserve < WRITER_LEAST_BYTES)
		return E_FULL;
	rc = writer_make(&s->next, s->dir, s->opts.directory, &s->id.key, s->map_bytes, reserve);
	if (rc < 0 || s->next.reserved == s->map_bytes)
		s->stats.next_rc = rc;
	store_measure(s);
	return rc;
}

void store_seal(struct spool *s)
{
	bool holds = s->writer.committed;
	size_t last = s->segments.n - 1;
	char name[SEGMENT_NAME];
	uint64_t bytes;

	if (s->writer.env == NULL)
		return;
	bytes = writer_close(&s->writer);
	if (holds) {
		segments_set_bytes(&s->segments, last, bytes);
		return;
	}
	segment_name(&s->segments.items[last], name);
	segments_forget(&s->segments, last);
	/* If the directory remains, remove_empty or the next start removes it as empty. */
	if (disk_remove_dir(s->dir, name) < 0 || disk_sync_dir(s->dir, ".") < 0)
		log_debug("spool: %s could not be removed", name);
}

/* Removes an empty segment that could not be removed before and has the name for position FIRST. Whatever else has that
 * name keeps it. */
static void remove_empty(struct spool *s, uint64_t first)
{
	struct segment seg = { .first = first, .named = first };
	char name[SEGMENT_NAME];
	struct head head;

	segment_name(&seg, name);
	if (faccessat(s->dir, name, F_OK, 0) < 0)
		return;
	if (reader_head(&s->reader, &seg, &head) == E_EMPTY && disk_remove_dir(s->dir, name) < 0)
		log_debug("spool: %s is empty and could not be removed", name);
}

/* Closes the segment that is written and makes the prepared segment next/ the one that is written, with FIRST
 * as its first position. On an error next/ is removed, and no segment is open for writing. */
static int start_segment(struct spool *s, struct span_offset first)
{
	struct segment seg;
	int rc = 0;

	store_seal(s);
	/* This state is the newest if the new segment gets damaged. */
	if (statefile_sync(&s->file, &s->last, &s->id) < 0)
		log_debug("spool: the state could not be synced at a new segment");
	if (s->next.env == NULL)
		rc = store_prepare(s, false);
	remove_empty(s, first.position);
	if (rc == 0)
		rc = writer_name(&s->next, s->dir, first, &seg);
	if (rc == 0)
		rc = segments_push(&s->segments, &seg);
	if (rc < 0) {
		writer_discard(&s->next, s->dir);
		return rc;
	}
	if (s->segments.n == 1)
		s->id.low_water = first;
	s->writer = s->next;
	s->next = (struct writer){ 0 };
	log_debug("spool: segment %016" PRIx64 " begins", first.position);
	return 0;
}

void store_return_to_flight(struct spool_state *state, struct ledger_count rest, const struct span_offset *end)
{
	struct ledger_count *spool = &state->ledger.place[LEDGER_IN_SPOOL];

	ledger_move(&state->ledger, LEDGER_IN_SPOOL, LEDGER_IN_FLIGHT, min_u64(rest.spans, spool->spans),
	        min_u64(rest.batches, spool->batches));
	state->end = end->position;
	state->spans_put = end->spans;
}

/* Counts the entries of G after the first DONE. */
static struct ledger_count count_rest(const struct storing *g, size_t done)
{
	struct ledger_count rest = { .batches = g->all - done };

	for (size_t i = done; i < g->all; i++)
		rest.spans += g->e[i].r.spans;
	return rest;
}

/* LMDB reports a short write as an I/O error. On a full disk it is E_FULL. */
static int commit_error(const struct spool *s, int rc)
{
	struct disk_space now;

	return rc == E_IO && disk_space(s->dir, &now) == 0 && now.bytes < FULL_BYTES ? E_FULL : rc;
}

/* Commits the next N entries in one transaction. */
static int commit_entries(struct spool *s, struct storing *g, size_t n)
{
	const struct record *r = &g->e[g->done + n - 1].r;
	struct head head = { .state = *g->state, .id = s->id };
	uint64_t began = clock_mono_us();
	int rc;

	head.end = (struct span_offset){ r->position + 1, r->spans_before + r->spans };
	snprintf(head.host, sizeof(head.host), "%s", s->opts.host);
	store_return_to_flight(&head.state, count_rest(g, g->done + n), &head.end);
	writer_begin(&s->writer);
	for (size_t i = 0; i < n; i++)
		writer_put(&s->writer, &g->e[g->done + i]);
	rc = writer_commit(&s->writer, &head);
	if (rc < 0)
		return commit_error(s, rc);
	s->stats.commits++;
	s->stats.commit_us = clock_mono_us() - began;
	s->end = head.end;
	g->done += n;
	g->state_durable = g->done == g->all;
	return 0;
}

/* Closes the segment after error RC. True when the entries may be committed to a new segment. */
static bool may_retry(struct spool *s, int rc, bool was_new, unsigned *failures)
{
	store_seal(s);
	if (rc == E_SEGMENT_FULL)
		return !was_new; /* a new one must have room for it */
	s->stats.failed_commits++;
	if (*failures == 0 && log_limit_allows(&s->commit_limit, 10000))
		log_warn("spool: a commit failed: %s; its segment is closed for good",
		        rc == E_FULL ? err_text(rc) : s->writer.error_text);
	return (*failures)++ == 0;
}

int store_run(struct spool *s, struct storing *g)
{
	unsigned failures = 0;

	while (g->done < g->n) {
		const struct entry *e = g->e + g->done;
		size_t left = g->n - g->done, fit = 0;
		bool was_new;
		int rc = 0;

		if (s->writer.env != NULL)
			fit = writer_fit(&s->writer, e, left);
		if (fit == 0) {
			rc = start_segment(s, (struct span_offset){ e->r.position, e->r.spans_before });
			if (rc < 0)
				return rc;
			fit = writer_fit(&s->writer, e, left);
		}
		if (fit == 0)
			return E_TOO_LARGE;
		was_new = !s->writer.committed;
		rc = commit_entries(s, g, fit);
		if (rc < 0 && !may_retry(s, rc, was_new, &failures))
			return rc;
	}
	return 0;
}
