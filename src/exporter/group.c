/* SPDX-License-Identifier: Apache-2.0 */
/* group.c — groups of waiting items. All items of a group have byte-identical processes and the same
 * part_is_marked. */
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

static struct group *find_group(struct exporter *e, const struct part *part, uint64_t hash)
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

/* Moves G to the end of full or partial when it changed between them. */
static void update_list(struct exporter *e, struct group *g)
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
	struct group *g = find_group(e, part, hash);

	if (g == NULL)
		g = group_new(e, part, hash);
	if (g == NULL)
		return E_NOMEM;
	part->group = g;
	list_push(&g->parts, &part->link);
	g->spans += part->count;
	g->bytes += part->item->is.facts.list.len;
	update_list(e, g);
	return 0;
}

void group_remove(struct part *part)
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
		update_list(part->item->exporter, g);
	}
}

/* The part of its limits that a request uses. */
struct usage {
	struct destination *at;
	uint64_t spans, bytes, ids; /* of the parts moved so far */
};

static bool fits(const struct usage *usage, const struct part *part)
{
	const struct exporter_opts *o = &usage->at->exporter->opts;
	uint64_t spans = usage->spans + part->count;

	return spans <= confirmer_post_spans(usage->at->confirmer) &&
	       usage->bytes + part->item->is.facts.list.len <= o->post_bytes &&
	       usage->ids + header_id_len(part) <= HEADER_IDS_MAX &&
	       confirmer_may_send(usage->at->confirmer, (uint32_t)spans);
}

static void move_part(struct request *r, struct usage *usage, struct part *part)
{
	usage->spans += part->count;
	usage->bytes += part->item->is.facts.list.len;
	usage->ids += header_id_len(part);
	group_remove(part);
	request_add(r, part);
}

struct request *group_make_request(struct group *g, struct destination *d)
{
	struct exporter *e = d->exporter;
	struct request *r = request_new(e);
	struct usage usage = { .at = d };
	bool last, joins = loop_now_us(e->loop) >= d->single_until_us;

	if (r == NULL)
		return NULL;
	/* The parts that do not fit wait behind the other groups. */
	list_remove(&g->link);
	list_push(g->is_full ? &e->full : &e->partial, &g->link);
	do {
		struct part *part = oldest(g);

		last = part->link.next == &g->parts; /* moving the last part frees G */
		move_part(r, &usage, part);
	} while (joins && !last && fits(&usage, oldest(g)));
	return r;
}
