/* SPDX-License-Identifier: Apache-2.0 */
/* answers_failing.c — more batches that fail each time, while the collector takes others, than the memory holds: the
 * good ones behind them are delivered all the same. */
#include <config.h>

#include "answers.h"

enum { GOOD_BATCHES = 600, FAILING_BATCHES = 200, MEMORY = 64 << 10, SHARE = MEMORY / 8 };

static enum poison any_failing(struct answers *g)
{
	return answers_dice(g, 4) == 0 ? POISON_CUTS : POISON_500;
}

static void add_failing(struct answers *g)
{
	char service[24];

	snprintf(service, sizeof(service), "svc%zu", g->book.n);
	book_add(&g->book, service, 2, any_failing(g));
}

static void shows_them(struct answers *g)
{
	struct exporter_failing f;

	exporter_failing(g->exporter, &f);
	if (f.load.batches == 0 || f.token == NULL || f.detail[0] == '\0')
		book_wrong(&g->book, "failing batches are held, and not shown");
	/* Those on the wire are not given back before their answer. */
	if (f.load.bytes > SHARE + g->opts.max_in_flight * MEMORY / 64)
		book_wrong(&g->book, "failing batches hold %" PRIu64 " bytes, they may hold %d", f.load.bytes, SHARE);
}

/* An owner who takes batches back, as the agent does. */
static void owner_takes_them_back(struct answers *g)
{
	bool joined = answers_dice(g, 2) == 0;

	g->opts.max_bytes = MEMORY;
	g->opts.failing_bytes = SHARE;
	g->book.may_return = true;
	answers_add_good(g, 20, 2, joined);
	for (size_t i = 0; i < FAILING_BATCHES; i++)
		add_failing(g);
	answers_add_good(g, GOOD_BATCHES, 2, joined);
	g->good_only = 20 + GOOD_BATCHES;
	answers_open(g);
	answers_run(g);
	if (g->book.wrong[0] == '\0')
		shows_them(g);
	if (g->book.returns < FAILING_BATCHES / 2)
		book_wrong(&g->book, "only %" PRIu64 " failing batches were given back", g->book.returns);
	answers_close(g);
}

/* One who does not, as the drain: one in thirty fails, so each is called bad in the end, although those that are held
 * have failed more often than others were taken. */
static void few_are_called_bad_in_the_end(struct answers *g)
{
	g->traffic = 1;
	g->requests_most = 20000; /* some 2,300 are enough */
	for (size_t i = 0; i < GOOD_BATCHES * 2; i++) {
		answers_add_good(g, 1, 2, false);
		if (i % 30 == 29)
			add_failing(g);
	}
	g->ahead_us = US_PER_S / 2;
	g->opts.retry_base_ms = 0;
	g->opts.retry_cap_ms = 0;
	answers_play(g);
}

enum { EACH = 1000 };

static void run_failing(struct trial *t, void *arg)
{
	struct answers g;

	(void)arg;
	answers_defaults(&g, t);
	if (t->number < 3 * EACH)
		owner_takes_them_back(&g);
	else
		few_are_called_bad_in_the_end(&g);
}

const struct answers_part answers_failing = { "failing", 4 * (uint64_t)EACH, 40, run_failing };
