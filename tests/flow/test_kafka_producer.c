/* test_kafka_producer.c — records against a mock cluster in another process, with its faults. Every
 * record has a token; each token must come back exactly once, and the topic is read by librdkafka
 * alone. */
#include <inttypes.h>

#include "kafka_producer_priv.h"
#include "mockproc.h"
#include "tap.h"
#include "topic_read.h"
#include "until.h"

enum { RECORDS = 2000, SECONDS = 30, PARTITIONS = 4 };

struct rec {
	int reports;
	enum kafka_outcome outcome;
	int on_topic;
	char value[16];
};

struct fix {
	struct mockproc broker;
	struct loop *loop;
	struct kafka_producer *p;
	struct rec recs[RECORDS];
	int sent; /* taken by the producer */
	int reported;
	int rooms;
	int want; /* for the conditions */
	bool flushed;
	bool foreign; /* something on the topic that we did not send */
	char detail[200];
};

static void on_report(void *arg, void *token, enum kafka_outcome outcome, const char *detail)
{
	struct fix *f = arg;
	struct rec *r = token;

	r->reports++;
	r->outcome = outcome;
	f->reported++;
	snprintf(f->detail, sizeof(f->detail), "%s", detail);
}

static void on_room(void *arg)
{
	((struct fix *)arg)->rooms++;
}

static void on_flushed(void *arg)
{
	((struct fix *)arg)->flushed = true;
}

static void open_producer(struct fix *f, const char *brokers, struct kafka_producer_opts opts)
{
	struct kafka_producer_events events = { .report = on_report, .room = on_room, .arg = f };
	struct why why;

	opts.brokers = brokers;
	opts.topic = "spans";
	if (loop_open(&f->loop, &why) < 0 ||
	        kafka_producer_open(&f->p, f->loop, &opts, &events, &why) < 0) {
		diag("%s", why.text);
		exit(99);
	}
}

static struct fix *start(struct kafka_producer_opts opts)
{
	struct fix *f = calloc(1, sizeof(*f));

	mockproc_start(&f->broker, 1);
	mockproc_say(&f->broker, "topic spans %d", PARTITIONS);
	open_producer(f, f->broker.brokers, opts);
	return f;
}

static void stop(struct fix *f)
{
	kafka_producer_free(f->p);
	loop_free(f->loop);
	mockproc_stop(&f->broker);
	free(f);
}

static int send_one(struct fix *f)
{
	struct kafka_header header = { "spanspool-id", slice_text("host/1/1") };
	struct rec *r = &f->recs[f->sent];
	struct kafka_record rec = { .headers = &header, .nheaders = 1 };
	int rc;

	snprintf(r->value, sizeof(r->value), "%d", f->sent);
	rec.value = slice_text(r->value);
	rc = kafka_producer_send(f->p, &rec, r);
	if (rc == 0)
		f->sent++;
	return rc;
}

static int send_many(struct fix *f, int n)
{
	int rc = 0;

	while (rc == 0 && n-- > 0)
		rc = send_one(f);
	return rc;
}

static bool all_reported(void *arg)
{
	struct fix *f = arg;

	return f->reported >= f->sent;
}

static bool some_reported(void *arg)
{
	struct fix *f = arg;

	return f->reported >= f->want;
}

static bool was_flushed(void *arg)
{
	return ((struct fix *)arg)->flushed;
}

static bool had_room(void *arg)
{
	return ((struct fix *)arg)->rooms > 0;
}

static int count_outcome(const struct fix *f, enum kafka_outcome outcome)
{
	int n = 0;

	for (int i = 0; i < f->sent; i++)
		n += f->recs[i].reports == 1 && f->recs[i].outcome == outcome;
	return n;
}

static int not_once(const struct fix *f)
{
	int n = 0;

	for (int i = 0; i < f->sent; i++)
		n += f->recs[i].reports != 1;
	return n;
}

static void on_read(void *arg, const rd_kafka_message_t *m)
{
	struct fix *f = arg;
	rd_kafka_headers_t *headers;
	char text[16];
	int i;

	snprintf(text, sizeof(text), "%.*s", (int)m->len, (const char *)m->payload);
	i = atoi(text);
	if (i < 0 || i >= f->sent || strcmp(f->recs[i].value, text) != 0 || m->key != NULL ||
	        rd_kafka_message_headers(m, &headers) != 0)
		f->foreign = true;
	else
		f->recs[i].on_topic++;
}

