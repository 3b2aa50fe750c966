/* SPDX-License-Identifier: Apache-2.0 */
/* answers_storm.c — two collectors that answer anything at all by turns, poison among the batches, batches that are
 * larger than a POST; in the end both are well. */
#include <config.h>

#include "answers.h"

enum { BATCHES = 300, LARGE = 1300 };

struct storm {
	uint64_t left;  /* POSTs until both are well */
	uint64_t fault; /* of 100 */
};

/* No answer that says of good batches that they are bad: what a collector says twice of a batch, and not of
 * others, is believed. */
static const int statuses[] = { 100, 150, 200, 202, 204, 299, 301, 304, 307, 401, 403, 404, 405, 407, 408, 410, 411,
	421, 425, 429, 431, 451, 500, 501, 502, 503, 504, 505, 511, 599 };
static const enum scripted_shape shapes[] = { SCHEMA_PLAIN, SCHEMA_PLAIN, SCHEMA_PLAIN, SCHEMA_CLOSING, SCHEMA_NONE,
	SCHEMA_CUT_HEAD, SCHEMA_CUT_BODY, SCHEMA_LENGTH_LONG, SCHEMA_LENGTH_SHORT, SCHEMA_LENGTH_NEGATIVE,
	SCHEMA_LENGTH_WORD, SCHEMA_LENGTH_HUGE, SCHEMA_CHUNKS_JUNK, SCHEMA_CHUNKS_CUT, SCHEMA_BOMB, SCHEMA_REDIRECT,
	SCHEMA_INTERIM, SCHEMA_NOT_HTTP };

static bool is_fault(struct answers *g)
{
	struct storm *s = g->arg;

	return s->left > 0 && answers_dice(g, 100) < s->fault;
}

static void rage(struct answers *g, const struct book_request *r, struct answers_act *act)
{
	struct storm *s = g->arg;
	int status = statuses[answers_dice(g, ARRAY_LEN(statuses))];
	enum scripted_shape shape = shapes[answers_dice(g, ARRAY_LEN(shapes))];

	if (!is_fault(g)) {
		s->left -= s->left > 0;
		return;
	}
	s->left--;
	if (r->poison != NULL && status < 300)
		status = 503;
	act->answer = (struct scripted_answer){ .status = status, .shape = shape, .text = "storm" };
	if (r->poison != NULL)
		act->stores = false;
	else if (status >= 200 && status < 300)
		act->stores = true;
	else
		act->stores =
		        (status >= 500 || shape == SCHEMA_NONE || shape == SCHEMA_NOT_HTTP) && answers_dice(g, 2) == 0;
}

static bool cut(struct answers *g, const struct book_request *r)
{
	(void)r;
	return answers_dice(g, 8) == 0 && is_fault(g);
}

/* Batches larger than a POST are good: what is refused of one stands for all of it. */
static void add_batches(struct answers *g)
{
	uint64_t processes = 1 + answers_dice(g, 6);
	char service[24];

	for (size_t i = 0; i < BATCHES; i++) {
		snprintf(service, sizeof(service), "svc%u", (unsigned)answers_dice(g, processes));
		if (answers_dice(g, 20) == 0)
			book_add(&g->book, service, 1, (enum poison)(1 + answers_dice(g, POISON_KINDS)));
		else if (answers_dice(g, 20) == 0)
			book_add(&g->book, service, 1 + (uint32_t)answers_dice(g, LARGE), GOOD);
		else
			book_add(&g->book, service, 1 + (uint32_t)answers_dice(g, 12), GOOD);
	}
}

static void run_storm(struct trial *t, void *arg)
{
	struct storm s;
	struct answers g;

	(void)arg;
	answers_defaults(&g, t);
	s.left = 50 + answers_dice(&g, 400);
	s.fault = 10 + answers_dice(&g, 85);
	g.script = rage;
	g.cuts = cut;
	g.arg = &s;
	g.collectors = 1 + (unsigned)answers_dice(&g, ANSWERS_COLLECTORS);
	g.opts.max_bytes = answers_dice(&g, 2) == 0 ? 64 << 10 : 1 << 20;
	add_batches(&g);
	answers_play(&g);
}

const struct answers_part answers_storm = { "storm", CAMPAIGN_ENDLESS, 7, run_storm };
