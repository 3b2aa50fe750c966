/* SPDX-License-Identifier: Apache-2.0 */
/* repair.c — replaces a damaged segment by new ones that have its intact records.
 *
 *   seg-5 (damaged)  ──► seg-5.bad          renamed as by an agent that finds the damage
 *                    ──► seg-5, seg-9 …     one new segment per run of intact positions, the last run first
 *                    ──► quarantine/seg-5.bad
 *
 * A segment's positions end at the first position of the next segment. Each new segment therefore takes over the
 * positions of the damaged one from its own first position on, and every record is readable at every moment. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "inspect.h"
#include "spool/repair.h"
#include "spool_internal.h"

/* Limits of one LMDB transaction; its last record may exceed GATHER_BYTES. */
enum { GATHER_BYTES = WRITER_TXN_BYTES, GATHER_MOST = 8192 };

struct rewriting {
	struct spool_inspect *in;
	size_t i;
	struct spool_run *runs; /* runs of intact positions */
	size_t nruns;
	struct writer writer;
	struct entry *entries; /* GATHER_MOST entries, each with its batch */
	struct batch **batches;
	size_t n;
	uint64_t bytes;
	uint64_t records;
};

static int set_error(const struct spool_inspect *in, size_t i, int rc, struct why *why)
{
	return why_set(why, rc, "spool %s: %s: %s", in->directory, in->summary.segments[i].name, err_text(rc));
}

/* When the newest segment is damaged, a start sets offered_to to end, as a newer snapshot may have been in it.
 * Once the segment is in quarantine/ the start no longer sees the damage, so it is set here. */
static int keep_offered_unknown(struct spool_inspect *in, size_t i)
{
	bool newest = in->summary.segments[i].rc < 0 && in->summary.segments[i].rc != E_FOREIGN;

	for (size_t k = i + 1; k < in->summary.nsegments; k++)
		newest = newest && in->summary.segments[k].rc < 0;
	return newest ? inspect_mark_all_offered(in) : 0;
}

/* Fails when segment I was not read because of its type, permissions or missing descriptors: it may be intact. */
static int check_access(const struct spool_inspect *in, size_t i, struct why *why)
{
	const struct spool_segment *seg = &in->summary.segments[i];
	char path[PATH_MAX];

	if (seg->rc != E_LINK && seg->rc != E_DENIED && seg->rc != E_TOO_MANY)
		return 0;
	snprintf(path, sizeof(path), "%s/data.mdb", seg->name);
	disk_explain(in->dir, path, seg->rc, err_text(seg->rc), why);
	return why_wrap(why, "spool %s", in->directory);
}

int spool_repair_check(const struct spool_inspect *in, struct why *why)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < in->summary.nsegments; i++)
		rc = check_access(in, i, why);
	return rc;
}

