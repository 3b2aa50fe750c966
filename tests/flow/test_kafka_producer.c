/* SPDX-License-Identifier: Apache-2.0 */
/* test_kafka_producer.c — records to a mock cluster in another process that goes down, freezes, and
 * comes back. The topic is read by librdkafka alone. */
#include "kafka_sender.h"

static void what_is_reported_persisted_is_on_the_topic_once(void)
{
	struct sender *s = sender_start((struct kafka_producer_opts){ 0 });

	is_int(sender_put_many(s, 500), 0, "500 records are taken");
	is_int(kafka_producer_stats(s->p)->waiting, 500, "and wait");
	ok(wait_until(s->loop, sender_all_reported, s, SECONDS), "all are reported");
	is_int(sender_count(s, KAFKA_PERSISTED), 500, "as persisted, each once");
	is_int(kafka_producer_stats(s->p)->waiting_bytes, 0, "nothing waits any more");
	ok(sender_topic_is_exact(s), "the topic holds each once, with a null key and its header");
	sender_stop(s);
}

static void a_broker_that_goes_and_comes_costs_nothing(void)
{
	struct sender *s = sender_start((struct kafka_producer_opts){ 0 });

	/* The mock cluster appends a retried request again, so none may be in flight when its broker goes. */
	sender_put_many(s, 200);
	ok(wait_until(s->loop, sender_all_reported, s, SECONDS), "the first are reported");
	mockproc_say(&s->broker, "down");
	sender_put_many(s, 200);
	wait_ms(s->loop, 500);
	ok(s->reported < s->sent, "while the broker is down nothing is given up");
	mockproc_say(&s->broker, "up");
	ok(wait_until(s->loop, sender_all_reported, s, SECONDS), "all are reported when it is back");
	is_int(sender_count(s, KAFKA_PERSISTED), 400, "as persisted, each once");
	ok(sender_topic_is_exact(s), "nothing is missing, nothing is twice");
	sender_stop(s);
}

static void a_purge_gives_back_what_never_left(void)
{
	struct sender *s = sender_start((struct kafka_producer_opts){ 0 });

	mockproc_say(&s->broker, "down");
	sender_put_many(s, 300);
	wait_ms(s->loop, 200);
	kafka_producer_purge(s->p);
	is_int(s->reported, 0, "no report comes from inside the purge");
	ok(wait_until(s->loop, sender_all_reported, s, SECONDS), "all come after it");
	is_int(sender_count(s, KAFKA_NOT_PERSISTED), 300, "as not persisted, each once");
	mockproc_say(&s->broker, "up");
	sender_put_many(s, 10);
	ok(wait_until(s->loop, sender_all_reported, s, SECONDS), "the producer goes on");
	is_int(sender_count(s, KAFKA_PERSISTED), 10, "and delivers");
	is_int(topic_read(s->broker.brokers, "spans", PARTITIONS, sender_read, s), 10, "only that is on the topic");
	sender_stop(s);
}

static void a_frozen_broker_is_waited_for(void)
{
	struct sender *s = sender_start_frozen();

	sender_put_many(s, 500);
	wait_ms(s->loop, 700);
	is_int(s->reported, FROZEN_AFTER, "nothing is reported while it is frozen");
	kill(s->broker.pid, SIGCONT);
	ok(wait_until(s->loop, sender_all_reported, s, SECONDS), "all are reported when it thaws");
	is_int(sender_count(s, KAFKA_PERSISTED), 510, "as persisted, each once");
	ok(sender_topic_is_exact(s), "nothing is missing, nothing is twice");
	sender_stop(s);
}

static void a_purge_leaves_what_is_on_the_wire(void)
{
	struct sender *s = sender_start_frozen();
	int back;

	sender_put_many(s, 1);
	ok(sender_is_on_wire(s), "on the wire, to no ears");
	sender_put_many(s, 800);
	kafka_producer_purge(s->p);
	wait_ms(s->loop, 300);
	back = s->reported;
	ok(s->recs[FROZEN_AFTER].reports == 0, "the record on the wire is not reported");
	kill(s->broker.pid, SIGCONT);
	ok(wait_until(s->loop, sender_all_reported, s, SECONDS), "all are reported in the end");
	is_int(sender_count(s, KAFKA_NOT_PERSISTED), back - FROZEN_AFTER, "what the purge gave back was not persisted");
	is_int(sender_not_once(s), 0, "each is reported once");
	is_int(topic_read(s->broker.brokers, "spans", PARTITIONS, sender_read, s), sender_count(s, KAFKA_PERSISTED),
	        "the topic holds what was reported as persisted");
	sender_stop(s);
}

