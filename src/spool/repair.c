/* SPDX-License-Identifier: Apache-2.0 */
/* repair.c — a damaged segment is replaced by new ones that hold what is intact of it.
 *
 *   seg-5 (damaged)  ──► seg-5.bad          its name says so, as when an agent meets the damage
 *                    ──► seg-5, seg-9 …     one for each run of positions without a gap, last first
 *                    ──► quarantine/seg-5.bad
 *
 * A segment covers the positions from its first to the next segment's first. So with each new one
 * that gets its name the damaged one covers less, and at no moment is a record in none. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "inspect.h"
#include "spool/repair.h"
#include "spool_internal.h"

/* Of one LMDB transaction; the last may go over it by one record. */
enum { GATHER_BYTES = WRITER_TXN_BYTES, GATHER_MOST = 8192 };

struct rewriting {
	struct spool_inspect *l;
	size_t i;
	struct spool_run *runs; /* positions without a gap */
	size_t nruns;
	struct writer writer;
	struct entry *entries; /* GATHER_MOST of them, each with its batch */
	struct batch **batches;
	size_t n;
	uint64_t bytes;
	uint64_t records;
};

static int cannot(const struct spool_inspect *l, size_t i, int rc, struct why *why)
{
	return why_set(why, rc, "spool %s: %s: %s", l->directory, l->seen.segments[i].name, err_text(rc));
}

/* A start that finds the newest segment damaged does not trust what else says how far was offered. Once it
 * is out of the way nothing would tell. */
static int keep_doubt(struct spool_inspect *l, size_t i)
{
	bool newest = l->seen.segments[i].rc < 0 && l->seen.segments[i].rc != E_FOREIGN;

	for (size_t k = i + 1; k < l->seen.nsegments; k++)
		newest = newest && l->seen.segments[k].rc < 0;
	return newest ? inspect_doubt(l) : 0;
}

/* Fails when nothing is known of segment I but that it may not be opened, or that descriptors have run out. */
static int check_access(const struct spool_inspect *l, size_t i, struct why *why)
{
	const struct spool_segment *seg = &l->seen.segments[i];
	char path[PATH_MAX];

	if (seg->rc != E_LINK && seg->rc != E_DENIED && seg->rc != E_TOO_MANY)
		return 0;
	snprintf(path, sizeof(path), "%s/data.mdb", seg->name);
	disk_blame(l->dir, path, seg->rc, err_text(seg->rc), why);
	return why_wrap(why, "spool %s", l->directory);
}

int spool_repair_check(const struct spool_inspect *l, struct why *why)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < l->seen.nsegments; i++)
		rc = check_access(l, i, why);
	return rc;
}

int spool_set_aside(struct spool_inspect *l, size_t i, struct why *why)
{
	char name[SEGMENT_NAME];
	int rc = check_access(l, i, why);

	if (rc < 0)
		return rc;
	inspect_end_way(l);
	segment_name(&l->segments.at[i], name);
	rc = keep_doubt(l, i);
	if (rc == 0)
		rc = segment_set_aside(l->dir, name);
	return rc < 0 ? cannot(l, i, rc, why) : 0;
}

static int add_position(struct rewriting *g, uint64_t position)
{
	struct spool_run *last = g->nruns > 0 ? &g->runs[g->nruns - 1] : NULL, *more;

	if (last != NULL && last->end == position) {
		last->end++;
		return 0;
	}
	more = realloc(g->runs, (g->nruns + 1) * sizeof(*more));
	if (more == NULL)
		return E_NOMEM;
	g->runs = more;
	more[g->nruns++] = (struct spool_run){ position, position + 1 };
	return 0;
}

/* The next record of the segment at or above *AT that is whole. 0; E_MISSING: there is none. */
static int next_whole(struct rewriting *g, uint64_t *at, struct batch **b, struct record *header)
{
	struct reader *r = &g->l->reader;
	struct place p;
	int rc;

	for (;; *at = p.key + 1) {
		rc = reader_find(r, *at, &p);
		if (rc < 0)
			return rc;
		rc = reader_read(r, &p, b, header);
		if (rc != E_CORRUPT && rc != E_IO)
			break;
	}
	*at = p.key + 1;
	return rc;
}

/* Which of its positions are intact, from the cursor on. */
static int find_runs(struct rewriting *g)
{
	const struct segment *seg = &g->l->segments.at[g->i];
	uint64_t at = max_u64(seg->first, g->l->seen.state.cursor);
	struct record header;
	struct batch *b;
	int rc = reader_open(&g->l->reader, seg, inspect_limit(g->l, g->i));

	if (rc == 0)
		rc = reader_turn_to_salvage(&g->l->reader); /* of a tree that is damaged nothing is believed */
	if (rc < 0 && rc != E_MISSING)
		return rc;
	while ((rc = next_whole(g, &at, &b, &header)) == 0) {
		rc = add_position(g, b->position);
		batch_unref(&b);
		if (rc < 0)
			return rc;
	}
	return rc == E_MISSING ? 0 : rc;
}

