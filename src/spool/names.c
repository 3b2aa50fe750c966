/* SPDX-License-Identifier: Apache-2.0 */
/* names.c — orders a list of segments by what their heads say, then renames the directories accordingly, one
 * rename at a time: after a kill the next run does the rest. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "names.h"
#include "reader.h"

/* The positions that the head of one segment says; FIRST 0: it has no intact head. */
struct head_range {
	size_t i; /* index of the segment */
	uint64_t first;
	uint64_t end;
	uint64_t named;
	bool accepted; /* FIRST is accepted: no other segment has a better claim to this position */
};

struct ordering {
	struct segments *l;
	struct head_range *of;     /* one per segment, in the list's order */
	struct head_range **first; /* sorted by first position, the best of equals first */
	struct head_range **name;  /* sorted by the position in the name */
	struct reader reader;
};

/* One vote for the spool that most heads belong to: the majority vote of Boyer and Moore. CANDIDATE is right if
 * more than half of the heads agree. */
static void vote_for_spool(const struct spool_id *said, struct spool_id *candidate, size_t *votes)
{
	if (*votes == 0)
		*candidate = *said;
	if (candidate->spool == said->spool)
		++*votes;
	else
		--*votes;
}

/* Reads all heads. False: a head that could not be read may be readable later. */
static bool read_heads(struct ordering *g, struct spool_id *ours)
{
	struct spool_id candidate = { 0 };
	bool all = true;
	size_t votes = 0;

	for (size_t i = 0; i < g->l->n; i++) {
		struct head_range *c = &g->of[i];
		struct head head;
		int rc = reader_head(&g->reader, &g->l->at[i], &head);

		*c = (struct head_range){ .i = i, .named = g->l->at[i].named };
		g->first[i] = g->name[i] = c;
		if (rc < 0) {
			all = all && (rc == E_CORRUPT || rc == E_MISSING || rc == E_FOREIGN);
			continue;
		}
		c->first = head.first.position;
		c->end = head.end.position;
		vote_for_spool(&head.id, &candidate, &votes);
	}
	if (ours->spool == 0 && votes > 0)
		*ours = (struct spool_id){ .spool = candidate.spool, .key = candidate.key };
	return all;
}

static int compare_first(const void *a, const void *b)
{
	const struct head_range *x = *(struct head_range *const *)a, *y = *(struct head_range *const *)b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	if ((x->named == x->first) != (y->named == y->first))
		return x->named == x->first ? -1 : 1;
	return x->end > y->end ? -1 : x->end < y->end;
}

static int compare_named(const void *a, const void *b)
{
	const struct head_range *x = *(struct head_range *const *)a, *y = *(struct head_range *const *)b;

	return x->named < y->named ? -1 : x->named > y->named;
}

static uint64_t first_key(const struct head_range *c)
{
	return c->first;
}

static uint64_t named_key(const struct head_range *c)
{
	return c->named;
}

/* The first element of the sorted LIST whose KEY is VALUE; NULL: none. */
static struct head_range *find_range(
        struct head_range **list, size_t n, uint64_t (*key)(const struct head_range *c), uint64_t value)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (key(list[mid]) < value)
			low = mid + 1;
		else
			high = mid;
	}
	return low < n && key(list[low]) == value ? list[low] : NULL;
}

/* True when the position that C's head says belongs to a segment that has it by name, whose head is damaged and
 * which still has a record from there on. */
static bool is_taken_by_name(struct ordering *g, const struct head_range *c)
{
	const struct head_range *holder = find_range(g->name, g->l->n, named_key, c->first);
	struct segment seg;

	if (c->named == c->first || holder == NULL || holder->first != 0)
		return false;
	seg = g->l->at[holder->i];
	return reader_open_salvaged(&g->reader, &seg, c->end) == 0;
}

static void accept_heads(struct ordering *g)
{
	for (size_t i = 0; i < g->l->n; i++) {
		struct head_range *c = g->first[i];
		bool best = i == 0 || g->first[i - 1]->first != c->first || c->named == c->first;

		c->accepted = c->first != 0 && best && !is_taken_by_name(g, c);
	}
}

/* First position of segment C, whose head is missing or not accepted: the one in its name, unless an accepted
 * head says that position. Then names were exchanged, and C takes the position in that segment's name. */
static uint64_t first_by_name(const struct ordering *g, const struct head_range *c)
{
	uint64_t place = c->named;

	for (size_t n = 0; n < g->l->n; n++) {
		const struct head_range *other = find_range(g->first, g->l->n, first_key, place);

		if (other == NULL || !other->accepted)
			return place;
		if (other->named == place)
			break;
		place = other->named;
	}
	return c->named;
}

