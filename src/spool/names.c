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

/* What a head says; all 0: none holds. */
struct claim {
	uint64_t first;
	uint64_t end;
	uint64_t spool;
};

struct learning {
	struct segments *l;
	struct claim *claims; /* of each */
	struct reader reader;
};

static void read_claims(struct learning *g)
{
	for (size_t i = 0; i < g->l->n; i++) {
		struct head head;

		if (reader_head(&g->reader, &g->l->at[i], &head) == 0)
			g->claims[i] = (struct claim){ head.first.position, head.end.position,
				head.origin.spool };
	}
}

/* The spool that most of them are of. */
static uint64_t most_common(const struct learning *g)
{
	uint64_t best = 0;
	size_t most = 0;

	for (size_t i = 0; i < g->l->n; i++) {
		size_t n = 0;

		for (size_t k = 0; k < g->l->n; k++)
			n += g->claims[k].spool == g->claims[i].spool;
		if (g->claims[i].spool != 0 && n > most) {
			most = n;
			best = g->claims[i].spool;
		}
	}
	return best;
}

/* Who begins with FIRST, as far as is known. */
static size_t holder(const struct segments *l, uint64_t first)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->at[i].first == first)
			return i;
	return SEGMENTS_NONE;
}

/* The claim of I on a place that I has not got. Of two the one that goes further is better; a segment whose
 * head is gone keeps its place while any of its records is left. */
static bool is_better(struct learning *g, size_t i, size_t other)
{
	const struct claim *mine = &g->claims[i], *its = &g->claims[other];
	struct segment at_place = g->l->at[other];

	if (its->first == mine->first)
		return g->l->at[other].named != mine->first && mine->end > its->end;
	if (its->first != 0)
		return true; /* it has a place elsewhere */
	at_place.first = mine->first;
	return reader_rescue(&g->reader, &at_place, mine->end) < 0;
}

/* Whoever had the place gets the other's, until its own head is asked. */
static void believe(struct learning *g)
{
	struct segments *l = g->l;

	for (size_t i = 0; i < l->n; i++) {
		uint64_t first = g->claims[i].first;
		size_t other = holder(l, first);

		if (first == 0 || first == l->at[i].first ||
		        (other != SEGMENTS_NONE && !is_better(g, i, other)))
			continue;
		if (other != SEGMENTS_NONE)
			l->at[other].first = l->at[i].first;
		l->at[i].first = first;
	}
}

static int count_wrong(struct learning *g)
{
	int n = 0;

	for (size_t i = 0; i < g->l->n; i++) {
		struct segment *seg = &g->l->at[i];

		seg->by_head = g->claims[i].first == seg->first;
		n += seg->by_head && seg->named != seg->first;
	}
	return n;
}

int names_learn(struct segments *l, int at, uint64_t *spool)
{
	struct learning g = { l, calloc(l->n + 1, sizeof(struct claim)), { .at = at, .fd = -1 } };
	int wrong;

	if (g.claims == NULL)
		return E_NOMEM;
	read_claims(&g);
	if (*spool == 0)
		*spool = most_common(&g);
	for (size_t i = 0; i < l->n; i++)
		if (g.claims[i].spool != *spool)
			g.claims[i] = (struct claim){ 0 };
	believe(&g);
	wrong = count_wrong(&g);
	reader_close(&g.reader);
	segments_sort(l);
	free(g.claims);
	return wrong;
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
		return errno == EINVAL || errno == ENOSYS ? exchange_by_hand(one, other, at)
		                                          : err_from_errno(errno);
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

/* Segment I gets its name, and who has that gets I's. */
static int rename_one(struct segments *l, int at, size_t i)
{
	struct segment *seg = &l->at[i];
	size_t other = 0;
	int rc;

	while (other < l->n && (l->at[other].named != seg->first || l->at[other].bad != seg->bad))
		other++;
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
	int worst = 0;

	for (size_t i = 0; i < l->n; i++) {
		int rc = l->at[i].named == l->at[i].first ? 0 : rename_one(l, at, i);

		worst = worst == 0 ? rc : worst;
	}
	return worst;
}