static int flush(struct rewriting *g)
{
	struct head head = { .state = g->l->seen.state, .origin = g->l->origin };
	const struct record *last;
	int rc = 0;

	if (g->n == 0)
		return 0;
	last = &g->entries[g->n - 1].r;
	head.end = (struct span_offset){ last->position + 1, last->spans_before + last->spans };
	snprintf(head.host, sizeof(head.host), "%s", g->l->seen.host);
	writer_begin(&g->writer);
	for (size_t i = 0; i < g->n; i++)
		writer_put(&g->writer, &g->entries[i]);
	rc = writer_commit(&g->writer, &head);
	for (size_t i = 0; i < g->n; i++)
		batch_unref(&g->batches[i]);
	g->n = 0;
	g->bytes = 0;
	return rc;
}

static int take(struct rewriting *g, struct batch *b, const struct record *header)
{
	if (g->n == GATHER_MOST || g->bytes >= GATHER_BYTES) {
		int rc = flush(g);

		if (rc < 0) {
			batch_unref(&b);
			return rc;
		}
	}
	g->entries[g->n] = (struct entry){ *header, b->bytes };
	g->batches[g->n++] = b;
	g->bytes += b->size;
	return 0;
}

/* One run into next/. */
static int copy_run(struct rewriting *g, const struct spool_run *run)
{
	uint64_t at = run->first;
	struct record header;
	struct batch *b;
	int rc = 0;

	while (rc == 0 && at < run->end) {
		rc = next_whole(g, &at, &b, &header);
		if (rc < 0)
			return rc == E_MISSING ? E_IO : rc; /* it was there before */
		if (!g->writer.committed && g->n == 0) {
			g->writer.first = (struct span_offset){ header.position, header.spans_before };
			g->writer.made_ms = clock_wall_ms();
		}
		rc = take(g, b, &header);
	}
	return rc < 0 ? rc : flush(g);
}

/* Room for the whole segment once more and some: no run needs as much. */
static uint64_t map_bytes(const struct rewriting *g)
{
	uint64_t bytes = 2 * g->l->seen.segments[g->i].bytes + 2 * WRITER_LEAST_BYTES;

	return (bytes + 65535) / 65536 * 65536;
}

static int rewrite_run(struct rewriting *g, const struct spool_run *run)
{
	struct span_offset first;
	int rc = writer_make(&g->writer, g->l->dir, g->l->directory, &g->l->origin.key, map_bytes(g), 0);

	if (rc < 0)
		return rc;
	rc = copy_run(g, run);
	first = g->writer.first;
	if (rc == 0)
		rc = writer_name(&g->writer, g->l->dir, first);
	if (rc < 0) {
		writer_discard(&g->writer, g->l->dir);
		return rc;
	}
	writer_close(&g->writer);
	g->records += run->end - run->first;
	return 0;
}

static void let_go(struct rewriting *g)
{
	for (size_t i = 0; i < g->n; i++)
		batch_unref(&g->batches[i]);
	free(g->entries);
	free(g->batches);
	free(g->runs);
}

/* The copy and the original stand beside each other for a while. */
static int has_room(const struct rewriting *g)
{
	uint64_t bytes = g->l->seen.segments[g->i].bytes + WRITER_LEAST_BYTES;
	struct disk_space space;
	int rc = disk_space(g->l->dir, &space);

	if (rc < 0)
		return rc;
	return g->nruns > 0 && space.bytes < bytes ? E_FULL : 0;
}

static int rewrite(struct rewriting *g)
{
	int rc = find_runs(g);

	if (rc == 0)
		rc = has_room(g);
	if (rc == 0)
		rc = keep_doubt(g->l, g->i);
	if (rc == 0)
		rc = segments_mark_bad(&g->l->segments, g->l->dir, g->i);
	for (size_t k = g->nruns; rc == 0 && k > 0; k--)
		rc = rewrite_run(g, &g->runs[k - 1]);
	return rc;
}

int spool_rewrite(struct spool_inspect *l, size_t i, uint64_t *records, struct why *why)
{
	struct rewriting g = {
		.l = l,
		.i = i,
		.entries = calloc(GATHER_MOST, sizeof(*g.entries)),
		.batches = calloc(GATHER_MOST, sizeof(struct batch *)),
	};
	int rc = g.entries == NULL || g.batches == NULL ? E_NOMEM : 0;

	inspect_end_way(l);
	if (rc == 0)
		rc = rewrite(&g);
	let_go(&g);
	*records = g.records;
	if (rc < 0) {
		inspect_end_way(l);
		return cannot(l, i, rc, why);
	}
	return spool_set_aside(l, i, why);
}