/* Sets FIRST of all segments and sorts the list. Returns how many names differ from their heads. */
static int assign_first(struct ordering *g)
{
	bool differ = false;
	int wrong = 0;

	accept_heads(g);
	for (size_t i = 0; i < g->l->n; i++) {
		struct segment *seg = &g->l->at[i];
		const struct head_range *c = &g->of[i];

		seg->first = c->accepted ? c->first : first_by_name(g, c);
		seg->by_head = c->accepted;
		wrong += seg->by_head && seg->named != seg->first;
		differ = differ || seg->named != seg->first;
	}
	g->l->misnamed = differ;
	segments_sort(g->l);
	return wrong;
}

static void free_ordering(struct ordering *g)
{
	reader_close(&g->reader);
	free(g->of);
	free(g->first);
	free(g->name);
}

int names_learn(struct segments *l, int at, struct spool_id *ours, bool *all)
{
	struct ordering g = {
		.l = l,
		.of = calloc(l->n + 1, sizeof(struct head_range)),
		.first = calloc(l->n + 1, sizeof(struct head_range *)),
		.name = calloc(l->n + 1, sizeof(struct head_range *)),
		.reader = { .at = at, .fd = -1, .key = ours->spool == 0 ? NULL : &ours->key },
	};
	int rc = g.of == NULL || g.first == NULL || g.name == NULL ? E_NOMEM : 0;

	*all = rc == 0 && read_heads(&g, ours);
	/* Now the key is known: read again, and ignore the heads of other spools. */
	if (rc == 0 && g.reader.key == NULL && ours->spool != 0) {
		g.reader.key = &ours->key;
		*all = read_heads(&g, ours);
	}
	if (rc == 0) {
		qsort(g.first, l->n, sizeof(struct head_range *), compare_first);
		qsort(g.name, l->n, sizeof(struct head_range *), compare_named);
		rc = assign_first(&g);
	}
	free_ordering(&g);
	return rc;
}

/* ---- Renaming on disk ---- */

/* seg->named stays equal to the name on disk, also after an error. */
static int rename_to(struct segment *seg, int at, uint64_t named)
{
	struct segment right = *seg;
	char from[SEGMENT_NAME], to[SEGMENT_NAME];

	right.named = named;
	segment_name(seg, from);
	segment_name(&right, to);
	if (renameat2(at, from, at, to, RENAME_NOREPLACE) < 0)
		return err_from_errno(errno);
	seg->named = named;
	return 0;
}

/* For file systems without RENAME_EXCHANGE: exchanges two names by way of an unused third one. */
static int exchange_by_hand(struct segment *one, struct segment *other, int at)
{
	uint64_t was = one->named, wanted = other->named;
	int rc = rename_to(one, at, UINT64_MAX);

	if (rc < 0)
		return rc;
	rc = rename_to(other, at, was);
	return rc == 0 ? rename_to(one, at, wanted) : rename_to(one, at, was) < 0 ? E_IO : rc;
}

static int exchange_names(struct segment *one, struct segment *other, int at)
{
	char from[SEGMENT_NAME], to[SEGMENT_NAME];
	uint64_t was = one->named;

	segment_name(one, from);
	segment_name(other, to);
	if (renameat2(at, from, at, to, RENAME_EXCHANGE) < 0)
		return errno == EINVAL || errno == ENOSYS ? exchange_by_hand(one, other, at) : err_from_errno(errno);
	one->named = other->named;
	other->named = was;
	return 0;
}

/* No segment of the list has the name that SEG is to get. Moves anything else with that name to quarantine/. */
static int move_obstacle(const struct segment *seg, int at)
{
	struct segment right = *seg;
	char name[SEGMENT_NAME];

	right.named = seg->first;
	segment_name(&right, name);
	return faccessat(at, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0 ? 0 : segment_quarantine(at, name);
}

/* Index of the segment that has the name which SEG is to get; l->n: none. */
static size_t find_named(const struct segments *l, const struct segment *seg)
{
	size_t i = 0;

	while (i < l->n && (l->at[i].named != seg->first || l->at[i].bad != seg->bad))
		i++;
	return i;
}

/* Gives segment I its right name. A segment that has this name gets the old name of segment I. */
static int correct_name(struct segments *l, int at, size_t i)
{
	struct segment *seg = &l->at[i];
	size_t other = find_named(l, seg);
	int rc;

	if (other < l->n) {
		rc = exchange_names(seg, &l->at[other], at);
	} else {
		rc = move_obstacle(seg, at);
		if (rc == 0)
			rc = rename_to(seg, at, seg->first);
	}
	return rc < 0 ? rc : disk_sync_dir(at, ".");
}

int names_write(struct segments *l, int at)
{
	bool left = false;
	int worst = 0;

	for (size_t i = 0; l->misnamed && i < l->n; i++) {
		int rc = l->at[i].named == l->at[i].first ? 0 : correct_name(l, at, i);

		worst = worst == 0 ? rc : worst;
		left = left || l->at[i].named != l->at[i].first;
	}
	l->misnamed = left;
	return worst;
}
