/* SPDX-License-Identifier: Apache-2.0 */
/* group.c — whole items that wait, by their process: the bytes of the Process decide, and whether their spans
 * may have arrived before. The process of a group is that of its first part; all others have the same bytes. */
#include <stdlib.h>

#include "exporter_internal.h"

static struct slice process_of(const struct part *part)
{
	return part->item->is.facts.process;
}

static struct part *oldest(const struct group *g)
{
	return list_first(&g->parts, struct part, link);
}

static struct group *find(struct exporter *e, const struct part *part, uint64_t hash)
{
	list_each (node, &e->buckets[hash % EXPORTER_BUCKETS]) {
		struct group *g = container_of(node, struct group, chain);

		if (g->hash == hash && g->marked == part_is_marked(part) &&
		        slice_same(process_of(oldest(g)), process_of(part)))
			return g;
	}
	return NULL;
}

static struct group *group_new(struct exporter *e, const struct part *part, uint64_t hash)
{
	struct group *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return NULL;
	g->hash = hash;
	g->marked = part_is_marked(part);
	list_init(&g->parts);
	list_push(&e->buckets[hash % EXPORTER_BUCKETS], &g->chain);
	list_push(&e->partial, &g->link);
	return g;
}

/* Moves G to the end of the list where it belongs, if that is another one. */
static void place(struct exporter *e, struct group *g)
{
	bool is_full = g->spans >= e->opts.post_spans || g->bytes >= e->opts.post_bytes;

	if (is_full == g->is_full)
		return;
	g->is_full = is_full;
	list_remove(&g->link);
	list_push(is_full ? &e->full : &e->partial, &g->link);
}

int group_add(struct exporter *e, struct part *part)
{
	uint64_t hash = slice_hash(process_of(part), SLICE_HASH_BEGIN) ^ part_is_marked(part);
	struct group *g = find(e, part, hash);

	if (g == NULL)
		g = group_new(e, part, hash);
	if (g == NULL)
		return E_NOMEM;
	part->group = g;
	list_push(&g->parts, &part->link);
	g->spans += part->count;
	g->bytes += part->item->is.facts.list.len;
	place(e, g);
	return 0;
}

void group_leave(struct part *part)
{
	struct group *g = part->group;

	part->group = NULL;
	list_remove(&part->link);
	g->spans -= part->count;
	g->bytes -= part->item->is.facts.list.len;
	if (list_empty(&g->parts)) {
		list_remove(&g->chain);
		list_remove(&g->link);
		free(g);
	} else {
		place(part->item->exporter, g);
	}
}

/* How much of a request's bounds its parts use. */
struct room {
	struct destination *at;
	uint64_t spans, bytes, ids; /* taken so far */
};

static bool fits(const struct room *room, const struct part *part)
{
	const struct exporter_opts *o = &room->at->exporter->opts;
	uint64_t spans = room->spans + part->count;

	return spans <= confirmer_post_spans(room->at->confirmer) &&
	       room->bytes + part->item->is.facts.list.len <= o->post_bytes &&
	       room->ids + header_id_len(part) <= HEADER_IDS_MAX &&
	       confirmer_may_send(room->at->confirmer, (uint32_t)spans);
}

static void take(struct request *r, struct room *room, struct part *part)
{
	room->spans += part->count;
	room->bytes += part->item->is.facts.list.len;
	room->ids += header_id_len(part);
	group_leave(part);
	request_add(r, part);
}

struct request *group_take(struct group *g, struct destination *d)
{
	struct exporter *e = d->exporter;
	struct request *r = request_new(e);
	struct room room = { .at = d };
	bool last, joins = loop_now_us(e->loop) >= d->single_until_us;

	if (r == NULL)
		return NULL;
	/* Parts that do not fit wait behind the groups that have waited as long as G. */
	list_remove(&g->link);
	list_push(g->is_full ? &e->full : &e->partial, &g->link);
	do {
		struct part *part = oldest(g);

		last = part->link.next == &g->parts; /* taking PART out frees G */
		take(r, &room, part);
	} while (joins && !last && fits(&room, oldest(g)));
	return r;
}
