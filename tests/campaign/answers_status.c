/* SPDX-License-Identifier: Apache-2.0 */
/* answers_status.c — a collector that answers good batches wrongly: every status, every shape of answer, and
 * Retry-After; once, for a while, and until it is healed. */
#include <config.h>

#include <time.h>

#include "answers.h"

enum { BATCHES = 20, SPANS = 3, STATUSES = 500, DURATIONS = 3, SINGLE_OR_JOINED = 2 };

/* The first POSTs are treated in one way, all others well. */
struct byte_range {
	struct answers_act act;
	bool takes_too; /* the dice say of each of these POSTs whether it is stored before it fails */
	bool cuts;      /* the connection is reset before the body is in */
	uint64_t left;
};

static void play_stretch(struct answers *g, const struct book_request *r, struct answers_act *act)
{
	struct byte_range *s = g->arg;

	(void)r;
	if (s->left == 0)
		return;
	s->left--;
	*act = s->act;
	act->stores = s->act.stores || (s->takes_too && answers_dice(g, 2) == 0);
}

static bool cut_stretch(struct answers *g, const struct book_request *r)
{
	struct byte_range *s = g->arg;

	(void)r;
	if (!s->cuts || s->left == 0)
		return false;
	s->left--;
	return true;
}

/* Answers that say of a batch that it is bad. A collector that gives them for a while is told from bad batches by
 * what it does meanwhile with others: the order of answers matters, so POSTs go one at a time. */
static bool blames_the_batch(int status)
{
	return status == 400 || status == 413 || status == 415 || status == 422;
}

/* Long enough that the exporter stops before the collector is healed, where a status makes it stop. */
static uint64_t length(unsigned duration, int status)
{
	static const uint64_t usual[DURATIONS] = { 1, 3, 20 }, blaming[DURATIONS] = { 1, 3, 400 };

	return blames_the_batch(status) ? blaming[duration] : usual[duration];
}

static void play(struct answers *g, struct byte_range *s, bool joined)
{
	g->script = play_stretch;
	g->cuts = cut_stretch;
	g->arg = s;
	if (blames_the_batch(s->act.answer.status))
		g->opts.max_in_flight = 1;
	/* After the stretch each span travels once more at the most, and the collector is asked now and then. */
	g->requests_most = s->left + 2 * BATCHES * SPANS;
	answers_add_good(g, BATCHES, SPANS, joined);
	answers_play(g);
}

static void run_status(struct trial *t, void *arg)
{
	int status = 100 + (int)(t->number / (DURATIONS * SINGLE_OR_JOINED));
	unsigned duration = (unsigned)(t->number / SINGLE_OR_JOINED % DURATIONS);
	struct byte_range s = {
		.act = { { .status = status, .text = "as told" }, status >= 200 && status < 300 },
		.takes_too = status >= 500,
		.left = length(duration, status),
	};
	struct answers g;

	(void)arg;
	answers_defaults(&g, t);
	if (answers_dice(&g, 2) == 0)
		s.act.answer.shape = SCHEMA_CLOSING;
	play(&g, &s, t->number % SINGLE_OR_JOINED == 1);
}

const struct answers_part answers_status = { "status", (uint64_t)STATUSES *DURATIONS *SINGLE_OR_JOINED, 1, run_status };

/* ---- shapes ---- */

static const int shaped[] = { 202, 301, 401, 400, 429, 500, 503 };
enum { SHAPED = ARRAY_LEN(shaped), CUT_BODY_OF_POST = SHAPES_N, WAYS = SHAPES_N + 1 };

static void run_shape(struct trial *t, void *arg)
{
	uint64_t n = t->number;
	bool joined = n % SINGLE_OR_JOINED == 1;
	unsigned duration = (unsigned)(n / SINGLE_OR_JOINED % DURATIONS);
	int status = shaped[n / SINGLE_OR_JOINED / DURATIONS % SHAPED];
	unsigned way = (unsigned)(n / SINGLE_OR_JOINED / DURATIONS / SHAPED);
	struct byte_range s = { .left = length(duration, status), .cuts = way == CUT_BODY_OF_POST };
	struct answers g;

	(void)arg;
	answers_defaults(&g, t);
	s.act.answer = (struct scripted_answer){ status, (enum scripted_shape)way, "as told", NULL };
	if (way == SCHEMA_REDIRECT)
		s.act.answer.status = 300 + (int)answers_dice(&g, 10);
	s.act.stores = s.act.answer.status == 202;
	s.takes_too = s.act.answer.status >= 500 || way == SCHEMA_NONE || way == SCHEMA_NOT_HTTP;
	if (way == SCHEMA_SLOW) {
		g.opts.total_ms = 200;
		g.book.doubts_all = true;
		s.left = min_u64(s.left, 4);
	}
	play(&g, &s, joined);
}

const struct answers_part answers_shapes = { "shapes", (uint64_t)WAYS *SHAPED *DURATIONS *SINGLE_OR_JOINED, 1,
	run_shape };

/* ---- Retry-After ---- */

static const int patient[] = { 408, 425, 429, 500, 502, 503, 504 };
enum { PATIENT = ARRAY_LEN(patient), FORMS = 2 };

/* One POST is told when to come again; at most those that were under way may come before. */
struct patience {
	int status;
	bool as_date;
	uint64_t until_us; /* no POST before; 0: nobody was told yet */
	uint64_t others;   /* were under way when it was told */
};

static void tell_when(struct answers *g, struct patience *p, struct answers_act *act)
{
	static char when[64];
	time_t then = (time_t)(clock_wall_ms() / 1000) + 2;
	struct tm tm;

	snprintf(when, sizeof(when), "1");
	if (p->as_date && gmtime_r(&then, &tm) != NULL)
		strftime(when, sizeof(when), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	act->answer = (struct scripted_answer){ .status = p->status, .retry_after = when };
	act->stores = false;
	/* A date has whole seconds: two from now is more than one. */
	p->until_us = clock_mono_us() + US_PER_S;
	p->others = exporter_stats(g->exporter)->in_flight - 1;
}

static void play_patience(struct answers *g, const struct book_request *r, struct answers_act *act)
{
	struct patience *p = g->arg;

	(void)r;
	if (p->until_us == 0) {
		tell_when(g, p, act);
	} else if (clock_mono_us() < p->until_us && p->others-- == 0) {
		book_wrong(&g->book, "status %d said when to come again, a POST came %.0f ms before", p->status,
		        (double)(p->until_us - clock_mono_us()) / 1000);
	}
}

static void run_patience(struct trial *t, void *arg)
{
	struct patience p = { .status = patient[t->number / SINGLE_OR_JOINED / FORMS],
		.as_date = t->number / SINGLE_OR_JOINED % FORMS == 1 };
	struct answers g;

	(void)arg;
	answers_defaults(&g, t);
	g.script = play_patience;
	g.arg = &p;
	answers_add_good(&g, BATCHES, SPANS, t->number % SINGLE_OR_JOINED == 1);
	answers_play(&g);
}

const struct answers_part answers_patience = { "patience", (uint64_t)PATIENT *FORMS *SINGLE_OR_JOINED, 1,
	run_patience };