/* Each record that was sent is on the topic once; nothing else is. */
static void topic_is_exact(struct fix *f, const char *name)
{
	int n = topic_read(f->broker.brokers, "spans", PARTITIONS, on_read, f), wrong = 0;

	for (int i = 0; i < f->sent; i++)
		wrong += f->recs[i].on_topic != 1;
	ok(n == f->sent && wrong == 0 && !f->foreign, "%s", name);
	if (n != f->sent || wrong != 0)
		diag("sent %d, on the topic %d, not once %d", f->sent, n, wrong);
}

static void what_is_reported_persisted_is_on_the_topic_once(void)
{
	struct fix *f = start((struct kafka_producer_opts){ 0 });

	is_int(send_many(f, 500), 0, "500 records are taken");
	is_int(kafka_producer_stats(f->p)->waiting, 500, "and wait");
	ok(until_true(f->loop, all_reported, f, SECONDS), "all are reported");
	is_int(count_outcome(f, KAFKA_PERSISTED), 500, "as persisted, each once");
	is_int(kafka_producer_stats(f->p)->waiting_bytes, 0, "nothing waits any more");
	topic_is_exact(f, "the topic holds each once, with a null key and its header");
	stop(f);
}

static void a_broker_that_goes_and_comes_costs_nothing(void)
{
	struct fix *f = start((struct kafka_producer_opts){ 0 });

	send_many(f, 200);
	f->want = 1;
	until_true(f->loop, some_reported, f, SECONDS);
	mockproc_say(&f->broker, "down");
	send_many(f, 200);
	until_passed(f->loop, 500);
	ok(f->reported < f->sent, "while the broker is down nothing is given up");
	mockproc_say(&f->broker, "up");
	ok(until_true(f->loop, all_reported, f, SECONDS), "all are reported when it is back");
	is_int(count_outcome(f, KAFKA_PERSISTED), 400, "as persisted, each once");
	topic_is_exact(f, "nothing is missing, nothing is twice");
	stop(f);
}

static void a_purge_gives_back_what_never_left(void)
{
	struct fix *f = start((struct kafka_producer_opts){ 0 });

	mockproc_say(&f->broker, "down");
	send_many(f, 300);
	until_passed(f->loop, 200);
	kafka_producer_purge(f->p);
	is_int(f->reported, 0, "no report comes from inside the purge");
	ok(until_true(f->loop, all_reported, f, SECONDS), "all come after it");
	is_int(count_outcome(f, KAFKA_NOT_PERSISTED), 300, "as not persisted, each once");
	mockproc_say(&f->broker, "up");
	send_many(f, 10);
	ok(until_true(f->loop, all_reported, f, SECONDS), "the producer goes on");
	is_int(count_outcome(f, KAFKA_PERSISTED), 10, "and delivers");
	is_int(topic_read(f->broker.brokers, "spans", PARTITIONS, on_read, f), 10,
	        "only that is on the topic");
	stop(f);
}

static void a_frozen_broker_is_waited_for(void)
{
	struct fix *f = start((struct kafka_producer_opts){ .linger_ms = 1 });

	send_many(f, 10);
	until_true(f->loop, all_reported, f, SECONDS);
	kill(f->broker.pid, SIGSTOP);
	send_many(f, 500);
	until_passed(f->loop, 700);
	is_int(f->reported, 10, "nothing is reported while it is frozen");
	kill(f->broker.pid, SIGCONT);
	ok(until_true(f->loop, all_reported, f, SECONDS), "all are reported when it thaws");
	is_int(count_outcome(f, KAFKA_PERSISTED), 510, "as persisted, each once");
	topic_is_exact(f, "nothing is missing, nothing is twice");
	stop(f);
}

