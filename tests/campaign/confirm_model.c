/* SPDX-License-Identifier: Apache-2.0 */
/* confirm_model.c — the confirmation of POSTs against a simulated collector that loses spans behind its 2xx.
 *
 *	confirm_model [--seed N] [--count N] [--only N]
 *
 * A trial is one sender with some batches, and a collector as Jaeger 1.x is one: a queue with a bound,
 * workers that take spans from it in order and save them each in its own time, a store that refuses or
 * hangs, other senders, restarts that lose the queue, a sender that loses patience, connections cut before or after the spans came in,
 * and a metrics page whose counters are each read at a moment of its own, or that cannot be read. Then
 * all heals. In the end: no POST was called stored of which the store lacked a span, every span is in the
 * store, what was sent again is bounded by the losses, and a sender that is alone never overruns the queue. */
#include <string.h>

#include "campaign.h"
#include "policy/confirm.h"
#include "tap.h"

enum {
	BATCHES = 24,
	SPANS_MOST = 6, /* in a batch, which is a POST here */
	QUEUE_MOST = 96,
	WORKERS_MOST = 4,
	SLOWEST = 12,           /* the longest save takes so many times as long as the shortest, */
	OVERTAKE = SLOWEST + 1, /* so a worker finishes so many at most while another is at one */
	COUNTERS = 5,
	FAULTY_MS = 2500, /* until this moment the world misbehaves */
	PATIENCE_MS = 60000,
	OTHERS = BATCHES /* the batch number of everybody else's spans */
};

enum store { STORE_TAKES, STORE_REFUSES, STORE_HANGS };
enum wire { WIRE_IDLE, WIRE_TRAVELS, WIRE_CUT_BEFORE, WIRE_ANSWERS, WIRE_CUT_AFTER };

struct item {
	uint8_t batch, span;
};

struct sending {
	struct confirm_post post;
	enum wire wire;
	uint64_t at_us;              /* the next event of the wire */
	uint8_t settled[SPANS_MOST]; /* times that each span is in the store, or was filtered out on purpose */
	bool done, given_up;
};

static struct world {
	struct confirm confirm;
	struct trial *trial;
	uint64_t dice, now_us, healed_us;
	bool healed;
	struct sending s[BATCHES];
	unsigned batches;
	/* the collector */
	struct item queue[QUEUE_MOST];
	unsigned queued, capacity, workers;
	struct {
		bool busy;
		struct item item;
		uint64_t due_us;
	} worker[WORKERS_MOST];
	uint64_t save_us; /* the shortest save */
	uint64_t wire_us; /* the longest that a POST travels, and its answer */
	uint64_t page_us; /* the longest that a page takes */
	enum store store;
	unsigned others; /* percent of the moments at which other senders send */
	unsigned lazy;   /* percent of the moments at which the sender lets a batch wait */
	bool filters, moody, cuts, restarts, hasty;
	struct confirm_counters live;
	/* the page being read */
	bool reading, unreadable;
	uint64_t sample_us[COUNTERS];
	bool sampled[COUNTERS];
	struct confirm_reading page;
	/* for the oracle */
	uint64_t most_out, losses, lost_before;
} w;

static uint64_t roll(uint64_t n)
{
	return campaign_roll(&w.dice, n);
}

static bool chance(unsigned percent)
{
	return roll(100) < percent;
}

/* ---- the collector ---- */

static void settle(struct item i)
{
	if (i.batch != OTHERS)
		w.s[i.batch].settled[i.span]++;
}

static void enter(struct item i)
{
	w.live.received++;
	if (w.filters && chance(3)) {
		w.live.rejected++;
		settle(i);
	} else if (w.queued == w.capacity) {
		w.live.dropped++;
	} else {
		w.queue[w.queued++] = i;
	}
}

static void save(struct item i)
{
	if (w.store == STORE_REFUSES) {
		w.live.failed++;
		return;
	}
	w.live.saved++;
	settle(i);
}

static void workers_run(uint64_t passed_us)
{
	for (unsigned i = 0; i < w.workers; i++) {
		if (w.store == STORE_HANGS)
			w.worker[i].due_us += passed_us;
		if (w.worker[i].busy && w.now_us >= w.worker[i].due_us) {
			w.worker[i].busy = false;
			save(w.worker[i].item);
		}
		if (w.worker[i].busy || w.queued == 0)
			continue;
		w.worker[i].busy = true;
		w.worker[i].item = w.queue[0];
		w.worker[i].due_us = w.now_us + w.save_us + roll((SLOWEST - 1) * w.save_us);
		memmove(w.queue, w.queue + 1, --w.queued * sizeof(w.queue[0]));
	}
}

/* What the queue and the workers have is gone; a save that was under way may have come through. */
static void restart(void)
{
	for (unsigned i = 0; i < w.workers; i++)
		if (w.worker[i].busy && w.store == STORE_TAKES && chance(30))
			settle(w.worker[i].item);
	memset(w.worker, 0, sizeof(w.worker));
	w.queued = 0;
	w.live = (struct confirm_counters){
		.process = w.live.process + 1,
		.capacity = w.live.capacity,
		.overtake = w.live.overtake,
		.slowest_us = w.live.slowest_us,
	};
	w.unreadable = true; /* a page that is being read breaks off */
	w.losses++;
}

