/* SPDX-License-Identifier: Apache-2.0 */
/* names.c — a list of segments goes by what their heads say, and the names on disk follow, one rename at
 * a time: a kill in between leaves less to do. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "names.h"
#include "reader.h"

/* What a head says; FIRST 0: none holds. */
struct claim {
	size_t i; /* the segment */
	uint64_t first;
	uint64_t end;
	uint64_t named;
	bool wins; /* the segment begins where its head says */
};

struct learning {
	struct segments *l;
	struct claim *of;     /* of each segment */
	struct claim **first; /* the same by first position, the best of each position in front */
	struct claim **name;  /* the same by name */
	struct reader reader;
};

/* One word for which spool a head is of. Boyer and Moore: where more than half are of one, it is that. */
static void vote(const struct spool_id *said, struct spool_id *candidate, size_t *votes)
{
	if (*votes == 0)
		*candidate = *said;
	if (candidate->spool == said->spool)
		++*votes;
	else
		--*votes;
}

/* False: a head could not be read that may be read later. */
static bool read_claims(struct learning *g, struct spool_id *ours)
{
	struct spool_id candidate = { 0 };
	bool all = true;
	size_t votes = 0;

	for (size_t i = 0; i < g->l->n; i++) {
		struct claim *c = &g->of[i];
		struct head head;
		int rc = reader_head(&g->reader, &g->l->at[i], &head);

		*c = (struct claim){ .i = i, .named = g->l->at[i].named };
		g->first[i] = g->name[i] = c;
		if (rc < 0) {
			all = all && (rc == E_CORRUPT || rc == E_MISSING || rc == E_FOREIGN);
			continue;
		}
		c->first = head.first.position;
		c->end = head.end.position;
		vote(&head.origin, &candidate, &votes);
	}
	if (ours->spool == 0 && votes > 0)
		*ours = (struct spool_id){ .spool = candidate.spool, .key = candidate.key };
	return all;
}

static int by_claim(const void *a, const void *b)
{
	const struct claim *x = *(struct claim *const *)a, *y = *(struct claim *const *)b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	if ((x->named == x->first) != (y->named == y->first))
		return x->named == x->first ? -1 : 1;
	return x->end > y->end ? -1 : x->end < y->end;
}

static int by_name(const void *a, const void *b)
{
	const struct claim *x = *(struct claim *const *)a, *y = *(struct claim *const *)b;

	return x->named < y->named ? -1 : x->named > y->named;
}

static uint64_t claimed(const struct claim *c)
{
	return c->first;
}

static uint64_t named(const struct claim *c)
{
	return c->named;
}

/* The first of the sorted list LIST whose KEY is VALUE; NULL: none. */
static struct claim *find(struct claim **list, size_t n, uint64_t (*key)(const struct claim *c), uint64_t value)
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

/* A segment whose head is gone keeps its name's place while any record of that place is left in it. */
static bool is_held(struct learning *g, const struct claim *c)
{
	const struct claim *holder = find(g->name, g->l->n, named, c->first);
	struct segment seg;

	if (c->named == c->first || holder == NULL || holder->first != 0)
		return false;
	seg = g->l->at[holder->i];
	return reader_open_salvaged(&g->reader, &seg, c->end) == 0;
}

static void choose_winners(struct learning *g)
{
	for (size_t i = 0; i < g->l->n; i++) {
		struct claim *c = g->first[i];
		bool best = i == 0 || g->first[i - 1]->first != c->first || c->named == c->first;

		c->wins = c->first != 0 && best && !is_held(g, c);
	}
}

/* Where segment C begins, which has no head, or one that is no good: by its name, unless another has that
 * place by its head. Then they may have each other's names. */
static uint64_t place_of(const struct learning *g, const struct claim *c)
{
	uint64_t place = c->named;

	for (size_t n = 0; n < g->l->n; n++) {
		const struct claim *other = find(g->first, g->l->n, claimed, place);

		if (other == NULL || !other->wins)
			return place;
		if (other->named == place)
			break;
		place = other->named;
	}
	return c->named;
}