static void a_purge_leaves_what_is_on_the_wire(void)
{
	struct fix *f = start((struct kafka_producer_opts){ .linger_ms = 1 });
	int back;

	send_many(f, 10);
	until_true(f->loop, all_reported, f, SECONDS);
	kill(f->broker.pid, SIGSTOP);
	send_many(f, 1);
	until_passed(f->loop, 300); /* on the wire, to no ears */
	send_many(f, 800);
	kafka_producer_purge(f->p);
	until_passed(f->loop, 300);
	back = f->reported;
	ok(f->recs[10].reports == 0, "the record on the wire is not reported");
	kill(f->broker.pid, SIGCONT);
	ok(until_true(f->loop, all_reported, f, SECONDS), "all are reported in the end");
	is_int(count_outcome(f, KAFKA_NOT_PERSISTED), back - 10,
	        "what the purge gave back was not persisted");
	is_int(not_once(f), 0, "each is reported once");
	is_int(topic_read(f->broker.brokers, "spans", PARTITIONS, on_read, f),
	        count_outcome(f, KAFKA_PERSISTED),
	        "the topic holds what was reported as persisted");
	stop(f);
}

static void a_flush_without_a_broker_keeps_its_budget(void)
{
	struct fix *f = start((struct kafka_producer_opts){ .linger_ms = 1 });
	uint64_t began;

	send_many(f, 10);
	until_true(f->loop, all_reported, f, SECONDS);
	kill(f->broker.pid, SIGSTOP);
	for (int i = 0; i < 10; i++) { /* more requests than librdkafka has on the wire at once */
		send_many(f, 100);
		until_passed(f->loop, 20);
	}
	began = clock_mono_us();
	kafka_producer_flush(f->p, 300, on_flushed, f);
	ok(until_true(f->loop, was_flushed, f, SECONDS), "it ends");
	ok(clock_mono_us() - began >= 300 * US_PER_MS, "not before the budget is spent");
	is_int(f->reported, 1010, "every record is reported by then");
	is_int(not_once(f), 0, "each once");
	ok(count_outcome(f, KAFKA_NOT_PERSISTED) > 0, "what was queued as not persisted");
	ok(count_outcome(f, KAFKA_POSSIBLY_PERSISTED) > 0,
	        "what was on the wire as possibly persisted");
	stop(f);
}

static void a_flush_ends_with_the_last_report(void)
{
	struct fix *f = start((struct kafka_producer_opts){ 0 });

	send_many(f, 100);
	kafka_producer_flush(f->p, 60000, on_flushed, f);
	ok(until_true(f->loop, was_flushed, f, SECONDS), "long before its budget");
	is_int(count_outcome(f, KAFKA_PERSISTED), 100, "all persisted");
	f->flushed = false;
	kafka_producer_flush(f->p, 60000, on_flushed, f);
	ok(!f->flushed, "with nothing to do it does not call back from inside");
	ok(until_true(f->loop, was_flushed, f, SECONDS), "but soon after");
	stop(f);
}

static void a_full_queue_says_when_there_is_room(void)
{
	struct fix *f = start((struct kafka_producer_opts){ .queue_bytes = 64 << 10 });

	mockproc_say(&f->broker, "down");
	is_int(send_many(f, RECORDS), E_FULL, "the queue is full at last");
	is_int(f->sent, 1000, "after as many records as it may hold");
	until_passed(f->loop, 100);
	is_int(f->rooms, 0, "no room while nothing leaves");
	mockproc_say(&f->broker, "up");
	ok(until_true(f->loop, had_room, f, SECONDS), "room is told");
	ok(kafka_producer_stats(f->p)->waiting <= 500, "when half of it is free");
	is_int(send_one(f), 0, "and then a record is taken");
	ok(until_true(f->loop, all_reported, f, SECONDS), "all are reported");
	is_int(f->rooms, 1, "room was told once");
	is_int(kafka_producer_stats(f->p)->queue_full, 1, "and counted");
	topic_is_exact(f, "nothing is missing, nothing is twice");
	stop(f);
}

/* Sends one record after the other, waiting for room() after each refusal. */
static bool pushed_through(void *arg)
{
	struct fix *f = arg;

	if (f->sent < f->want && (f->rooms > 0 || f->sent == 0)) {
		f->rooms = 0;
		if (send_many(f, f->want - f->sent) == 0)
			f->rooms = 1;
	}
	return f->sent == f->want;
}

