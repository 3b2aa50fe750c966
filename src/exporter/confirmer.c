/* SPDX-License-Identifier: Apache-2.0 */
/* confirmer.c — reads a collector's metrics page for the policy confirm.h, and gives its verdicts to the owner.
 *
 *                         ┌─page is usable──► SEEING ──10 s without a page while POSTs are answered,──┐
 *   LOOKING ──first read──┤                     ▲       or the page is another collector's            ▼
 *                         └──none is────────────┼───────────────────────────────────► BLIND, or STOPPED
 *                                               └──a later read: a page is usable───────────────────────┘
 *
 * While SEEING the page is read when the policy asks for it. When that fails, all pages are tried, because the
 * collector may have been restarted as another version. If POSTs fail too, the collector is down and unconfirmed POSTs
 * wait. If no POST is on the wire because the window is full, the oldest unconfirmed one is returned to the owner,
 * who sends it again: its answer shows whether the collector is down or only the page is.
 *
 * While BLIND the pages are tried each minute, and before the first POST after a failed one, because the collector may
 * have been restarted. A page that was found to be another collector's is used again only after a minute in which its
 * counters grew by at least the spans that were sent.
 *
 * Answers of pages and the timer change the state. report_events() then delivers verdicts, never from inside a call of
 * the owner. */
#include <stdlib.h>

#include "base/clock.h"
#include "confirmer_internal.h"

/* Microseconds. */
#define READ_EVERY_US (US_PER_S / 4) /* least time between readings */
#define AWAY_US (10 * US_PER_S)      /* five consecutive time-outs of a reading */
#define BLIND_READ_US (60 * US_PER_S)
#define STOPPED_READ_US (5 * US_PER_S) /* shorter: nothing is sent until a reading succeeds */
#define SOON_US US_PER_S               /* least time between readings caused by failed POSTs */
#define SLOW_US (US_PER_S / 5)         /* a refused connection takes a millisecond, a time-out PAGE_MS */

static void on_pages_answer(void *arg, const struct pages_answer *a);

/* ---- the next reading ---- */

static uint64_t next_read_us(const struct confirmer *c)
{
	switch (c->state) {
	case CONFIRMER_CONFIRMING:
		return confirm_read_at(&c->policy, c->waiting);
	case CONFIRMER_BLIND:
		return c->read_us + (c->read_soon ? SOON_US : BLIND_READ_US);
	case CONFIRMER_STOPPED:
		return c->read_us + (c->foreign ? BLIND_READ_US : STOPPED_READ_US);
	default:
		return 0;
	}
}

static bool has_events(const struct confirmer *c)
{
	return c->changed || !list_empty(&c->decided);
}

static void schedule(struct confirmer *c)
{
	uint64_t now_us = clock_mono_us(), at_us = UINT64_MAX;

	if (has_events(c))
		at_us = now_us;
	else if (c->pages != NULL && !pages_busy(c->pages))
		at_us = next_read_us(c);
	if (at_us == UINT64_MAX)
		timer_stop(c->timer);
	else
		timer_start(c->timer, at_us > now_us ? (at_us - now_us + US_PER_MS - 1) / US_PER_MS : 0);
}

static void read_when_due(struct confirmer *c)
{
	if (c->pages == NULL || pages_busy(c->pages) || clock_mono_us() < next_read_us(c))
		return;
	c->read_soon = false;
	c->foreign_requested = c->foreign_spans;
	pages_read(c->pages, c->state != CONFIRMER_CONFIRMING || c->away_us != 0);
}

/* ---- events ---- */

static void free_confirmer(struct confirmer *c)
{
	pages_free(c->pages);
	timer_free(c->timer);
	buf_free(&c->sentence);
	free(c);
}

/* Must be the last call of a callback: C may be freed by it. */
static void report_events(struct confirmer *c)
{
	c->busy++;
	while (!c->closing && !list_empty(&c->decided)) {
		struct confirm_post *p = list_first(&c->decided, struct confirm_post, link);

		list_remove(&p->link);
		c->events.verdict(c->events.arg, p, p->verdict);
	}
	if (!c->closing && c->changed) {
		c->changed = false;
		c->events.changed(c->events.arg);
	}
	if (!c->closing)
		schedule(c);
	if (--c->busy == 0 && c->closing)
		free_confirmer(c);
}

static void on_timer(void *arg)
{
	struct confirmer *c = arg;

	read_when_due(c);
	report_events(c);
}

/* ---- results of a reading ---- */

