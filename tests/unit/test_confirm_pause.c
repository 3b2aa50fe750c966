/* SPDX-License-Identifier: Apache-2.0 */
/* test_confirm_pause.c — senders that never rest before a collector whose batch processor gathers spans, so that its
 * counters move in steps: what was sent is known to be stored soon all the same. */
#include "policy/confirm.h"
#include "tap.h"

enum {
	POST = 50, /* spans */
	STEP_US = 1000,
	SECONDS = 60,
	RATE = 1000, /* spans a second */
	READ_EVERY_US = 250000,
	POSTS = SECONDS * RATE / POST + 1,
};

static struct confirm c;
static struct confirm_post posts[POSTS];
static struct confirm_counters live;
static size_t next;           /* POST */
static uint64_t sent, stored; /* spans */
static uint64_t longest_us;   /* from a POST's answer to its verdict */
static uint64_t kept_back_us; /* time in which a POST waited */
static uint64_t now_us;
static uint64_t flush_us; /* the batch processor's time-out */

static void begin(uint64_t slowest_us)
{
	memset(posts, 0, sizeof(posts));
	live = (struct confirm_counters){ .process = 7, .capacity = CONFIRM_NO_QUEUE, .overtake = 1000000 };
	live.slowest_us = slowest_us;
	next = 0;
	sent = stored = longest_us = kept_back_us = 0;
	now_us = US_PER_S;
	flush_us = 200000;
	confirm_init(&c, &(struct confirm_opts){ .post_spans = 500, .attempts = 3, .read_every_us = READ_EVERY_US });
}

static void send_due(uint64_t due)
{
	while (sent + POST <= due && next < POSTS && confirm_may_send(&c, POST)) {
		struct confirm_post *p = &posts[next++];

		p->spans = POST;
		confirm_sent(&c, p);
		live.received += POST;
		confirm_answered(&c, p, now_us);
		sent += POST;
	}
	kept_back_us += sent + POST <= due ? STEP_US : 0;
}

static void read_when_due(uint64_t due)
{
	struct confirm_reading r = { live, now_us, now_us + 2000 };
	struct list decided;

	if (now_us < confirm_read_at(&c, sent + POST <= due ? POST : 0))
		return;
	list_init(&decided);
	confirm_read(&c, &r, &decided);
	list_each_safe (node, &decided) {
		const struct confirm_post *p = container_of(node, struct confirm_post, link);

		stored += p->verdict == CONFIRM_STORED ? p->spans : 0;
		longest_us = max_u64(longest_us, now_us - p->answered_us);
		list_remove(node);
	}
}

/* RATE spans a second for SECONDS; other senders add OTHERS each millisecond. */
static void play(uint64_t others)
{
	for (uint64_t i = 0; i < SECONDS * US_PER_S / STEP_US; i++) {
		uint64_t due = i * RATE * STEP_US / US_PER_S;

		now_us += STEP_US;
		if (now_us % flush_us == 70000 % flush_us)
			live.saved = live.received;
		live.received += others;
		send_due(due);
		read_when_due(due);
	}
}

static void steady_traffic_is_confirmed_soon(void)
{
	begin(0);
	play(0);
	ok(sent >= (SECONDS - 2) * RATE, "%d span/s for a minute: %llu are sent", RATE, (unsigned long long)sent);
	ok(stored + 4 * RATE >= sent, "all but those of the last seconds are known to be stored: %llu",
	        (unsigned long long)stored);
	ok(longest_us <= 3 * US_PER_S, "each within three seconds: %llu ms", (unsigned long long)(longest_us / 1000));
	ok(kept_back_us <= 15 * US_PER_S, "for that they wait now and then: %llu ms of a minute",
	        (unsigned long long)(kept_back_us / 1000));
}

static void a_collector_whose_saves_have_a_bound_needs_none(void)
{
	begin(US_PER_S);
	flush_us = STEP_US; /* it saves without a pause */
	play(0);
	ok(stored + 4 * RATE >= sent, "Jaeger 1.x: steady traffic is confirmed");
	ok(kept_back_us <= US_PER_S, "and never waits: %llu ms", (unsigned long long)(kept_back_us / 1000));
}

static void beside_others_a_pause_is_in_vain_and_rare(void)
{
	begin(0);
	c.window = 100000; /* the others take their share of it */
	play(1);
	is_int(stored, 0, "another sender never rests: it cannot be seen what is stored");
	ok(kept_back_us <= 6 * US_PER_S, "so pauses become rare: %llu ms of a minute",
	        (unsigned long long)(kept_back_us / 1000));
	ok(kept_back_us > 0, "though there were some");
}

static void a_page_that_cannot_be_read_ends_a_pause(void)
{
	begin(0);
	while (c.pause_began_us == 0) {
		now_us += STEP_US;
		if (now_us % flush_us == 70000 % flush_us)
			live.saved = live.received;
		send_due((now_us - US_PER_S) / STEP_US);
		read_when_due((now_us - US_PER_S) / STEP_US);
	}
	ok(!confirm_may_send(&c, POST), "a pause has begun");
	is_int(confirm_read_at(&c, 0), c.urgent_at_us, "the page is read soon, although nothing waits");
	confirm_read_failed(&c, now_us);
	ok(confirm_may_send(&c, POST), "a page that cannot be read ends it");
}

static void nothing_unconfirmed_needs_no_pause(void)
{
	begin(0);
	play(0);
	for (size_t i = 0; i < next; i++)
		if (!posts[i].decided)
			confirm_withdraw(&c, &posts[i]);
	c.pause_began_us = now_us;
	ok(confirm_may_send(&c, POST), "withdrawn POSTs hold nobody up");
}

int main(void)
{
	steady_traffic_is_confirmed_soon();
	a_collector_whose_saves_have_a_bound_needs_none();
	beside_others_a_pause_is_in_vain_and_rare();
	a_page_that_cannot_be_read_ends_a_pause();
	nothing_unconfirmed_needs_no_pause();
	return tap_done();
}