static void a_denied_topic_holds_and_heals(void)
{
	struct fix *f = start((struct kafka_producer_opts){ 0 });

	mockproc_say(&f->broker, "fail %d 1", RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
	is_int(send_many(f, 5), 0, "records are taken before the refusal is known");
	ok(until_true(f->loop, all_reported, f, SECONDS), "they come back");
	ok(count_outcome(f, KAFKA_NOT_PERSISTED) > 0, "the first request as not persisted");
	is_int(send_one(f), E_DOWN, "then the producer refuses");
	ok(until_true(f->loop, had_room, f, SECONDS), "and says when to try again");
	f->want = 25;
	ok(until_true(f->loop, pushed_through, f, SECONDS), "until it takes them");
	ok(until_true(f->loop, all_reported, f, SECONDS), "all are reported");
	is_int(not_once(f), 0, "each once");
	is_int(topic_read(f->broker.brokers, "spans", PARTITIONS, on_read, f),
	        count_outcome(f, KAFKA_PERSISTED),
	        "the topic holds what was reported as persisted");
	ok(kafka_producer_stats(f->p)->refused >= 1, "refusals are counted");
	stop(f);
}

static void an_impossible_topic_holds_for_ever_and_heals(void)
{
	struct fix *f = calloc(1, sizeof(*f));

	mockproc_start(&f->broker, 1);
	mockproc_say(&f->broker, "topic spans %d", PARTITIONS);
	mockproc_say(&f->broker, "refuse spans %d", RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION);
	open_producer(f, f->broker.brokers, (struct kafka_producer_opts){ 0 });
	send_many(f, 5);
	ok(until_true(f->loop, all_reported, f, SECONDS), "what was taken comes back");
	is_int(count_outcome(f, KAFKA_NOT_PERSISTED), 5, "as not persisted");
	for (int i = 0; i < 2; i++) {
		f->rooms = 0;
		is_int(send_one(f), E_DOWN, "the producer refuses");
		ok(until_true(f->loop, had_room, f, SECONDS), "and says when to try again");
	}
	mockproc_say(&f->broker, "refuse spans 0");
	f->want = 25;
	ok(until_true(f->loop, pushed_through, f, SECONDS), "when it is healed it takes them");
	ok(until_true(f->loop, all_reported, f, SECONDS), "all are reported");
	is_int(topic_read(f->broker.brokers, "spans", PARTITIONS, on_read, f),
	        count_outcome(f, KAFKA_PERSISTED),
	        "the topic holds what was reported as persisted");
	stop(f);
}

static void a_topic_that_comes_late_gets_everything(void)
{
	struct fix *f = calloc(1, sizeof(*f));

	mockproc_start(&f->broker, 1);
	mockproc_say(&f->broker, "topic spans %d", PARTITIONS);
	mockproc_say(&f->broker, "refuse spans %d", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
	open_producer(f, f->broker.brokers, (struct kafka_producer_opts){ 0 });
	is_int(send_many(f, 100), 0, "records are taken for a topic that is missing");
	until_passed(f->loop, 1500);
	is_int(f->reported, 0, "and wait for it");
	mockproc_say(&f->broker, "refuse spans 0");
	ok(until_true(f->loop, all_reported, f, SECONDS), "when it comes all are reported");
	is_int(count_outcome(f, KAFKA_PERSISTED), 100, "as persisted");
	topic_is_exact(f, "nothing is missing, nothing is twice");
	stop(f);
}

static void a_fatal_error_makes_a_new_handle(void)
{
	struct fix *f = start((struct kafka_producer_opts){ 0 });
	char first[64];

	snprintf(first, sizeof(first), "%s", rd_kafka_name(f->p->main.rk));
	send_many(f, 50);
	until_true(f->loop, all_reported, f, SECONDS);
	mockproc_say(&f->broker, "down");
	send_many(f, 50);
	until_passed(f->loop, 100);
	rd_kafka_test_fatal_error(
	        f->p->main.rk, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "planted");
	is_int(send_one(f), E_DOWN, "a dead handle refuses");
	ok(until_true(f->loop, all_reported, f, SECONDS), "what it held comes back");
	is_int(count_outcome(f, KAFKA_NOT_PERSISTED), 50, "as not persisted, each once");
	mockproc_say(&f->broker, "up");
	ok(until_true(f->loop, had_room, f, SECONDS), "room is told when the new one is there");
	ok(strcmp(rd_kafka_name(f->p->main.rk), first) != 0, "it is another handle");
	is_int(kafka_producer_stats(f->p)->fatal, 1, "the error is counted");
	is_int(send_many(f, 50), 0, "it takes records");
	ok(until_true(f->loop, all_reported, f, SECONDS), "all are reported");
	is_int(count_outcome(f, KAFKA_PERSISTED), 100, "as persisted");
	is_int(not_once(f), 0, "each once");
	stop(f);
}

static void a_fatal_error_with_records_on_the_wire_reports_them(void)
{
	struct fix *f = start((struct kafka_producer_opts){ .linger_ms = 1 });

	send_many(f, 10);
	until_true(f->loop, all_reported, f, SECONDS);
	kill(f->broker.pid, SIGSTOP);
	send_many(f, 20);
	until_passed(f->loop, 200);
	rd_kafka_test_fatal_error(
	        f->p->main.rk, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "planted");
	ok(until_true(f->loop, all_reported, f, SECONDS), "all are reported, the broker frozen");
	ok(count_outcome(f, KAFKA_POSSIBLY_PERSISTED) > 0,
	        "what was on the wire as possibly persisted");
	is_int(not_once(f), 0, "each once");
	kill(f->broker.pid, SIGCONT);
	ok(until_true(f->loop, had_room, f, SECONDS), "and a new handle is made");
	stop(f);
}

static void the_pause_grows_while_handles_keep_dying(void)
{
	struct fix *f = start((struct kafka_producer_opts){ 0 });

	for (int i = 0; i < 3; i++) {
		f->rooms = 0;
		rd_kafka_test_fatal_error(
		        f->p->main.rk, RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, "planted");
		ok(until_true(f->loop, had_room, f, SECONDS), "death %d is mended", i + 1);
		is_int(f->p->pause_ms, 100 << (i + 1), "the next pause is twice as long");
	}
	send_many(f, 1);
	ok(until_true(f->loop, all_reported, f, SECONDS), "a record gets through");
	is_int(f->p->pause_ms, 100, "and the next pause is a short one");
	stop(f);
}

static void a_batch_that_is_too_large_is_sent_again_one_by_one(void)
{
	struct fix *f = start((struct kafka_producer_opts){ 0 });

	mockproc_say(&f->broker, "fail %d 1", RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
	send_many(f, 20);
	ok(until_true(f->loop, all_reported, f, SECONDS), "all are reported");
	is_int(count_outcome(f, KAFKA_PERSISTED), 20, "as persisted, each once");
	ok(f->p->alone.rk != NULL, "by the handle for lone records");
	topic_is_exact(f, "the topic holds each once, with its header");
	stop(f);
}

static void a_record_refused_alone_is_too_large(void)
{
	struct fix *f = start((struct kafka_producer_opts){ 0 });

	mockproc_say(&f->broker, "fail %d 1000", RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
	send_many(f, 5);
	ok(until_true(f->loop, all_reported, f, SECONDS), "all are reported");
	is_int(count_outcome(f, KAFKA_TOO_LARGE), 5, "as too large, each once");
	ok(strstr(f->detail, "size") != NULL, "the detail says so: %s", f->detail);
	is_int(topic_read(f->broker.brokers, "spans", PARTITIONS, on_read, f), 0,
	        "none is on the topic");
	stop(f);
}

static void what_can_never_be_sent_is_refused_at_once(void)
{
	struct fix *f = start((struct kafka_producer_opts){ 0 });
	static char big[1 << 20];
	struct kafka_record rec = { .value = slice_of(big, sizeof(big)) };

	is_int(kafka_producer_send(f->p, &rec, f), E_TOO_LARGE,
	        "a record beyond message.max.bytes");
	is_int(kafka_producer_stats(f->p)->waiting, 0, "does not wait");
	stop(f);
	f = start((struct kafka_producer_opts){ .queue_bytes = 32 << 10 });
	rec.value.len = 40 << 10;
	is_int(kafka_producer_send(f->p, &rec, f), E_TOO_LARGE, "a record beyond the whole queue");
	stop(f);
}

static void a_broker_whose_name_is_unknown_is_no_reason_to_fail(void)
{
	struct fix *f = calloc(1, sizeof(*f));

	open_producer(f, "no-such-host.invalid:9092", (struct kafka_producer_opts){ 0 });
	is_int(send_many(f, 10), 0, "records are taken");
	kafka_producer_flush(f->p, 100, on_flushed, f);
	ok(until_true(f->loop, was_flushed, f, SECONDS), "a flush gives them back");
	is_int(count_outcome(f, KAFKA_NOT_PERSISTED), 10, "as not persisted");
	stop(f);
}

static void a_wrong_property_is_named(void)
{
	static const struct {
		struct kafka_property property;
		const char *says;
	} cases[] = {
		{ { "no.such.thing", "1" }, "no.such.thing" },
		{ { "linger.ms", "soon" }, "linger.ms" },
		{ { "compression.codec", "rar" }, "compression.codec" },
		{ { "enable.auto.commit", "true" }, "enable.auto.commit" },
		{ { "delivery.report.only.error", "true" }, "delivery.report.only.error" },
		{ { "acks", "1" }, "acks" }, /* by idempotence */
		{ { "enable.idempotence", "maybe" }, "enable.idempotence" },
		{ { "ssl.ca.location", "/no/such/file" }, "" },
	};
	struct kafka_producer_events events = { .report = on_report, .room = on_room };
	struct kafka_producer *p = NULL;
	struct loop *loop;
	struct why why;

	if (loop_open(&loop, &why) < 0)
		exit(99);
	for (size_t i = 0; i < ARRAY_LEN(cases) - 1; i++) {
		struct kafka_producer_opts opts = { .brokers = "127.0.0.1:1",
			.topic = "t",
			.properties = &cases[i].property,
			.nproperties = 1 };

		ok(kafka_producer_open(&p, loop, &opts, &events, &why) == E_USAGE &&
		                strstr(why.text, cases[i].says) != NULL,
		        "%s=%s: %s", cases[i].property.name, cases[i].property.value, why.text);
	}
	ok(kafka_producer_open(&p, loop,
	           &(struct kafka_producer_opts){ .brokers = "", .topic = "t" }, &events,
	           &why) == E_USAGE,
	        "no brokers: %s", why.text);
	ok(kafka_producer_open(&p, loop,
	           &(struct kafka_producer_opts){ .brokers = ",", .topic = "t" }, &events,
	           &why) == E_USAGE,
	        "no broker in the list: %s", why.text);
	loop_free(loop);
}

static void records_need_an_acknowledgement(void)
{
	static const struct kafka_property lax[] = { { "enable.idempotence", "false" },
		{ "acks", "0" } };
	struct kafka_producer_opts opts = {
		.brokers = "127.0.0.1:1", .topic = "t", .properties = lax, .nproperties = 2
	};
	struct kafka_producer_events events = { .report = on_report, .room = on_room };
	struct kafka_producer *p = NULL;
	struct loop *loop;
	struct why why;

	if (loop_open(&loop, &why) < 0)
		exit(99);
	is_int(kafka_producer_open(&p, loop, &opts, &events, &why), E_USAGE, "acks=0 is refused");
	opts.nproperties = 1;
	is_int(kafka_producer_open(&p, loop, &opts, &events, &why), 0,
	        "without idempotence it opens");
	kafka_producer_free(p);
	loop_free(loop);
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
	a_flush_without_a_broker_keeps_its_budget();
	a_flush_ends_with_the_last_report();
	a_full_queue_says_when_there_is_room();
	a_denied_topic_holds_and_heals();
	an_impossible_topic_holds_for_ever_and_heals();
	a_topic_that_comes_late_gets_everything();
	a_fatal_error_makes_a_new_handle();
	a_fatal_error_with_records_on_the_wire_reports_them();
	the_pause_grows_while_handles_keep_dying();
	a_batch_that_is_too_large_is_sent_again_one_by_one();
	a_record_refused_alone_is_too_large();
	what_can_never_be_sent_is_refused_at_once();
	a_broker_whose_name_is_unknown_is_no_reason_to_fail();
	a_wrong_property_is_named();
	records_need_an_acknowledgement();
	return tap_done();
}
