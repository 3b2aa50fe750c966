/* SPDX-License-Identifier: Apache-2.0 */
/* store.c — records into segments.
 *
 * A commit that fails, whatever the reason, ends its segment: after a failed sync the kernel may
 * call pages clean that never reached the disk. What was in it goes into a new segment, once; if
 * that fails too, the caller still has it all.
 */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "names.h"
#include "spool_internal.h"

enum { FULL_BYTES = 1 << 20 }; /* a disk with less left is called full */

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

/* Bytes below max_bytes. */
static uint64_t room_by_limit(const struct spool *s)
{
	uint64_t used = store_used(s) + s->kept_bytes, most = s->opts.max_bytes;

	return most == 0 ? UINT64_MAX : most > used ? most - used : 0;
}

/* Bytes that the file system can give. */
static uint64_t room_on_disk(const struct spool *s)
{
	uint64_t least = s->opts.min_free;

	return disk_space_over(&s->space, least) ? s->space.bytes - least : 0;
}

static uint64_t room_to_put(const struct spool *s)
{
	uint64_t reserved = writer_reserve_left(&s->writer) + writer_reserve_left(&s->next);

	return min_u64(room_by_limit(s), reserved + room_on_disk(s));
}

/* For a next segment that has RESERVED already. What the one being written has reserved is its own. */
static uint64_t room_for_next(const struct spool *s, uint64_t reserved)
{
	uint64_t ours = room_by_limit(s), promised = writer_reserve_left(&s->writer);

	return min_u64(ours - min_u64(ours, promised), reserved + room_on_disk(s));
}

void store_look_ahead(struct spool *s)
{
	uint64_t most = s->opts.max_bytes, reserved = s->next.env == NULL ? 0 : s->next.reserved;

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
	rc = writer_make(&s->next, s->dir, s->opts.directory, &s->origin.key, s->map_bytes, reserve);
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
	segment_name(&s->segments.at[last], name);
	segments_drop(&s->segments, last);
	/* Still there, it is found empty at the next start, or moved out of the way before. */
	if (disk_remove_dir(s->dir, name) < 0 || disk_sync_dir(s->dir, ".") < 0)
		log_debug("spool: %s could not be removed", name);
}

/* One of the list has the name that the new one is to get, and should have another. */
static bool is_taken(const struct segments *l, uint64_t name)
{
	size_t i = 0;

	while (l->misnamed && i < l->n && (l->at[i].named != name || l->at[i].bad))
		i++;
	return l->misnamed && i < l->n;
}

/* A segment to which nothing was ever committed, and that could not be removed then, stands where the
 * new one is to begin; or one that has the name by mistake. */
static int clear_way(struct spool *s, uint64_t first)
{
	struct segment seg = { .first = first, .named = first };
	char name[SEGMENT_NAME];

	if (is_taken(&s->segments, first)) {
		int rc = names_write(&s->segments, s->dir);

		return rc < 0 && is_taken(&s->segments, first) ? rc : 0;
	}
	segment_name(&seg, name);
	if (faccessat(s->dir, name, F_OK, 0) < 0)
		return 0;
	if (reader_open(&s->reader, &seg, first + 1) == E_MISSING && disk_remove_dir(s->dir, name) < 0)
		log_debug("spool: %s is empty and could not be removed", name);
	return 0;
}

/* A new segment, whose first position is FIRST. */
static int roll(struct spool *s, struct span_offset first)
{
	int rc = 0;

	store_seal(s);
	/* Should the segment that now begins be damaged, this is the newest. */
	if (statefile_sync(&s->file, &s->last, &s->origin) < 0)
		log_debug("spool: the state could not be synced at a new segment");
	if (s->next.env == NULL)
		rc = store_prepare(s, false);
	if (rc == 0)
		rc = clear_way(s, first.position);
	if (rc == 0)
		rc = writer_name(&s->next, s->dir, first);
	if (rc == 0)
		rc = segments_push(&s->segments, first.position);
	if (rc < 0) {
		writer_discard(&s->next, s->dir);
		return rc;
	}
	if (s->segments.n == 1)
		s->origin.low_water = first;
	s->writer = s->next;
	s->next = (struct writer){ 0 };
	log_debug("spool: segment %016" PRIx64 " begins", first.position);
	return 0;
}

void store_settle(struct spool_state *state, struct ledger_count rest, const struct span_offset *end)
{
	struct ledger_count *spool = &state->ledger.place[LEDGER_IN_SPOOL];

	ledger_move(&state->ledger, LEDGER_IN_SPOOL, LEDGER_IN_FLIGHT, min_u64(rest.spans, spool->spans),
	        min_u64(rest.batches, spool->batches));
	state->end = end->position;
	state->spans_put = end->spans;
}

/* What of G is not in the first DONE entries. */
static struct ledger_count rest_of(const struct storing *g, size_t done)
{
	struct ledger_count rest = { .batches = g->all - done };

	for (size_t i = done; i < g->all; i++)
		rest.spans += g->e[i].r.spans;
	return rest;
}

/* LMDB calls a short write an I/O error; on a disk that has just taken its last block it is none. */
static int cause_of(const struct spool *s, int rc)
{
	struct disk_space now;

	return rc == E_IO && disk_space(s->dir, &now) == 0 && now.bytes < FULL_BYTES ? E_FULL : rc;
}

/* One transaction with the next N entries. */
static int commit(struct spool *s, struct storing *g, size_t n)
{
	const struct record *r = &g->e[g->done + n - 1].r;
	struct head head = { .state = *g->state, .origin = s->origin };
	uint64_t began = clock_mono_us();
	int rc;

	head.end = (struct span_offset){ r->position + 1, r->spans_before + r->spans };
	snprintf(head.host, sizeof(head.host), "%s", s->opts.host);
	store_settle(&head.state, rest_of(g, g->done + n), &head.end);
	writer_begin(&s->writer);
	for (size_t i = 0; i < n; i++)
		writer_put(&s->writer, &g->e[g->done + i]);
	rc = writer_commit(&s->writer, &head);
	if (rc < 0)
		return cause_of(s, rc);
	s->stats.commits++;
	s->stats.commit_us = clock_mono_us() - began;
	s->end = head.end;
	g->done += n;
	g->state_durable = g->done == g->all;
	return 0;
}

/* The segment is sealed. True when the same may be tried in a new one. */
static bool may_try_again(struct spool *s, int rc, bool was_new, unsigned *failures)
{
	store_seal(s);
	if (rc == E_TOO_LARGE)
		return !was_new; /* just full; but one that is new should have taken it */
	s->stats.failed_commits++;
	if (*failures == 0 && log_limit_allows(&s->commit_limit, 10000))
		log_warn("spool: a commit failed: %s; its segment is closed for good",
		        rc == E_FULL ? err_text(rc) : s->writer.words);
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
			rc = roll(s, (struct span_offset){ e->r.position, e->r.spans_before });
			if (rc < 0)
				return rc;
			fit = writer_fit(&s->writer, e, left);
		}
		if (fit == 0)
			return E_TOO_LARGE;
		was_new = !s->writer.committed;
		rc = commit(s, g, fit);
		if (rc < 0 && !may_try_again(s, rc, was_new, &failures))
			return rc;
	}
	return 0;
}
