/* SPDX-License-Identifier: Apache-2.0 */
/* bench_produce.c — CPU per record of the Kafka door, against rd_kafka_produce() of the same bytes
 * with librdkafka's defaults, acks=all and lz4; and what the two headers of a record cost. The mock
 * cluster is a process of its own. All are paced in the same way, every 10 ms; CPU is that of this
 * process with all of its threads. The ratio is that of the door without headers to plain; the last
 * two columns are with headers. 0 span/s stands for as fast as it goes.
 *
 *   bench_produce [SECONDS]
 */
#include <errno.h>
#include <sys/resource.h>
#include <time.h>

#include <librdkafka/rdkafka.h>

#include "kafka/producer.h"
#include "mockproc.h"
#include "wait.h"

enum { VALUE_BYTES = 2900, TICK_MS = 10, SPANS = 10, PARTITIONS = 4, VALUES = 64 };

static char values[VALUES][VALUE_BYTES]; /* much alike, as spans are */

struct run {
	unsigned rate; /* records a second; 0 as fast as it goes */
	uint64_t todo, sent, reported;
	double cpu_s, wall_s;
	long switches;
	struct kafka_producer *door;
	struct loop *loop;
	struct timer *tick;
	uint64_t began_us;
	bool full;
	bool headers;
};

static void make_values(void)
{
	static const char pattern[] = "operation=GET /api/orders host=shop-7 http.status_code=200 span.kind=server ";

	for (int v = 0; v < VALUES; v++)
		for (int i = 0; i < VALUE_BYTES; i++)
			values[v][i] = i % 80 < 24 ? (char)rand() : pattern[i % (sizeof(pattern) - 1)];
}

static double cpu_now(long *switches)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	*switches = u.ru_nvcsw;
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void begin(struct run *r)
{
	r->cpu_s = cpu_now(&r->switches);
	r->began_us = clock_mono_us();
}

static void end(struct run *r)
{
	long switches;
	double cpu = cpu_now(&switches);

	r->cpu_s = cpu - r->cpu_s;
	r->switches = switches - r->switches;
	r->wall_s = (double)(clock_mono_us() - r->began_us) / 1e6;
}

/* How many should have been sent by now. */
static uint64_t due(const struct run *r)
{
	uint64_t due = r->rate == 0 ? r->todo : (clock_mono_us() - r->began_us) * r->rate / US_PER_S;

	return min_u64(due, r->todo);
}

static void send_due(struct run *r)
{
	char id[40];
	struct kafka_header headers[] = { { "spanspool-id", { NULL, 0 } },
		{ "spanspool-received", slice_text("1700000000000") } };

	for (uint64_t upto = due(r); r->sent < upto; r->sent++) {
		struct kafka_record rec = { .value = slice_of(values[r->sent % VALUES], VALUE_BYTES),
			.headers = headers,
			.nheaders = r->headers ? ARRAY_LEN(headers) : 0 };

		snprintf(id, sizeof(id), "bench/1/%llu", (unsigned long long)r->sent);
		headers[0].value = slice_text(id);
		if (kafka_producer_send(r->door, &rec, r) < 0) {
			r->full = true;
			return;
		}
	}
}

static void on_tick(void *arg)
{
	struct run *r = arg;

	if (!r->full)
		send_due(r);
	if (r->sent < r->todo)
		timer_start(r->tick, TICK_MS);
}

static void on_room(void *arg)
{
	struct run *r = arg;

	r->full = false;
	send_due(r);
}

static void on_report(void *arg, void *token, enum kafka_outcome outcome, const char *detail)
{
	struct run *r = arg;

	(void)token;
	if (outcome != KAFKA_PERSISTED)
		fprintf(stderr, "a record failed: %s\n", detail);
	if (++r->reported == r->todo)
		loop_stop(r->loop);
}

