/* SPDX-License-Identifier: Apache-2.0 */
/* test_kafka_fault.c — records that are refused, handles that die, settings that are wrong. */
#include "kafka_sender.h"

/* Sends what is missing, and waits for room() after each refusal. */
static bool pushed_through(void *arg)
{
	struct sender *s = arg;

	if (s->sent < s->want && (!s->held || s->rooms > 0)) {
		s->rooms = 0;
		s->held = sender_put_many(s, s->want - s->sent) != 0;
	}
	return s->sent == s->want;
}

static void a_denied_topic_holds_and_heals(void)
{
	struct sender *s = sender_start((struct kafka_producer_opts){ 0 });

	mockproc_say(&s->broker, "fail %d 1", RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
	is_int(sender_put_many(s, 5), 0, "records are taken before the refusal is known");
	ok(wait_until(s->loop, sender_all_reported, s, SECONDS), "they come back");
	ok(sender_count(s, KAFKA_NOT_PERSISTED) > 0, "the first request as not persisted");
	is_int(sender_put(s), E_DOWN, "then the producer refuses");
	ok(wait_until(s->loop, sender_had_room, s, SECONDS), "and says when to try again");
	s->want = 25;
	ok(wait_until(s->loop, pushed_through, s, SECONDS), "until it takes them");
	ok(wait_until(s->loop, sender_all_reported, s, SECONDS), "all are reported");
	is_int(sender_not_once(s), 0, "each once");
	is_int(topic_read(s->broker.brokers, "spans", PARTITIONS, sender_read, s), sender_count(s, KAFKA_PERSISTED),
	        "the topic holds what was reported as persisted");
	ok(kafka_producer_stats(s->p)->refused >= 1, "refusals are counted");
	sender_stop(s);
}

static void an_impossible_topic_holds_and_heals(void)
{
	struct sender *s = calloc(1, sizeof(*s));

	mockproc_start(&s->broker, 1);
	mockproc_say(&s->broker, "topic spans %d", PARTITIONS);
	mockproc_say(&s->broker, "refuse spans %d", RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION);
	sender_open(s, s->broker.brokers, (struct kafka_producer_opts){ 0 });
	sender_put_many(s, 5);
	ok(wait_until(s->loop, sender_all_reported, s, SECONDS), "what was taken comes back");
	is_int(sender_count(s, KAFKA_NOT_PERSISTED), 5, "as not persisted");
	is_int(sender_put(s), E_DOWN, "the producer refuses");
	ok(wait_until(s->loop, sender_had_room, s, SECONDS), "and says when to try again");
	/* Now and then librdkafka takes one all the same, and gives it back. */
	s->want = 15;
	wait_until(s->loop, pushed_through, s, 3);
	mockproc_say(&s->broker, "refuse spans 0");
	s->want = 25;
	ok(wait_until(s->loop, pushed_through, s, SECONDS), "when it is healed it takes them");
	ok(wait_until(s->loop, sender_all_reported, s, SECONDS), "all are reported");
	is_int(topic_read(s->broker.brokers, "spans", PARTITIONS, sender_read, s), sender_count(s, KAFKA_PERSISTED),
	        "the topic holds what was reported as persisted");
	sender_stop(s);
}

static void a_topic_that_comes_late_gets_everything(void)
{
	struct sender *s = calloc(1, sizeof(*s));

	mockproc_start(&s->broker, 1);
	mockproc_say(&s->broker, "topic spans %d", PARTITIONS);
	mockproc_say(&s->broker, "refuse spans %d", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
	sender_open(s, s->broker.brokers, (struct kafka_producer_opts){ 0 });
	is_int(sender_put_many(s, 100), 0, "records are taken for a topic that is missing");
	wait_ms(s->loop, 1500);
	is_int(s->reported, 0, "and wait for it");
	mockproc_say(&s->broker, "refuse spans 0");
	ok(wait_until(s->loop, sender_all_reported, s, SECONDS), "when it comes all are reported");
	is_int(sender_count(s, KAFKA_PERSISTED), 100, "as persisted");
	ok(sender_topic_is_exact(s), "nothing is missing, nothing is twice");
	sender_stop(s);
}

static void a_fatal_error_makes_a_new_handle(void)
{
	struct sender *s = sender_start((struct kafka_producer_opts){ 0 });
	char first[64];

	snprintf(first, sizeof(first), "%s", rd_kafka_name(s->p->main.rk));
	sender_put_many(s, 50);
	wait_until(s->loop, sender_all_reported, s, SECONDS);
	mockproc_say(&s->broker, "down");
	sender_put_many(s, 50);
	wait_ms(s->loop, 100);
	rd_kafka_test_fatal_error(s->p->main.rk, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "planted");
	is_int(sender_put(s), E_DOWN, "a dead handle refuses");
	ok(wait_until(s->loop, sender_all_reported, s, SECONDS), "what it held comes back");
	is_int(sender_count(s, KAFKA_NOT_PERSISTED), 50, "as not persisted, each once");
	mockproc_say(&s->broker, "up");
	ok(wait_until(s->loop, sender_had_room, s, SECONDS), "room is told when the new one is there");
	ok(strcmp(rd_kafka_name(s->p->main.rk), first) != 0, "it is another handle");
	is_int(kafka_producer_stats(s->p)->fatal, 1, "the error is counted");
	is_int(sender_put_many(s, 50), 0, "it takes records");
	ok(wait_until(s->loop, sender_all_reported, s, SECONDS), "all are reported");
	is_int(sender_count(s, KAFKA_PERSISTED), 100, "as persisted");
	is_int(sender_not_once(s), 0, "each once");
	sender_stop(s);
}

static void a_fatal_error_with_records_on_the_wire_reports_them(void)
{
	struct sender *s = sender_start_frozen();

	sender_put_many(s, 20);
	ok(sender_is_on_wire(s), "on the wire, to no ears");
	rd_kafka_test_fatal_error(s->p->main.rk, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "planted");
	ok(wait_until(s->loop, sender_all_reported, s, SECONDS), "all are reported, the broker frozen");
	ok(sender_count(s, KAFKA_POSSIBLY_PERSISTED) > 0, "what was on the wire as possibly persisted");
	is_int(sender_not_once(s), 0, "each once");
	kill(s->broker.pid, SIGCONT);
	ok(wait_until(s->loop, sender_had_room, s, SECONDS), "and a new handle is made");
	sender_stop(s);
}

static void the_pause_grows_while_handles_keep_dying(void)
{
	struct sender *s = sender_start((struct kafka_producer_opts){ 0 });

	for (int i = 0; i < 3; i++) {
		s->rooms = 0;
		rd_kafka_test_fatal_error(s->p->main.rk, RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, "planted");
		ok(wait_until(s->loop, sender_had_room, s, SECONDS), "death %d is mended", i + 1);
		is_int(s->p->pause_ms, 100 << (i + 1), "the next pause is twice as long");
	}
	sender_put_many(s, 1);
	ok(wait_until(s->loop, sender_all_reported, s, SECONDS), "a record gets through");
	is_int(s->p->pause_ms, 100, "and the next pause is a short one");
	sender_stop(s);
}

static void is_sent_again_one_by_one(int code)
{
	struct sender *s = sender_start((struct kafka_producer_opts){ 0 });

	mockproc_say(&s->broker, "fail %d 1", code);
	sender_put_many(s, 20);
	ok(wait_until(s->loop, sender_all_reported, s, SECONDS), "all are reported");
	is_int(sender_count(s, KAFKA_PERSISTED), 20, "as persisted, each once");
	ok(s->p->alone.rk != NULL, "by the handle for lone records");
	ok(sender_topic_is_exact(s), "the topic holds each once, with its header");
	sender_stop(s);
}

static void a_batch_that_is_too_large_is_sent_again_one_by_one(void)
{
	is_sent_again_one_by_one(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
	is_sent_again_one_by_one(RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE);
}

static void so_is_one_that_may_be_refused_for_one_record(void)
{
	is_sent_again_one_by_one(RD_KAFKA_RESP_ERR_INVALID_RECORD);
	is_sent_again_one_by_one(RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP);
	is_sent_again_one_by_one(RD_KAFKA_RESP_ERR_POLICY_VIOLATION);
}

static void refused_alone_it_is_refused_in_the_brokers_words(void)
{
	struct sender *s = sender_start((struct kafka_producer_opts){ 0 });

	mockproc_say(&s->broker, "fail %d 1000", RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP);
	sender_put_many(s, 5);
	ok(wait_until(s->loop, sender_all_reported, s, SECONDS), "all are reported");
	is_int(sender_count(s, KAFKA_REFUSED), 5, "as refused, each once");
	ok(strstr(s->detail, "INVALID_TIMESTAMP: Broker: Invalid timestamp") != NULL,
	        "the detail has code and text: %s", s->detail);
	sender_stop(s);
}

static void a_record_refused_alone_is_too_large(void)
{
	struct sender *s = sender_start((struct kafka_producer_opts){ 0 });

	mockproc_say(&s->broker, "fail %d 1000", RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
	sender_put_many(s, 5);
	ok(wait_until(s->loop, sender_all_reported, s, SECONDS), "all are reported");
	is_int(sender_count(s, KAFKA_TOO_LARGE), 5, "as too large, each once");
	ok(strstr(s->detail, "size") != NULL, "the detail says so: %s", s->detail);
	is_int(topic_read(s->broker.brokers, "spans", PARTITIONS, sender_read, s), 0, "none is on the topic");
	sender_stop(s);
}

static void what_can_never_be_sent_is_refused_at_once(void)
{
	struct sender *s = sender_start((struct kafka_producer_opts){ 0 });
	static char big[1 << 20];
	struct kafka_record rec = { .value = slice_of(big, sizeof(big)) };

	is_int(kafka_producer_send(s->p, &rec, s), E_TOO_LARGE, "a record beyond message.max.bytes");
	is_int(kafka_producer_stats(s->p)->waiting, 0, "does not wait");
	sender_stop(s);
	s = sender_start((struct kafka_producer_opts){ .queue_bytes = 32 << 10 });
	rec.value.len = 40 << 10;
	is_int(kafka_producer_send(s->p, &rec, s), E_TOO_LARGE, "a record beyond the whole queue");
	sender_stop(s);
}

static void a_broker_whose_name_is_unknown_is_no_reason_to_fail(void)
{
	struct sender *s = calloc(1, sizeof(*s));

	sender_open(s, "no-such-host.invalid:9092", (struct kafka_producer_opts){ 0 });
	is_int(sender_put_many(s, 10), 0, "records are taken");
	kafka_producer_flush(s->p, 100, sender_on_flushed, s);
	ok(wait_until(s->loop, sender_was_flushed, s, SECONDS), "a flush gives them back");
	is_int(sender_count(s, KAFKA_NOT_PERSISTED), 10, "as not persisted");
	sender_stop(s);
}

static void a_wrong_property_is_named(void)
{
	static const struct {
		struct kafka_property property;
		const char *says;
	} cases[] = {
		{ { "no.such.thing", "1", false }, "no.such.thing" },
		{ { "linger.ms", "soon", false }, "linger.ms" },
		{ { "compression.codec", "rar", false }, "compression.codec" },
		{ { "enable.auto.commit", "true", false }, "enable.auto.commit" },
		{ { "delivery.report.only.error", "true", false }, "delivery.report.only.error" },
		{ { "acks", "1", false }, "acks" }, /* by idempotence */
		{ { "enable.idempotence", "maybe", false }, "enable.idempotence" },
		{ { "ssl.ca.location", "/no/such/file", false }, "/no/such/file" },
	};
	struct kafka_producer_events events = { .report = sender_on_report, .room = sender_on_room };
	struct kafka_producer *p = NULL;
	struct loop *loop;
	struct why why;

	if (loop_open(&loop, &why) < 0)
		exit(99);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct kafka_producer_opts opts = {
			.brokers = "127.0.0.1:1", .topic = "t", .properties = &cases[i].property, .nproperties = 1
		};

		ok(kafka_producer_open(&p, loop, &opts, &events, &why) == E_USAGE &&
		                strstr(why.text, cases[i].says) != NULL,
		        "%s=%s: %s", cases[i].property.name, cases[i].property.value, why.text);
	}
	ok(kafka_producer_open(&p, loop, &(struct kafka_producer_opts){ .brokers = "", .topic = "t" }, &events, &why) ==
	                E_USAGE,
	        "no brokers: %s", why.text);
	ok(kafka_producer_open(
	           &p, loop, &(struct kafka_producer_opts){ .brokers = ",", .topic = "t" }, &events, &why) == E_USAGE,
	        "no broker in the list: %s", why.text);
	loop_free(loop);
}

static void the_settings_keep_the_promise(void)
{
	static const char *const want[][2] = {
		{ "acks", "-1" },
		{ "enable.idempotence", "true" },
		{ "message.timeout.ms", "0" },
		{ "topic.metadata.propagation.max.ms", "5000" },
		{ "reconnect.backoff.max.ms", "1000" },
		{ "compression.codec", "lz4" },
	};
	struct sender *s = sender_start((struct kafka_producer_opts){ 0 });

	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		char got[64] = "";
		size_t cap = sizeof(got);

		rd_kafka_conf_get(s->p->conf, want[i][0], got, &cap);
		is_text(got, want[i][1], want[i][0]);
	}
	sender_stop(s);
}

int main(void)
{
	log_setup(LOG_LEVEL_WARN, LOG_FORM_TEXT);
	signal(SIGPIPE, SIG_IGN);
	a_denied_topic_holds_and_heals();
	an_impossible_topic_holds_and_heals();
	a_topic_that_comes_late_gets_everything();
	a_fatal_error_makes_a_new_handle();
	a_fatal_error_with_records_on_the_wire_reports_them();
	the_pause_grows_while_handles_keep_dying();
	a_batch_that_is_too_large_is_sent_again_one_by_one();
	so_is_one_that_may_be_refused_for_one_record();
	refused_alone_it_is_refused_in_the_brokers_words();
	a_record_refused_alone_is_too_large();
	what_can_never_be_sent_is_refused_at_once();
	a_broker_whose_name_is_unknown_is_no_reason_to_fail();
	a_wrong_property_is_named();
	the_settings_keep_the_promise();
	return tap_done();
}
