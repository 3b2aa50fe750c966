/* SPDX-License-Identifier: Apache-2.0 */
/* answers.c — opens, feeds and closes an exporter, and passes each POST through the book and the script. */
#include <config.h>

#include "answers.h"
#include "fakeclock.h"

uint64_t answers_dice(struct answers *g, uint64_t sides)
{
	return campaign_roll(&g->trial->seed, sides);
}

void answers_defaults(struct answers *g, struct trial *t)
{
	*g = (struct answers){ .trial = t,
		.opts = { .confirm = CONFIRMER_OFF,
		        .connect_ms = 20000,
		        .total_ms = 20000,
		        .max_in_flight = 1 + campaign_roll(&t->seed, 8),
		        .max_bytes = 1 << 20,
		        .retry_base_ms = 1,
		        .retry_cap_ms = 5 } };
}

void answers_add_good(struct answers *g, size_t n, uint32_t spans, bool joined)
{
	char service[24] = "one";

	for (size_t i = 0; i < n; i++) {
		if (!joined)
			snprintf(service, sizeof(service), "svc%zu", g->book.n);
		book_add(&g->book, service, spans, GOOD);
	}
}

/* ---- the collectors' side ---- */

static void on_decide(void *arg, const struct scripted_request *r, struct scripted_answer *to)
{
	struct answers *g = arg;
	struct book_request q;
	struct answers_act act = { .answer = *to, .stores = true };

	book_read(&g->book, r, true, &q);
	if (q.poison != NULL) {
		book_poison_answer(&q, &act.answer);
		act.stores = false;
	}
	if (g->script != NULL)
		g->script(g, &q, &act);
	book_answered(&g->book, &q, &act.answer, act.stores);
	*to = act.answer;
}

static bool on_cuts(void *arg, const struct scripted_request *r)
{
	static const struct scripted_answer none = { .shape = SCHEMA_NONE };
	struct answers *g = arg;
	struct book_request q;

	if (g->cuts == NULL)
		return false;
	book_read(&g->book, r, false, &q);
	if (!g->cuts(g, &q))
		return false;
	book_answered(&g->book, &q, &none, false);
	return true;
}

/* ---- the owner's side ---- */

static bool hand_in(struct answers *g, size_t n)
{
	struct exporter_item item = book_item(&g->book, n);

	return exporter_send(g->exporter, &item) == 0;
}

/* New ones, and now and then one that was given back, as an agent does. */
static void feed(void *arg)
{
	struct answers *g = arg;
	size_t n;

	while (g->book.taken < g->book.n && hand_in(g, g->book.taken))
		if (++g->book.taken % 16 == 0 && book_next_returned(&g->book, &n) && hand_in(g, n))
			g->book.batch[n]->returned = false;
}

static void on_done(void *arg, const struct exporter_report *r)
{
	book_report(&((struct answers *)arg)->book, r);
}

static void on_changed(void *arg, enum exporter_state state, const char *sentence)
{
	struct answers *g = arg;

	snprintf(g->sentence, sizeof(g->sentence), "%s", sentence);
	g->was_blocked |= state == EXPORTER_BLOCKED;
}

void answers_open(struct answers *g)
{
	struct exporter_events events = { .done = on_done, .room = feed, .changed = on_changed, .arg = g };
	struct scripted_events scripted = { .cuts = on_cuts, .decide = on_decide, .arg = g };
	const char *urls[ANSWERS_COLLECTORS];
	struct why why = { 0 };

	if (loop_open(&g->loop, &why) < 0)
		exit(99);
	for (unsigned i = 0; i < ANSWERS_COLLECTORS; i++) {
		if (g->one_port && i > 0)
			scripted_open_at(&g->collector[i], g->loop, 1 + i, g->collector[0].server.port, &scripted);
		else
			scripted_open(&g->collector[i], g->loop, &scripted);
		if (g->name != NULL && i == 0)
			snprintf(g->url[0], sizeof(g->url[0]), "http://%s:%u", g->name, g->collector[0].server.port);
		if (g->url[i][0] == '\0')
			snprintf(g->url[i], sizeof(g->url[i]), "http://127.0.0.1:%u", g->collector[i].server.port);
		urls[i] = g->url[i];
	}
	g->opts.urls = urls;
	g->opts.nurls = max_u64(g->collectors, 1);
	if (exporter_open(&g->exporter, g->loop, &g->opts, &events, &why) < 0) {
		trial_wrong(g->trial, "the exporter does not open: %s", why.text);
		exit(99);
	}
}

static bool none(void *arg, void *token)
{
	(void)arg, (void)token;
	return false;
}

/* The loop's timers do not know that the clock has moved: to recall nothing makes the exporter look at it. */
static void move_clock(struct answers *g)
{
	if (g->ahead_us == 0)
		return;
	fakeclock_ahead_us += g->ahead_us;
	exporter_recall(g->exporter, none, NULL);
}