static void run_door(struct run *r, const char *brokers)
{
	struct kafka_producer_events events = { .report = on_report, .room = on_room, .arg = r };
	struct kafka_producer_opts opts = { .brokers = brokers, .topic = "door" };
	struct why why;

	if (loop_open(&r->loop, &why) < 0 || timer_open(&r->tick, r->loop, on_tick, r) < 0 ||
	        kafka_producer_open(&r->door, r->loop, &opts, &events, &why) < 0) {
		fprintf(stderr, "%s\n", why.text);
		exit(99);
	}
	wait_ms(r->loop, 500); /* connected, and the topic known */
	begin(r);
	timer_start(r->tick, 0);
	loop_run(r->loop);
	end(r);
	kafka_producer_free(r->door);
	timer_free(r->tick);
	loop_free(r->loop);
}

static void on_plain(rd_kafka_t *rk, const rd_kafka_message_t *m, void *arg)
{
	(void)rk;
	(void)m;
	((struct run *)arg)->reported++;
}

static void produce_due(struct run *r, rd_kafka_t *rk, rd_kafka_topic_t *topic)
{
	for (uint64_t upto = due(r); r->sent < upto; r->sent++)
		while (rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, 0, values[r->sent % VALUES], VALUE_BYTES, NULL, 0,
		               NULL) < 0)
			rd_kafka_poll(rk, 1);
}

static void run_plain(struct run *r, const char *brokers)
{
	static const char *const set[][2] = { { "acks", "all" }, { "compression.codec", "lz4" } };
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_topic_t *topic;
	rd_kafka_t *rk;
	char said[200];

	rd_kafka_conf_set(conf, "bootstrap.servers", brokers, said, sizeof(said));
	for (size_t i = 0; i < ARRAY_LEN(set); i++)
		rd_kafka_conf_set(conf, set[i][0], set[i][1], said, sizeof(said));
	rd_kafka_conf_set_opaque(conf, r);
	rd_kafka_conf_set_dr_msg_cb(conf, on_plain);
	rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, said, sizeof(said));
	topic = rd_kafka_topic_new(rk, "plain", NULL);
	rd_kafka_poll(rk, 500);
	begin(r);
	while (r->reported < r->todo) {
		produce_due(r, rk, topic);
		if (r->rate != 0 && r->sent < r->todo)
			nanosleep(&(struct timespec){ 0, TICK_MS * 1000000 }, NULL);
		rd_kafka_poll(rk, r->sent < r->todo ? 0 : 10);
	}
	end(r);
	rd_kafka_topic_destroy(topic);
	rd_kafka_destroy(rk);
}

static double us_a_record(const struct run *r)
{
	return r->cpu_s * 1e6 / (double)r->todo;
}

static void print_row(const struct run *plain, const struct run *bare, const struct run *door)
{
	printf("%10u %10.0f %10.2f %10.2f %10.2f %6.2f %14.2f %11.0f\n", door->rate * SPANS,
	        (double)door->todo * SPANS / door->wall_s, us_a_record(plain), us_a_record(bare), us_a_record(door),
	        us_a_record(bare) / us_a_record(plain), us_a_record(door) / SPANS,
	        (double)door->switches / door->wall_s);
}

int main(int argc, char **argv)
{
	static const unsigned rates[] = { 100, 1000, 6000, 20000, 0 };
	unsigned seconds = argc > 1 ? (unsigned)atoi(argv[1]) : 3;
	struct mockproc broker;

	make_values();
	mockproc_start(&broker, 1);
	mockproc_say(&broker, "topic door %d", PARTITIONS);
	mockproc_say(&broker, "topic plain %d", PARTITIONS);
	printf("records of %d bytes and %d spans, %d partitions, %u s a row; us = CPU of a "
	       "record\n",
	        VALUE_BYTES, SPANS, PARTITIONS, seconds);
	printf("%10s %10s %10s %10s %10s %6s %14s %11s\n", "span/s", "reached", "plain us", "door us", "+headers",
	        "ratio", "CPU s/M spans", "switches/s");
	for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
		uint64_t todo = (uint64_t)(rates[i] == 0 ? 100000 : rates[i]) * seconds;
		struct run plain = { .rate = rates[i], .todo = todo }, bare = plain, door = plain;

		door.headers = true;
		run_plain(&plain, broker.brokers);
		run_door(&bare, broker.brokers);
		run_door(&door, broker.brokers);
		print_row(&plain, &bare, &door);
	}
	mockproc_stop(&broker);
	return 0;
}