static void a_flush_without_a_broker_keeps_its_budget(void)
{
	struct sender *s = sender_start_frozen();
	uint64_t began;

	for (int i = 0; i < 10; i++) { /* more requests than librdkafka has on the wire at once */
		sender_put_many(s, 100);
		wait_ms(s->loop, 20);
	}
	began = clock_mono_us();
	kafka_producer_flush(s->p, 300, sender_on_flushed, s);
	ok(wait_until(s->loop, sender_was_flushed, s, SECONDS), "it ends");
	ok(clock_mono_us() - began >= 300 * US_PER_MS, "not before the budget is spent");
	is_int(s->reported, 1010, "every record is reported by then");
	is_int(sender_not_once(s), 0, "each once");
	ok(sender_count(s, KAFKA_NOT_PERSISTED) > 0, "what was queued as not persisted");
	ok(sender_count(s, KAFKA_POSSIBLY_PERSISTED) > 0, "what was on the wire as possibly persisted");
	sender_stop(s);
}

static void a_flush_ends_with_the_last_report(void)
{
	struct sender *s = sender_start((struct kafka_producer_opts){ 0 });

	sender_put_many(s, 100);
	kafka_producer_flush(s->p, 60000, sender_on_flushed, s);
	ok(wait_until(s->loop, sender_was_flushed, s, SECONDS), "long before its budget");
	is_int(sender_count(s, KAFKA_PERSISTED), 100, "all persisted");
	s->flushed = false;
	kafka_producer_flush(s->p, 60000, sender_on_flushed, s);
	ok(!s->flushed, "with nothing to do it does not call back from inside");
	ok(wait_until(s->loop, sender_was_flushed, s, SECONDS), "but soon after");
	sender_stop(s);
}

static void a_full_queue_says_when_there_is_room(void)
{
	struct sender *s = sender_start((struct kafka_producer_opts){ .queue_bytes = 64 << 10 });

	mockproc_say(&s->broker, "down");
	is_int(sender_put_many(s, RECORDS), E_FULL, "the queue is full at last");
	is_int(s->sent, 1000, "after as many records as it may hold");
	wait_ms(s->loop, 100);
	is_int(s->rooms, 0, "no room while nothing leaves");
	mockproc_say(&s->broker, "up");
	ok(wait_until(s->loop, sender_had_room, s, SECONDS), "room is told");
	ok(kafka_producer_stats(s->p)->waiting <= 500, "when half of it is free");
	is_int(sender_put(s), 0, "and then a record is taken");
	ok(wait_until(s->loop, sender_all_reported, s, SECONDS), "all are reported");
	is_int(s->rooms, 1, "room was told once");
	is_int(kafka_producer_stats(s->p)->queue_full, 1, "and counted");
	ok(sender_topic_is_exact(s), "nothing is missing, nothing is twice");
	sender_stop(s);
}

static void hanging_up_lets_the_rest_go_on(void)
{
	struct sender *s = sender_start_frozen();

	sender_put_many(s, 1);
	ok(sender_is_on_wire(s), "on the wire, to no ears");
	sender_put_many(s, 50);
	kafka_producer_reset_connections(s->p);
	ok(wait_until(s->loop, sender_all_reported, s, SECONDS), "all are reported while it is frozen");
	is_int(sender_count(s, KAFKA_POSSIBLY_PERSISTED), 1, "the one on the wire as in doubt");
	is_int(sender_count(s, KAFKA_NOT_PERSISTED), 50, "those behind it as never sent");
	sender_put_many(s, 10);
	kill(s->broker.pid, SIGCONT);
	ok(wait_until(s->loop, sender_all_reported, s, SECONDS), "what comes then is reported");
	is_int(sender_count(s, KAFKA_PERSISTED), 20, "as persisted");
	is_int(sender_not_once(s), 0, "each is reported once");
	sender_stop(s);
}

int main(void)
{
	log_setup(LOG_LEVEL_WARN, LOG_FORM_TEXT);
	signal(SIGPIPE, SIG_IGN);
	what_is_reported_persisted_is_on_the_topic_once();
	a_broker_that_goes_and_comes_costs_nothing();
	a_purge_gives_back_what_never_left();
	a_frozen_broker_is_waited_for();
	a_purge_leaves_what_is_on_the_wire();
	hanging_up_lets_the_rest_go_on();
	a_flush_without_a_broker_keeps_its_budget();
	a_flush_ends_with_the_last_report();
	a_full_queue_says_when_there_is_room();
	return tap_done();
}