static void lose_page(struct confirmer *c)
{
	c->state = c->mode == CONFIRMER_REQUIRE ? CONFIRMER_STOPPED : CONFIRMER_BLIND;
	c->waiting = 0;
	/* While STOPPED unconfirmed POSTs wait for the page. */
	if (c->state == CONFIRMER_BLIND || c->foreign)
		confirm_forget(&c->policy, &c->decided);
}

/* True when no reading of the page has succeeded for AWAY_US while the collector answered POSTs with 2xx, so the page is
 * gone and the collector is not. Under CONFIRMER_REQUIRE it is also true when no POST was sent in that time, or the last
 * one did not fail. */
static bool is_page_gone(const struct confirmer *c, uint64_t now_us)
{
	if (c->answered_us != 0)
		return now_us - c->answered_us >= AWAY_US;
	return c->mode == CONFIRMER_REQUIRE && !c->post_failed && now_us - c->away_us >= AWAY_US;
}

/* True when for AWAY_US no reading of the page succeeded and no POST was answered, and no POST is in flight: the owner
 * must send one POST to learn whether the collector is back. */
static bool may_probe(const struct confirmer *c)
{
	return c->away_us != 0 && c->answered_us == 0 && c->policy.on_wire == 0 &&
	       clock_mono_us() - c->away_us >= AWAY_US;
}

static void page_failed(struct confirmer *c, const struct pages_answer *a)
{
	c->reads_failed++;
	confirm_read_failed(&c->policy, a->ended_us);
	if (c->state == CONFIRMER_STARTING) {
		lose_page(c);
	} else if (c->state == CONFIRMER_CONFIRMING) {
		if (c->away_us == 0)
			c->away_us = a->began_us;
		if (is_page_gone(c, a->ended_us)) {
			lose_page(c);
		} else if (may_probe(c) && !c->post_failed && !c->probed) {
			c->probed = true;
			confirm_return_oldest(&c->policy, &c->decided);
		}
	}
}

/* R is a reading of a page that was found to be another collector's. False when its counters grew by all spans sent
 * since the last reading, so that it may be this collector's after all. True also when no span was sent. */
static bool is_foreign_still(struct confirmer *c, const struct confirm_reading *r)
{
	const struct confirm_counters *now = &r->counters, *then = &c->foreign_last;
	bool counted = now->process == then->process && c->foreign_requested > 0 &&
	               now->received >= then->received + c->foreign_requested;

	c->foreign_last = *now;
	c->foreign_spans = c->foreign_requested = 0;
	return c->state == CONFIRMER_BLIND && !counted;
}

static void count_stored(struct confirmer *c, const struct confirm_reading *r)
{
	if (c->stored_epoch != c->policy.epoch)
		c->stored = (struct rate){ 0 };
	c->stored_epoch = c->policy.epoch;
	rate_observe(&c->stored, r->ended_us, r->counters.saved);
}

static void page_read(struct confirmer *c, const struct confirm_reading *r)
{
	c->away_us = c->answered_us = 0;
	c->probed = false;
	if (c->foreign && is_foreign_still(c, r)) {
		confirm_forget(&c->policy, &c->decided); /* begins a new epoch, which confirmer_answered compares */
		return;
	}
	confirm_read(&c->policy, r, &c->decided);
	count_stored(c, r);
	c->foreign = c->policy.state == CONFIRM_FOREIGN;
	c->foreign_last = r->counters;
	c->foreign_spans = 0;
	if (c->foreign)
		lose_page(c);
	else
		c->state = CONFIRMER_CONFIRMING;
}

static void on_pages_answer(void *arg, const struct pages_answer *a)
{
	struct confirmer *c = arg;

	c->reads++;
	c->read_us = clock_mono_us();
	c->last_read_slow = a->ended_us - a->began_us > SLOW_US;
	if (a->reading != NULL)
		page_read(c, a->reading);
	else
		page_failed(c, a);
	confirmer_describe(c);
	c->changed = true;
	report_events(c);
}

/* ---- the owner's calls ---- */

/* True when a POST failed since the last reading: the collector may have been restarted and have a page now. */
static bool must_read_first(struct confirmer *c)
{
	if (c->pages == NULL || !c->post_failed || c->last_read_slow)
		return false;
	if (pages_busy(c->pages))
		return true;
	c->read_soon = clock_mono_us() - c->read_us >= SOON_US;
	return c->read_soon;
}

