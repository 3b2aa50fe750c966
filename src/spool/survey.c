/* SPDX-License-Identifier: Apache-2.0 */
/* survey.c — orders the segments of a directory by what their heads say. Nothing on disk is changed. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "spool_internal.h"
#include "survey.h"

enum { RETRY_US = 1000000 }; /* from one survey to the next, while a head cannot be read */

struct ordering {
	size_t n;
	struct survey_entry **first; /* sorted by first position, the best of equals first */
	struct survey_entry **name;  /* sorted by the position in the name */
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

static int read_head(const struct survey *v, struct reader *r, struct survey_entry *e, struct head *head)
{
	int rc = reader_head(r, &e->segment, head);

	for (unsigned i = 1; i < v->attempts && rc == E_CORRUPT; i++)
		rc = reader_head(r, &e->segment, head);
	e->rc = rc;
	e->first = e->end = (struct span_offset){ 0 };
	if (rc < 0)
		return rc;
	e->first = head->first;
	e->end = head->end;
	e->made_ms = head->made_ms;
	e->first_ms = head->first_ms;
	e->last_ms = head->last_ms;
	return 0;
}

/* Reads all heads. With a key it ignores those of other spools; without one it sets CANDIDATE. */
static void read_heads(struct survey *v, struct ordering *g, struct spool_id *candidate)
{
	size_t votes = 0;

	v->all = true;
	for (size_t i = 0; i < g->n; i++) {
		struct head head;
		int rc = read_head(v, &g->reader, &v->entries[i], &head);

		v->all = v->all && (rc == 0 || reader_has_nothing(rc));
		if (rc < 0)
			continue;
		if (g->reader.key == NULL)
			vote_for_spool(&head.id, candidate, &votes);
		else if (v->on_head != NULL)
			v->on_head(&head, v->user);
	}
}

static int compare_first(const void *a, const void *b)
{
	const struct survey_entry *x = *(struct survey_entry *const *)a, *y = *(struct survey_entry *const *)b;
	bool x_named = x->segment.named == x->first.position, y_named = y->segment.named == y->first.position;

	if (x->first.position != y->first.position)
		return x->first.position < y->first.position ? -1 : 1;
	if (x_named != y_named)
		return x_named ? -1 : 1;
	return x->end.position > y->end.position ? -1 : x->end.position < y->end.position;
}

static int compare_named(const void *a, const void *b)
{
	const struct survey_entry *x = *(struct survey_entry *const *)a, *y = *(struct survey_entry *const *)b;

	return x->segment.named < y->segment.named ? -1 : x->segment.named > y->segment.named;
}

static uint64_t first_key(const struct survey_entry *e)
{
	return e->first.position;
}

static uint64_t named_key(const struct survey_entry *e)
{
	return e->segment.named;
}

/* The first element of the sorted LIST whose KEY is VALUE; NULL: none. */
static struct survey_entry *find_entry(
        struct survey_entry **list, size_t n, uint64_t (*key)(const struct survey_entry *e), uint64_t value)
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

/* True when the position that E's head says belongs to a segment that has it by name, whose head is damaged and
 * which still has a record from there on. */
static bool is_taken_by_name(struct ordering *g, const struct survey_entry *e)
{
	const struct survey_entry *holder = find_entry(g->name, g->n, named_key, e->first.position);

	if (e->segment.named == e->first.position || holder == NULL || holder->rc == 0)
		return false;
	return reader_open_salvaged(&g->reader, &holder->segment, e->end.position) == 0;
}

/* Sets segment.by_head of each entry: the position in its head counts, and not the one in its name, when the head is
 * intact and no other segment has that position: of two heads with one position the one that agrees with its name counts,
 * else the first, and a segment whose own head is damaged may have it by its name (is_taken_by_name). */
static void accept_heads(struct ordering *g)
{
	for (size_t i = 0; i < g->n; i++) {
		struct survey_entry *e = g->first[i];
		bool best = i == 0 || g->first[i - 1]->first.position != e->first.position ||
		            e->segment.named == e->first.position;

		e->segment.by_head = e->rc == 0 && best && !is_taken_by_name(g, e);
	}
}

/* First position of segment E, whose head is missing or not accepted: the one in its name, unless an accepted head
 * says that position. Then names were exchanged, and E takes the position in that segment's name. */
static uint64_t first_by_name(const struct ordering *g, const struct survey_entry *e)
{
	uint64_t place = e->segment.named;

	for (size_t n = 0; n < g->n; n++) {
		const struct survey_entry *other = find_entry(g->first, g->n, first_key, place);

		if (other == NULL || !other->segment.by_head)
			return place;
		if (other->segment.named == place)
			break;
		place = other->segment.named;
	}
	return e->segment.named;
}

/* Sets FIRST of all entries. Returns how many have another one than before. */
static int assign_first(struct survey *v, struct ordering *g)
{
	int changed = 0;

	qsort(g->first, g->n, sizeof(*g->first), compare_first);
	qsort(g->name, g->n, sizeof(*g->name), compare_named);
	accept_heads(g);
	for (size_t i = 0; i < g->n; i++) {
		struct survey_entry *e = &v->entries[i];
		uint64_t first = e->segment.by_head ? e->first.position : first_by_name(g, e);

		changed += e->segment.first != first;
		e->segment.first = first;
	}
	return changed;
}

static int order_by_heads(struct survey *v, struct ordering *g, struct segments *l)
{
	struct spool_id candidate = { 0 };
	int changed;

	for (size_t i = 0; i < g->n; i++) {
		v->entries[i].segment = l->items[i];
		g->first[i] = g->name[i] = &v->entries[i];
	}
	read_heads(v, g, &candidate);
	if (g->reader.key == NULL && candidate.spool != 0) {
		v->id->spool = candidate.spool;
		v->id->key = candidate.key;
		g->reader.key = &v->id->key;
		read_heads(v, g, NULL);
	}
	changed = assign_first(v, g);
	for (size_t i = 0; i < g->n; i++)
		if (v->entries[i].rc == 0 && !v->entries[i].segment.by_head)
			v->entries[i].rc = E_CORRUPT;
	if (g->n > 1)
		qsort(v->entries, g->n, sizeof(*v->entries), segment_compare);
	for (size_t i = 0; i < g->n; i++)
		l->items[i] = v->entries[i].segment;
	return changed;
}

int survey_run(struct survey *v, struct segments *l)
{
	struct ordering g = {
		.n = l->n,
		.first = calloc(l->n + 1, sizeof(*g.first)),
		.name = calloc(l->n + 1, sizeof(*g.name)),
		.reader = { .at = v->at, .fd = -1, .key = v->id->spool == 0 ? NULL : &v->id->key },
	};
	int rc = E_NOMEM;

	v->entries = calloc(l->n + 1, sizeof(*v->entries));
	v->all = false;
	if (g.first != NULL && g.name != NULL && v->entries != NULL)
		rc = order_by_heads(v, &g, l);
	reader_close(&g.reader);
	free(g.first);
	free(g.name);
	return rc;
}

static void log_names(const struct spool *s)
{
	for (size_t i = 0; i < s->segments.n; i++) {
		const struct segment *seg = &s->segments.items[i];

		if (seg->by_head && seg->named != seg->first)
			log_info("spool: seg-%016" PRIx64 " begins with position %" PRIu64
			         " by its head, and is read as that",
			        seg->named, seg->first);
	}
}

bool survey_segments(struct spool *s)
{
	struct survey v = { .at = s->dir, .id = &s->id, .attempts = 1 };
	bool dropped = false;
	int changed;

	if (clock_mono_us() < s->survey_at_us)
		return false;
	for (size_t i = s->segments.n; i-- > 0;)
		dropped = segments_remove_gone(&s->segments, s->dir, i) || dropped;
	changed = survey_run(&v, &s->segments);
	free(v.entries);
	s->survey_at_us = v.all ? UINT64_MAX : clock_mono_us() + RETRY_US;
	if (changed <= 0 && !dropped)
		return false;
	s->surveys++;
	reader_close(&s->reader); /* the open segment may have another first position now */
	log_names(s);
	return true;
}
