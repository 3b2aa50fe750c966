/* SPDX-License-Identifier: Apache-2.0 */
/* answers_poison.c — batches that the collector refuses among good ones: exactly those are quarantined, each with its
 * own answer, for a bounded number of POSTs; and collectors that refuse for reasons of their own. */
#include <config.h>

#include "answers.h"

enum { IN_ONE_POST = 50, SPANS = 10 };

/* Poison of a kind that is cut down to its spans has one, so that it costs no more than the others. */
static void add_poison(struct answers *g, enum poison kind, bool joined)
{
	char service[24] = "one";

	if (!joined)
		snprintf(service, sizeof(service), "svc%zu", g->book.n);
	book_add(&g->book, service, kind == POISON_TOO_LARGE || kind == POISON_500_TOO_LARGE ? 1 : 2, kind);
}

/* By the trial's number one kind in all of it, each in turn, or all kinds mixed. */
static enum poison next_kind(struct answers *g)
{
	uint64_t kind = g->trial->number % (POISON_KINDS + 1);

	return (enum poison)(1 + (kind < POISON_KINDS ? kind : answers_dice(g, POISON_KINDS)));
}

/* ---- one in a joined POST: halves, then twice alone ---- */

enum { HALVINGS = 6 /* 50, 25, 13, 7, 4, 2, 1 */ };

static void one_in_fifty(struct answers *g)
{
	size_t at = answers_dice(g, IN_ONE_POST);
	enum poison kind = next_kind(g);

	for (size_t i = 0; i < IN_ONE_POST; i++)
		if (i == at)
			add_poison(g, kind, true);
		else
			answers_add_good(g, 1, SPANS - 1, true);
	/* The POST, two for each halving, the batch once more, and the exporter's probe. */
	g->requests_most = 1 + 2 * HALVINGS + 1 + 1;
	answers_play(g);
}

/* Twenty POSTs, one bad batch in each: they are halved side by side. */
static void one_in_each_post(struct answers *g)
{
	enum { POSTS = 20 };

	for (size_t i = 0; i < POSTS * IN_ONE_POST; i++)
		if (i % IN_ONE_POST == IN_ONE_POST / 3)
			add_poison(g, next_kind(g), true);
		else
			answers_add_good(g, 1, SPANS, true);
	/* Batches left over from one POST are in the next, which may so have two that are bad. */
	g->requests_most = POSTS * (1 + 2 * HALVINGS + 1 + 1) * 5 / 4;
	answers_play(g);
}

/* ---- many in a row ---- */

/* The exporter stops for an operator after some two hundred, and goes on whenever one of the others passes. */
static void in_a_row(struct answers *g, size_t row, bool joined)
{
	answers_add_good(g, IN_ONE_POST, 2, joined);
	for (size_t i = 0; i < row; i++)
		add_poison(g, next_kind(g), joined);
	answers_add_good(g, IN_ONE_POST, 2, joined);
	g->traffic = 1;
	answers_play(g);
}

static void a_thousand_in_a_row(struct answers *g)
{
	in_a_row(g, 1000, false);
}

static void a_thousand_in_a_row_joined(struct answers *g)
{
	in_a_row(g, 1000, true);
}

/* As many bad ones as good ones, in any order. */
static void ten_thousand(struct answers *g)
{
	enum { BAD = 10000 };
	bool joined = answers_dice(g, 2) == 0;

	for (size_t bad = 0; bad < BAD;)
		if (answers_dice(g, 2) == 0) {
			add_poison(g, next_kind(g), joined);
			bad++;
		} else {
			answers_add_good(g, 1, 2, joined);
		}
	answers_play(g);
}

/* ---- poison that looks like an outage: only time tells, and that others pass ---- */

static void a_few_that_fail_for_ever(struct answers *g)
{
	add_poison(g, POISON_500, false);
	add_poison(g, POISON_CUTS, false);
	/* Others pass all the while. A second lasts four milliseconds, so the pauses are those of a real exporter. */
	g->traffic = 4;
	g->ahead_us = US_PER_S / 2;
	g->opts.retry_base_ms = 0;
	g->opts.retry_cap_ms = 0;
	answers_play(g);
}

/* ---- a collector that takes batches one by one only ---- */

static void refuse_joined(struct answers *g, const struct book_request *r, struct answers_act *act)
{
	if (r->n < 2)
		return;
	act->answer = (struct scripted_answer){ .status = *(int *)g->arg, .text = "one at a time" };
	act->stores = false;
}

static void every_joined_post_is_refused(struct answers *g)
{
	static const int statuses[] = { 400, 413, 415, 422 };
	int status = statuses[answers_dice(g, ARRAY_LEN(statuses))];

	answers_add_good(g, 1000, 2, true);
	g->script = refuse_joined;
	g->arg = &status;
	/* Each POST that was joined before the exporter gave up joining is halved down to its batches. */
	g->requests_most = 2 * 1000;
	answers_play(g);
}

/* ---- a collector that refuses all batches, and takes the exporter's probe ---- */

struct refusal_of_all {
	int status;
	bool healed;
};

static void refuse_all_but_the_probe(struct answers *g, const struct book_request *r, struct answers_act *act)
{
	struct refusal_of_all *f = g->arg;

	/* Once the exporter has called for an operator it tries slowly: forty more, then he has healed it. */
	f->healed = f->healed || (g->was_blocked && answers_dice(g, 40) == 0);
	if (f->healed || r->n == 0)
		return;
	act->answer = (struct scripted_answer){ .status = f->status, .text = "none of these" };
	act->stores = false;
}

static void all_but_the_probe_are_refused(struct answers *g)
{
	enum { QUARANTINED_MOST = 200 };
	static const int statuses[] = { 400, 415, 422 };
	struct refusal_of_all f = { .status = statuses[answers_dice(g, ARRAY_LEN(statuses))] };

	answers_add_good(g, 600, 2, answers_dice(g, 2) == 0);
	g->script = refuse_all_but_the_probe;
	g->arg = &f;
	g->book.may_refuse = true;
	answers_open(g);
	answers_run(g);
	if (!g->was_blocked || g->book.quarantined > QUARANTINED_MOST)
		book_wrong(&g->book, "a collector that refuses all: %zu of 600 are quarantined, %s",
		        g->book.quarantined, g->was_blocked ? "then it stops" : "and it never stops");
	answers_close(g);
}

/* ---- */

/* By sixteenths of the part's trials: how many each is played in. */
static const struct {
	void (*play)(struct answers *g);
	unsigned sixteenths;
} kinds[] = {
	{ one_in_fifty, 6 },
	{ one_in_each_post, 2 },
	{ every_joined_post_is_refused, 2 },
	{ all_but_the_probe_are_refused, 2 },
	{ a_few_that_fail_for_ever, 1 },
	{ a_thousand_in_a_row, 1 },
	{ a_thousand_in_a_row_joined, 1 },
	{ ten_thousand, 1 },
};
enum { EACH = 1000 /* trials of a sixteenth */ };

static void run_poison(struct trial *t, void *arg)
{
	uint64_t n = t->number / EACH;
	size_t i = 0;
	struct answers g;

	(void)arg;
	answers_defaults(&g, t);
	while (n >= kinds[i].sixteenths)
		n -= kinds[i++].sixteenths;
	kinds[i].play(&g);
}

const struct answers_part answers_poison = { "poison", 16 * (uint64_t)EACH, 40, run_poison };