/* ---- the sender ---- */

static void take_verdict(struct sending *s)
{
	s->done = s->post.verdict == CONFIRM_STORED;
	s->given_up = s->post.verdict == CONFIRM_GIVE_UP;
	if (!s->done)
		return;
	for (uint32_t i = 0; i < s->post.spans; i++)
		if (s->settled[i] == 0)
			trial_wrong(w.trial, "batch %zu is called stored, span %u of it is not", (size_t)(s - w.s), i);
}

static void take_verdicts(struct list *decided)
{
	list_each_safe (node, decided) {
		list_remove(node);
		take_verdict(container_of(node, struct sending, post.link));
	}
}

/* The sender no longer waits for some POSTs, and sends them again. */
static void withdraw_some(void)
{
	for (unsigned i = 0; i < w.batches; i++)
		if (!list_empty(&w.s[i].post.link) && chance(50))
			confirm_withdraw(&w.confirm, &w.s[i].post);
}

/* The page passes for gone, or the collector is asked by one POST that is sent again. */
static void lose_patience(void)
{
	struct list decided;

	list_init(&decided);
	switch (roll(3)) {
	case 0:
		confirm_forget(&w.confirm, &decided);
		break;
	case 1:
		confirm_return_oldest(&w.confirm, &decided);
		break;
	default:
		withdraw_some();
	}
	take_verdicts(&decided);
	w.losses++;
}

static bool is_waiting(const struct sending *s)
{
	return !s->done && !s->given_up && s->wire == WIRE_IDLE && list_empty(&s->post.link);
}

static void send_some(void)
{
	for (unsigned i = 0; i < w.batches; i++) {
		struct sending *s = &w.s[i];

		if (!is_waiting(s) || !confirm_may_send(&w.confirm, s->post.spans) || chance(w.lazy))
			continue;
		confirm_sent(&w.confirm, &s->post);
		s->wire = w.cuts && !w.healed && chance(10) ? WIRE_CUT_BEFORE : WIRE_TRAVELS;
		s->at_us = w.now_us + roll(w.wire_us);
		w.most_out = max_u64(w.most_out, w.confirm.on_wire + w.confirm.unconfirmed);
	}
}

static void arrive(unsigned batch)
{
	struct sending *s = &w.s[batch];

	for (uint8_t i = 0; i < s->post.spans; i++)
		enter((struct item){ (uint8_t)batch, i });
	s->wire = w.cuts && !w.healed && chance(10) ? WIRE_CUT_AFTER : WIRE_ANSWERS;
	s->at_us = w.now_us + roll(w.wire_us);
}

static void wires_run(void)
{
	for (unsigned i = 0; i < w.batches; i++) {
		struct sending *s = &w.s[i];

		if (s->wire == WIRE_IDLE || w.now_us < s->at_us)
			continue;
		switch (s->wire) {
		case WIRE_TRAVELS:
			arrive(i);
			continue;
		case WIRE_ANSWERS:
			confirm_answered(&w.confirm, &s->post, w.now_us);
			break;
		default:
			confirm_unanswered(&w.confirm, &s->post, w.now_us);
			break;
		}
		s->wire = WIRE_IDLE;
	}
}

/* ---- the page ---- */

static void begin_reading(void)
{
	uint64_t takes_us = roll(chance(70) ? w.page_us : 400);

	w.reading = true;
	w.unreadable = !w.healed && chance(10);
	w.page = (struct confirm_reading){ .began_us = w.now_us };
	w.page.ended_us = w.now_us + takes_us;
	for (size_t i = 0; i < COUNTERS; i++) {
		w.sample_us[i] = w.now_us + (chance(50) ? roll(takes_us + 1) : chance(50) ? 0 : takes_us);
		w.sampled[i] = false;
	}
}

static void sample_counters(void)
{
	const uint64_t *from = &w.live.received;
	uint64_t *to = &w.page.counters.received;

	for (size_t i = 0; i < COUNTERS; i++)
		if (!w.sampled[i] && w.now_us >= w.sample_us[i]) {
			to[i] = from[i];
			w.sampled[i] = true;
		}
}

static void read_run(void)
{
	uint32_t waiting = 0;
	struct list decided;

	list_init(&decided);
	for (unsigned i = 0; i < w.batches && waiting == 0; i++)
		if (is_waiting(&w.s[i]))
			waiting = w.s[i].post.spans;
	if (!w.reading && w.now_us >= confirm_read_at(&w.confirm, waiting))
		begin_reading();
	if (!w.reading)
		return;
	sample_counters();
	if (w.now_us < w.page.ended_us)
		return;
	w.reading = false;
	w.page.ended_us = w.now_us;
	if (w.unreadable) {
		confirm_read_failed(&w.confirm, w.page.ended_us);
		return;
	}
	w.page.counters.process = w.live.process;
	w.page.counters.capacity = w.live.capacity;
	w.page.counters.overtake = w.live.overtake;
	w.page.counters.slowest_us = w.live.slowest_us;
	w.losses += w.page.counters.dropped + w.page.counters.failed != w.lost_before;
	w.lost_before = w.page.counters.dropped + w.page.counters.failed;
	confirm_read(&w.confirm, &w.page, &decided);
	take_verdicts(&decided);
}

