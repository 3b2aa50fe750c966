/* names.c — names are put right by what the heads say. One rename at a time: a kill in between leaves
 * less to do. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "names.h"
#include "spool_priv.h"

/* What each head says, 0 where none holds. What was set aside in its place has none to say. */
static int read_heads(const struct segments *l, int at, uint64_t spool, uint64_t *says)
{
	struct reader r = { .at = at, .spool = spool, .fd = -1 };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < l->n; i++)
		if (!l->at[i].bad)
			rc = reader_begins(&r, &l->at[i], &says[i]);
	return rc;
}

/* The one that begins with FIRST, as far as is known. */
static size_t holder(const struct segments *l, uint64_t first)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->at[i].first == first)
			return i;
	return SEGMENTS_NONE;
}

/* Where two say the same, the first is believed. Who held the place gets the other's, until its own head
 * is looked at. */
static void believe(struct segments *l, const uint64_t *says)
{
	for (size_t i = 0; i < l->n; i++) {
		size_t other;

		if (says[i] == 0 || says[i] == l->at[i].first)
			continue;
		other = holder(l, says[i]);
		if (other != SEGMENTS_NONE && (l->at[other].bad || says[other] == says[i]))
			continue;
		if (other != SEGMENTS_NONE)
			l->at[other].first = l->at[i].first;
		l->at[i].first = says[i];
	}
}

static int count_wrong(const struct segments *l)
{
	int n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += l->at[i].named != l->at[i].first;
	return n;
}

int names_learn(struct segments *l, int at, uint64_t spool)
{
	uint64_t *says = calloc(l->n + 1, sizeof(*says));
	int rc = says == NULL ? E_NOMEM : read_heads(l, at, spool, says);

	if (rc == 0) {
		believe(l, says);
		segments_sort(l);
		rc = count_wrong(l);
	}
	free(says);
	return rc;
}

/* Segment I gets its name, and who has that gets I's. */
static int rename_one(struct segments *l, int at, size_t i)
{
	struct segment *seg = &l->at[i], right = *seg;
	char from[SEGMENT_NAME], to[SEGMENT_NAME];
	size_t other = 0;

	right.named = seg->first;
	while (other < l->n && (l->at[other].named != right.named || l->at[other].bad != seg->bad))
		other++;
	segment_name(seg, from);
	segment_name(&right, to);
	if (renameat2(at, from, at, to, other < l->n ? RENAME_EXCHANGE : RENAME_NOREPLACE) < 0)
		return err_from_errno(errno);
	if (other < l->n)
		l->at[other].named = seg->named;
	seg->named = right.named;
	return disk_sync_dir(at, ".");
}

int names_write(struct segments *l, int at)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < l->n; i++)
		if (l->at[i].named != l->at[i].first)
			rc = rename_one(l, at, i);
	for (size_t i = 0; i < l->n; i++)
		l->at[i].first = l->at[i].named;
	segments_sort(l);
	return rc;
}

bool names_put_right(struct spool *s)
{
	int wrong, rc;

	if (s->names_known || s->origin.spool == 0)
		return false;
	wrong = names_learn(&s->segments, s->dir, s->origin.spool);
	s->names_known = wrong >= 0;
	if (wrong <= 0)
		return false;
	for (size_t i = 0; i < s->segments.n; i++) {
		const struct segment *seg = &s->segments.at[i];

		if (seg->named != seg->first)
			log_warn("spool: seg-%016" PRIx64 " begins with position %" PRIu64
			         " and gets the name that says so",
			        seg->named, seg->first);
	}
	reader_close(&s->reader);
	rc = names_write(&s->segments, s->dir);
	if (rc < 0)
		log_warn("spool: names could not be put right: %s", err_text(rc));
	return true;
}