bool confirmer_may_send(struct confirmer *c, uint32_t spans)
{
	bool may = false;

	if (c->state == CONFIRMER_BLIND) {
		may = !must_read_first(c);
	} else if (c->state == CONFIRMER_CONFIRMING) {
		may = confirm_may_send(&c->policy, spans) || may_probe(c);
		c->waiting = may ? 0 : spans;
	}
	if (!may)
		schedule(c);
	return may;
}

void confirmer_hurry(struct confirmer *c)
{
	if (c->state != CONFIRMER_CONFIRMING || c->policy.unconfirmed == 0 || c->waiting == UINT32_MAX)
		return;
	c->waiting = UINT32_MAX; /* larger than any window: read as often as possible */
	schedule(c);
}

uint32_t confirmer_post_spans(const struct confirmer *c)
{
	return c->state == CONFIRMER_CONFIRMING ? confirm_post_spans(&c->policy) : c->policy.opts.post_spans;
}

void confirmer_sent(struct confirmer *c, struct confirm_post *p)
{
	confirm_sent(&c->policy, p);
}

bool confirmer_answered(struct confirmer *c, struct confirm_post *p)
{
	uint64_t now_us = clock_mono_us();
	bool blind = c->state == CONFIRMER_BLIND;

	if (blind) {
		confirm_unanswered(&c->policy, p, now_us);
		if (p->epoch == c->policy.epoch) /* sent after the last reading */
			c->foreign_spans += p->spans;
		c->read_soon |= c->post_failed;
	} else {
		confirm_answered(&c->policy, p, now_us);
		if (c->away_us != 0 && c->answered_us == 0)
			c->answered_us = now_us;
	}
	c->post_failed = false;
	schedule(c);
	return blind;
}

void confirmer_unanswered(struct confirmer *c, const struct confirm_post *p)
{
	confirm_unanswered(&c->policy, p, clock_mono_us());
	c->post_failed = true;
	c->answered_us = 0;
	schedule(c);
}

void confirmer_withdraw(struct confirmer *c, struct confirm_post *p)
{
	confirm_withdraw(&c->policy, p);
	schedule(c);
}

enum confirmer_state confirmer_state(const struct confirmer *c)
{
	return c->state;
}

bool confirmer_store_away(const struct confirmer *c)
{
	return c->state == CONFIRMER_CONFIRMING && confirm_store_away(&c->policy);
}

void confirmer_stats(const struct confirmer *c, struct confirmer_stats *to)
{
	*to = (struct confirmer_stats){
		.confirm = c->policy.stats,
		.window = c->policy.window,
		.unconfirmed = c->policy.unconfirmed,
		.reads = c->reads,
		.reads_failed = c->reads_failed,
		.stored_per_s = c->stored.per_s > 0 ? (uint64_t)c->stored.per_s : 0,
		.state = c->policy.state,
	};
}

/* ---- open and free ---- */

static int open_parts(struct confirmer *c, struct loop *l, const struct http_client_opts *http,
        const struct confirmer_opts *o, struct why *why)
{
	if (timer_open(&c->timer, l, on_timer, c) < 0)
		return why_set(why, E_NOMEM, "confirmation of deliveries");
	if (o->mode == CONFIRMER_OFF)
		return 0;
	return pages_open(&c->pages, l, http, &(struct pages_where){ o->collector_url, o->metrics_url, o->address },
	        on_pages_answer, c, why);
}

int confirmer_open(struct confirmer **out, struct loop *l, const struct http_client_opts *http,
        const struct confirmer_opts *o, const struct confirmer_events *events, struct why *why)
{
	struct confirmer *c = calloc(1, sizeof(*c));
	int rc;

	if (c == NULL)
		return why_set(why, E_NOMEM, "confirmation of deliveries");
	c->events = *events;
	c->mode = o->mode;
	c->state = o->mode == CONFIRMER_OFF ? CONFIRMER_BLIND : CONFIRMER_STARTING;
	c->named = o->metrics_url != NULL;
	list_init(&c->decided);
	confirm_init(&c->policy,
	        &(struct confirm_opts){
	                .post_spans = o->post_spans, .attempts = o->attempts, .read_every_us = READ_EVERY_US });
	rc = open_parts(c, l, http, o, why);
	if (rc < 0) {
		free_confirmer(c);
		return rc;
	}
	confirmer_describe(c);
	schedule(c);
	*out = c;
	return 0;
}

void confirmer_free(struct confirmer *c)
{
	if (c == NULL)
		return;
	c->closing = true;
	if (c->busy == 0)
		free_confirmer(c);
}