int spool_quarantine_segment(struct spool_inspect *in, size_t i, struct why *why)
{
	char name[SEGMENT_NAME];
	int rc = check_access(in, i, why);

	if (rc < 0)
		return rc;
	inspect_reset(in);
	segment_name(&in->segments.items[i], name);
	rc = keep_offered_unknown(in, i);
	if (rc == 0)
		rc = segment_quarantine(in->dir, name);
	return rc < 0 ? set_error(in, i, rc, why) : 0;
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

/* Finds the runs of intact positions, from the cursor on. */
static int find_runs(struct rewriting *g)
{
	const struct segment *seg = &g->in->segments.items[g->i];
	struct spool_run want = { max_u64(seg->first, g->in->summary.state.cursor), UINT64_MAX };
	struct reader_item item;
	int rc = reader_open(&g->in->reader, seg, inspect_limit(g->in, g->i));

	if (rc == 0)
		rc = reader_start_salvage(&g->in->reader); /* the pages are damaged somewhere: do not use them */
	while (rc == 0 && (rc = reader_next(&g->in->reader, want, true, &item)) == 0) {
		want.first = item.batch == NULL ? item.lost.end : want.first + 1;
		if (item.batch != NULL)
			rc = add_position(g, item.batch->position);
		batch_unref(&item.batch);
	}
	return rc == E_END ? 0 : rc;
}

static int commit_entries(struct rewriting *g)
{
	struct head head = { .state = g->in->summary.state, .id = g->in->id };
	const struct record *last;
	int rc = 0;

	if (g->n == 0)
		return 0;
	last = &g->entries[g->n - 1].r;
	head.end = (struct span_offset){ last->position + 1, last->spans_before + last->spans };
	snprintf(head.host, sizeof(head.host), "%s", g->in->summary.host);
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

static int add_entry(struct rewriting *g, struct batch *b, const struct record *header)
{
	if (g->n == GATHER_MOST || g->bytes >= GATHER_BYTES) {
		int rc = commit_entries(g);

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

/* Copies one run into next/. */
static int copy_run(struct rewriting *g, struct spool_run run)
{
	struct reader_item item;
	int rc = 0;

	for (; rc == 0 && run.first < run.end; run.first++) {
		rc = reader_next(&g->in->reader, run, false, &item);
		if (rc == E_END || (rc == 0 && item.batch == NULL))
			rc = E_IO; /* find_runs has read it, so the disk fails */
		if (rc < 0)
			return rc;
		if (!g->writer.committed && g->n == 0) {
			g->writer.first = (struct span_offset){ run.first, item.header.spans_before };
			g->writer.made_ms = clock_wall_ms();
		}
		rc = add_entry(g, item.batch, &item.header);
	}
	return rc < 0 ? rc : commit_entries(g);
}

/* Map size of a new segment: more than any run of the old one needs. */
static uint64_t map_bytes(const struct rewriting *g)
{
	uint64_t bytes = 2 * g->in->summary.segments[g->i].bytes + 2 * WRITER_LEAST_BYTES;

	return (bytes + 65535) / 65536 * 65536;
}

static int rewrite_run(struct rewriting *g, const struct spool_run *run)
{
	struct segment seg;
	int rc = writer_make(&g->writer, g->in->dir, g->in->directory, &g->in->id.key, map_bytes(g), 0);

	if (rc < 0)
		return rc;
	rc = copy_run(g, *run);
	if (rc == 0)
		rc = writer_name(&g->writer, g->in->dir, g->writer.first, &seg);
	if (rc < 0) {
		writer_discard(&g->writer, g->in->dir);
		return rc;
	}
	writer_close(&g->writer);
	g->records += run->end - run->first;
	return 0;
}

static void free_rewriting(struct rewriting *g)
{
	for (size_t i = 0; i < g->n; i++)
		batch_unref(&g->batches[i]);
	free(g->entries);
	free(g->batches);
	free(g->runs);
}

/* The copies and the original are on disk at the same time. */
static int has_room(const struct rewriting *g)
{
	uint64_t bytes = g->in->summary.segments[g->i].bytes + WRITER_LEAST_BYTES;
	struct disk_space space;
	int rc = disk_space(g->in->dir, &space);

	if (rc < 0)
		return rc;
	return g->nruns > 0 && space.bytes < bytes ? E_FULL : 0;
}

static int rewrite_runs(struct rewriting *g)
{
	int rc = find_runs(g);

	if (rc == 0)
		rc = has_room(g);
	if (rc == 0)
		rc = keep_offered_unknown(g->in, g->i);
	if (rc == 0)
		rc = segments_mark_bad(&g->in->segments, g->in->dir, g->i);
	for (size_t k = g->nruns; rc == 0 && k > 0; k--)
		rc = rewrite_run(g, &g->runs[k - 1]);
	return rc;
}

int spool_rewrite(struct spool_inspect *in, size_t i, uint64_t *records, struct why *why)
{
	struct rewriting g = {
		.in = in,
		.i = i,
		.entries = calloc(GATHER_MOST, sizeof(*g.entries)),
		.batches = calloc(GATHER_MOST, sizeof(struct batch *)),
	};
	int rc = g.entries == NULL || g.batches == NULL ? E_NOMEM : 0;

	inspect_reset(in);
	if (rc == 0)
		rc = rewrite_runs(&g);
	free_rewriting(&g);
	*records = g.records;
	if (rc < 0) {
		inspect_reset(in);
		return set_error(in, i, rc, why);
	}
	return spool_quarantine_segment(in, i, why);
}
