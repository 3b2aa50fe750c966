/* SPDX-License-Identifier: Apache-2.0 */
/* test_quarantine_topic.c — a producer that takes nothing: each try of the quarantine follows a pause, however
 * many records come meanwhile. Linked with --wrap=kafka_producer_send. */
#include "base/log.h"
#include "quarantine/quarantine.h"
#include "tap.h"
#include "wait.h"

enum { ITEMS = 20, SECONDS = 60 };

static bool down;
static unsigned sends;

int __wrap_kafka_producer_send(struct kafka_producer *p, const struct kafka_record *r, void *token);

/* What is taken has no report: that is not what is tried here. */
int __wrap_kafka_producer_send(struct kafka_producer *p, const struct kafka_record *r, void *token)
{
	(void)p;
	(void)r;
	(void)token;
	sends++;
	return down ? E_DOWN : 0;
}

static void on_done(void *arg, struct quarantine_item *item, enum quarantine_outcome outcome)
{
	(void)arg, (void)item, (void)outcome;
}

static bool has_sent(void *arg)
{
	return sends >= *(unsigned *)arg;
}

static void put(struct quarantine *q, struct quarantine_item *items, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		items[i] = (struct quarantine_item){ .record.value = slice_text("x"), .name = "x" };
		quarantine_put(q, &items[i]);
	}
}

static void what_failed_has_a_pause_whatever_comes_meanwhile(void)
{
	struct quarantine_opts o = { .kind = QUARANTINE_TOPIC, .where = "bad", .brokers = "127.0.0.1:1" };
	struct quarantine_events events = { on_done, NULL };
	struct quarantine_item items[ITEMS];
	struct quarantine *q;
	struct health health = { 0 };
	struct loop *loop;
	struct why why;
	unsigned want;

	if (!ok(loop_open(&loop, &why) == 0 && quarantine_open(&q, loop, &o, &events, &health, &why) == 0,
	            "a quarantine topic"))
		return;
	down = true;
	put(q, items, 0, ITEMS / 2);
	is_int(sends, 1, "ten records: one try, which fails");
	want = 2;
	ok(wait_until(loop, has_sent, &want, SECONDS), "it tries again");
	put(q, items, ITEMS / 2, ITEMS);
	is_int(sends, 2, "ten records more: no try before the next pause is over");
	down = false;
	want = 2 + ITEMS;
	ok(wait_until(loop, has_sent, &want, SECONDS), "then all are sent");
	is_int(sends, 2 + ITEMS, "each once");
	quarantine_free(q);
	loop_free(loop);
}

int main(void)
{
	log_setup((enum log_level)(LOG_LEVEL_ERROR + 1), LOG_FORM_TEXT);
	what_failed_has_a_pause_whatever_comes_meanwhile();
	return tap_done();
}
