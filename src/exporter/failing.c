/* SPDX-License-Identifier: Apache-2.0 */
/* failing.c — finds the requests that fail each time while others are delivered, and bounds their memory
 * (policy/failing.h).
 *
 * What exceeds the bound is given back, the last to fail first: the others stay long enough for response_stuck() to say
 * whether they are bad. */
#include "exporter_internal.h"

static bool is_failing(const struct request *r)
{
	const struct exporter *e = r->exporter;

	return r->failures >= FAILING_TIMES &&
	       failing_counts(e->good > r->good_before, e->stats.bytes, e->opts.max_bytes);
}

static uint64_t bytes_of(const struct request *r)
{
	uint64_t bytes = 0;

	list_each (node, &r->parts) {
		const struct part *part = container_of(node, struct part, link);
		const struct exporter_item *is = &part->item->is;

		bytes += is->value.len * part->count / max_u64(is->facts.spans, 1) + EXPORTER_ITEM_COST;
	}
	return bytes;
}

/* What a walk over the failing requests finds. */
struct failing_walk {
	struct failing_load load;
	const struct request *first; /* the first to fail of all, */
	struct request *last;        /* and the last of those that are not on the wire; NULL: there is none */
};

static void walk_list(struct failing_walk *w, const struct list *of, bool on_wire)
{
	list_each (node, of) {
		struct request *r = container_of(node, struct request, link);

		if (!is_failing(r))
			continue;
		w->load.batches += r->nparts;
		w->load.bytes += bytes_of(r);
		if (w->first == NULL || r->failing_us < w->first->failing_us)
			w->first = r;
		if (!on_wire && (w->last == NULL || r->failing_us >= w->last->failing_us))
			w->last = r;
	}
}

static struct failing_walk walk(const struct exporter *e)
{
	struct failing_walk w = {
		.load = { .held = e->stats.bytes, .most = e->opts.max_bytes, .share = e->opts.failing_bytes }
	};

	walk_list(&w, &e->ready, false);
	walk_list(&w, &e->resting, false);
	walk_list(&w, &e->wire, true);
	if (w.first != NULL)
		w.load.lasted_us = loop_now_us(e->loop) - w.first->failing_us;
	return w;
}

static void give_back(struct request *r)
{
	list_each (node, &r->parts) {
		struct item *i = container_of(node, struct part, link)->item;

		r->exporter->stats.given_back += !i->give_back;
		i->give_back = true;
	}
	list_remove(&r->link);
	(void)request_give_back(r); /* frees R: every part is given back */
}

void exporter_give_back_failing(struct exporter *e)
{
	enum { AT_ONCE = 32 /* bounds the work of one step; the next one goes on */ };

	for (int i = 0; i < AT_ONCE && e->failed_again && e->opts.failing_bytes > 0; i++) {
		struct failing_walk w = walk(e);

		e->failed_again = failing_excess(&w.load) > 0 && w.last != NULL;
		if (e->failed_again)
			give_back(w.last);
	}
}

void exporter_failing(const struct exporter *e, struct exporter_failing *to)
{
	struct failing_walk w = walk(e);

	*to = (struct exporter_failing){ .load = w.load };
	if (w.first == NULL)
		return;
	to->token = list_first(&w.first->parts, struct part, link)->item->is.token;
	to->detail = w.first->detail == NULL ? "out of memory" : w.first->detail;
}