static void check_requests(struct answers *g)
{
	if (g->requests_most > 0 && g->book.requests > g->requests_most)
		book_wrong(&g->book, "%" PRIu64 " POSTs, %" PRIu64 " are allowed", g->book.requests, g->requests_most);
}

static bool is_over(void *arg)
{
	struct answers *g = arg;

	move_clock(g);
	check_requests(g);
	if (g->traffic > 0 && g->book.quarantined < g->book.poisoned) {
		answers_add_good(g, g->traffic, 2, false);
		feed(g);
	}
	if (g->good_only > 0)
		return g->book.wrong[0] != '\0' || g->book.reported >= g->good_only;
	return g->book.wrong[0] != '\0' ||
	       (g->book.reported >= g->book.n && exporter_stats(g->exporter)->in_flight == 0);
}

void answers_run(struct answers *g)
{
	/* A clock that is moved on says nothing of how long a trial takes: the campaign ends one that hangs. */
	unsigned seconds = g->ahead_us > 0 ? UINT32_MAX / 2 : ANSWERS_SECONDS;

	size_t reported;

	feed(g);
	do {
		reported = g->book.reported;
		if (wait_until(g->loop, is_over, g, seconds))
			return;
	} while (g->book.reported > reported);
	book_wrong(&g->book, "%zu of %zu batches are reported, none of them for %u s, %" PRIu64 " POSTs; %s",
	        g->book.reported, g->book.n, seconds, g->book.requests,
	        exporter_fault(g->exporter) == NULL ? "no fault is told" : exporter_fault(g->exporter));
}

static bool is_blocked(void *arg)
{
	enum { WAITING_MOST = 200 };
	struct answers *g = arg;
	const char *fault = exporter_fault(g->exporter);

	if (exporter_state(g->exporter) == EXPORTER_BLOCKED && fault != NULL && strstr(fault, g->says) != NULL)
		return true;
	if (g->book.n - g->book.reported < WAITING_MOST)
		answers_add_good(g, 1, 2, false);
	feed(g);
	return g->book.wrong[0] != '\0';
}

void answers_until_blocked(struct answers *g, const char *says)
{
	size_t quarantined = g->book.quarantined;

	g->says = says;
	if (!wait_until(g->loop, is_blocked, g, ANSWERS_SECONDS))
		book_wrong(&g->book, "no operator is called for \"%s\": %s", says, g->sentence);
	if (g->book.quarantined > quarantined)
		book_wrong(&g->book, "%zu batches are quarantined while no collector could be asked",
		        g->book.quarantined - quarantined);
}

static void check_end(struct answers *g)
{
	const struct exporter_stats *s = exporter_stats(g->exporter);
	struct book *b = &g->book;

	if (s->items > 0 || s->bytes > 0 || s->unconfirmed > 0 || s->in_flight > 0)
		book_wrong(b, "at the end the exporter holds %" PRIu64 " batches", s->items);
	for (size_t i = 0; i < b->n; i++)
		if (b->batch[i]->reports != 1 && !(b->batch[i]->returned && b->batch[i]->reports == 0))
			book_wrong(b, "batch %zu is reported %d times", i + 1, b->batch[i]->reports);
	check_requests(g);
	for (unsigned i = 0; i < ANSWERS_COLLECTORS; i++)
		if (g->collector[i].wrong[0] != '\0')
			book_wrong(b, "a request is no good HTTP: %s", g->collector[i].wrong);
}

static bool is_empty(void *arg)
{
	struct answers *g = arg;

	return exporter_stats(g->exporter)->items == 0 && exporter_stats(g->exporter)->in_flight == 0;
}

void answers_close(struct answers *g)
{
	struct trial *t = g->trial;

	if (g->good_only > 0) {
		exporter_purge(g->exporter);
		wait_until(g->loop, is_empty, g, ANSWERS_SECONDS);
	}
	check_end(g);
	if (g->book.wrong[0] != '\0')
		trial_wrong(t, "%s", g->book.wrong);
	t->sums[SUM_REQUESTS] += g->book.requests;
	t->sums[SUM_JOINED] += g->book.joined;
	t->sums[SUM_STORED] += g->book.reported - g->book.quarantined;
	t->sums[SUM_REPEATS] += g->book.repeats;
	t->sums[SUM_QUARANTINED] += g->book.quarantined;
	t->sums[SUM_BLOCKED] += g->was_blocked;
	exporter_free(g->exporter);
	for (unsigned i = 0; i < ANSWERS_COLLECTORS; i++)
		scripted_close(&g->collector[i]);
	loop_free(g->loop);
	book_free(&g->book);
}

void answers_play(struct answers *g)
{
	answers_open(g);
	answers_run(g);
	answers_close(g);
}