/* Gives how many names are not what the heads say. */
static int settle(struct learning *g)
{
	bool differ = false;
	int wrong = 0;

	choose_winners(g);
	for (size_t i = 0; i < g->l->n; i++) {
		struct segment *seg = &g->l->at[i];
		const struct claim *c = &g->of[i];

		seg->first = c->wins ? c->first : place_of(g, c);
		seg->by_head = c->wins;
		wrong += seg->by_head && seg->named != seg->first;
		differ = differ || seg->named != seg->first;
	}
	g->l->misnamed = differ;
	segments_sort(g->l);
	return wrong;
}

static void let_go(struct learning *g)
{
	reader_close(&g->reader);
	free(g->of);
	free(g->first);
	free(g->name);
}

int names_learn(struct segments *l, int at, struct spool_id *ours, bool *all)
{
	struct learning g = {
		.l = l,
		.of = calloc(l->n + 1, sizeof(struct claim)),
		.first = calloc(l->n + 1, sizeof(struct claim *)),
		.name = calloc(l->n + 1, sizeof(struct claim *)),
		.reader = { .at = at, .fd = -1, .key = ours->spool == 0 ? NULL : &ours->key },
	};
	int rc = g.of == NULL || g.first == NULL || g.name == NULL ? E_NOMEM : 0;

	*all = rc == 0 && read_claims(&g, ours);
	/* By now the key is known, and what is sealed with another one claims nothing. */
	if (rc == 0 && g.reader.key == NULL && ours->spool != 0) {
		g.reader.key = &ours->key;
		*all = read_claims(&g, ours);
	}
	if (rc == 0) {
		qsort(g.first, l->n, sizeof(struct claim *), by_claim);
		qsort(g.name, l->n, sizeof(struct claim *), by_name);
		rc = settle(&g);
	}
	let_go(&g);
	return rc;
}

/* ---- on disk ---- */

/* NAMED is as on disk whatever happens. */
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

/* Where the file system cannot do it at once, a name that nobody has helps for a moment. */
static int exchange_by_hand(struct segment *one, struct segment *other, int at)
{
	uint64_t was = one->named, wanted = other->named;
	int rc = rename_to(one, at, UINT64_MAX);

	if (rc < 0)
		return rc;
	rc = rename_to(other, at, was);
	return rc == 0 ? rename_to(one, at, wanted) : rename_to(one, at, was) < 0 ? E_IO : rc;
}

static int exchange(struct segment *one, struct segment *other, int at)
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

/* Nothing of the list has the name of segment I, but something else may. */
static int clear_way(const struct segment *seg, int at)
{
	struct segment right = *seg;
	char name[SEGMENT_NAME];

	right.named = seg->first;
	segment_name(&right, name);
	return faccessat(at, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0 ? 0 : segment_set_aside(at, name);
}

/* The segment that has by its name what SEG is to be called. */
static size_t find_named(const struct segments *l, const struct segment *seg)
{
	size_t i = 0;

	while (i < l->n && (l->at[i].named != seg->first || l->at[i].bad != seg->bad))
		i++;
	return i;
}

/* Segment I gets its name, and who has that gets I's. */
static int rename_one(struct segments *l, int at, size_t i)
{
	struct segment *seg = &l->at[i];
	size_t other = find_named(l, seg);
	int rc;

	if (other < l->n) {
		rc = exchange(seg, &l->at[other], at);
	} else {
		rc = clear_way(seg, at);
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
		int rc = l->at[i].named == l->at[i].first ? 0 : rename_one(l, at, i);

		worst = worst == 0 ? rc : worst;
		left = left || l->at[i].named != l->at[i].first;
	}
	l->misnamed = left;
	return worst;
}