/* ---- a trial ---- */

static void set_up(struct trial *t)
{
	memset(&w, 0, sizeof(w));
	w.trial = t;
	w.dice = t->seed;
	w.now_us = 1000000;
	w.workers = 1 + (unsigned)roll(WORKERS_MOST);
	w.capacity = 4 * SPANS_MOST + (unsigned)roll(QUEUE_MOST - 4 * SPANS_MOST);
	w.save_us = 100 + roll(chance(40) ? 20000 : 3000);
	w.lazy = chance(50) ? 60 : 97;
	w.wire_us = chance(50) ? 1000 : 20000;
	w.page_us = (const unsigned[]){ 200, 3000, 3000, 50000 }[roll(4)];
	w.others = (const unsigned[]){ 0, 0, 1, 2, 10, 100 }[roll(6)];
	w.filters = chance(20);
	w.moody = chance(50);
	w.cuts = chance(50);
	w.restarts = chance(40);
	w.hasty = chance(30);
	w.batches = 1 + (unsigned)roll(BATCHES);
	w.live.process = 1;
	w.live.capacity = chance(70) ? w.capacity : 0;
	w.live.overtake = (w.workers - 1) * OVERTAKE;
	w.live.slowest_us = chance(70) ? 4 * SLOWEST * w.save_us : 0;
	for (unsigned i = 0; i < w.batches; i++) {
		w.s[i].post.spans = 1 + (uint32_t)roll(SPANS_MOST);
		list_init(&w.s[i].post.link);
	}
	confirm_init(&w.confirm, &(struct confirm_opts){ .post_spans = SPANS_MOST,
	                                 .attempts = w.others > 0 ? 4 : 0,
	                                 .read_every_us = 5000 + roll(50000) });
}

static void misbehave(void)
{
	if (w.moody && chance(2))
		w.store = (enum store)roll(3);
	if (w.restarts && roll(400) == 0)
		restart();
	if (w.hasty && roll(100) == 0)
		lose_patience();
	if (chance(w.others))
		for (uint64_t n = roll(w.others < 10 ? 3 : 12); n > 0; n--)
			enter((struct item){ OTHERS, 0 });
}

static void heal(void)
{
	w.healed = true;
	w.healed_us = w.now_us;
	w.store = STORE_TAKES;
}

static bool all_settled(void)
{
	for (unsigned i = 0; i < w.batches; i++)
		if (!w.s[i].done && !w.s[i].given_up)
			return false;
	return true;
}

static void judge(struct trial *t)
{
	uint64_t resent = w.confirm.stats.resent;

	if (!all_settled())
		trial_wrong(t, "after a minute without fault something is still not stored");
	if (resent > w.losses * w.most_out)
		trial_wrong(t, "%" PRIu64 " spans were sent again for %" PRIu64 " losses", resent, w.losses);
	if (!w.others && w.live.capacity != 0 && w.live.dropped > 0)
		trial_wrong(t, "alone, it overran the queue by %" PRIu64 " spans", w.live.dropped);
	if (w.confirm.on_wire + w.confirm.unconfirmed + w.confirm.unread + w.confirm.queued != 0)
		trial_wrong(t, "something is counted as under way when nothing is");
	if (w.confirm.state == CONFIRM_FOREIGN)
		trial_wrong(t, "the collector's own page passes for another's");
	t->sums[0] += w.confirm.stats.confirmed;
	t->sums[1] += resent;
	t->sums[2] += w.confirm.stats.lost;
	t->sums[3] += w.confirm.stats.restarts;
	t->sums[4] += w.confirm.stats.given_up;
}

static void play(struct trial *t, void *arg)
{
	(void)arg;
	set_up(t);
	while (t->wrong[0] == '\0' && !(w.healed && all_settled())) {
		uint64_t step_us = 1 + roll(2000);

		if (w.healed && w.now_us - w.healed_us > PATIENCE_MS * US_PER_MS)
			break;
		w.now_us += step_us;
		workers_run(step_us);
		wires_run();
		read_run();
		send_some();
		if (!w.healed && w.now_us > FAULTY_MS * US_PER_MS)
			heal();
		else if (!w.healed)
			misbehave();
	}
	if (t->wrong[0] == '\0')
		judge(t);
}

int main(int argc, char **argv)
{
	struct campaign c = {
		.name = "confirm_model",
		.sums = { "spans confirmed", "sent again", "lost by the collector", "restarts", "given up" },
	};

	campaign_options(&c, 20000, argc, argv);
	ok(campaign_run(&c, c.count, play, NULL), "%s", c.said);
	ok(campaign_sum(&c, 2) > 0 && campaign_sum(&c, 3) > 0 && campaign_sum(&c, 4) > 0,
	        "collectors lost spans, restarted, and had other senders that kept the queue full");
	return tap_done();
}
