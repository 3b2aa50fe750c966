/* SPDX-License-Identifier: Apache-2.0 */
/* backlog.c — a spool far larger than the memory an agent may have, filled and sent, fresh traffic beside it.
 *
 *	backlog [--seed N] [--count N]
 *
 * The spool holds N times 100 MB. What is promised: resident memory, the ledger, nothing dropped. What is
 * printed beside it are figures of this machine: the rate at which the backlog leaves compared with that
 * of a small one, and the 99th percentile from the socket to a consumer, with and without it. */
#include <pthread.h>
#include <stdlib.h>

#include <librdkafka/rdkafka.h>

#include "rounds.h"
#include "measure.h"
#include "testkit/ports.h"
#include "wait.h"

enum { MOST_MIB = 64, FRESH_RATE = 4000, CHUNK = 800, SMALL = 3, SAMPLES = 1 << 16, STEP = 500000, NORMAL_S = 8 };

static const char max_bytes[] = "--spool.max-bytes=64GiB";

/* A consumer of one partition, on a thread of its own. */
static struct {
	rd_kafka_t *rk;
	pthread_t thread;
	pthread_mutex_t lock;
	bool over;
	int64_t since_ms; /* what was received later is fresh */
	uint32_t ms[SAMPLES];
	size_t n;
} c = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void *consume(void *arg)
{
	rd_kafka_timestamp_type_t type;
	rd_kafka_message_t *m;

	(void)arg;
	for (bool over = false; !over;) {
		int64_t stamp = 0;

		m = rd_kafka_consumer_poll(c.rk, 50);
		if (m != NULL && m->err == 0)
			stamp = rd_kafka_message_timestamp(m, &type);
		pthread_mutex_lock(&c.lock);
		if (stamp > 0 && stamp >= c.since_ms && c.n < SAMPLES)
			c.ms[c.n++] = (uint32_t)((int64_t)clock_wall_ms() - stamp);
		over = c.over;
		pthread_mutex_unlock(&c.lock);
		if (m != NULL)
			rd_kafka_message_destroy(m);
	}
	return NULL;
}

static void consumer_open(const char *brokers)
{
	static const char *const settings[][2] = { { "group.id", "judge" }, { "enable.auto.commit", "false" },
		{ "fetch.wait.max.ms", "5" }, { "auto.offset.reset", "latest" }, { "log_level", "0" } };
	rd_kafka_topic_partition_list_t *one = rd_kafka_topic_partition_list_new(1);
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char said[200];

	rd_kafka_conf_set(conf, "bootstrap.servers", brokers, said, sizeof(said));
	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		rd_kafka_conf_set(conf, settings[i][0], settings[i][1], said, sizeof(said));
	c.rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, said, sizeof(said));
	measure_must(c.rk != NULL, said);
	rd_kafka_poll_set_consumer(c.rk);
	rd_kafka_topic_partition_list_add(one, AGENT_PROCESS_TOPIC, 0)->offset = RD_KAFKA_OFFSET_END;
	rd_kafka_assign(c.rk, one);
	rd_kafka_topic_partition_list_destroy(one);
	measure_must(pthread_create(&c.thread, NULL, consume, NULL) == 0, "no thread");
}

static void consumer_close(void)
{
	pthread_mutex_lock(&c.lock);
	c.over = true;
	pthread_mutex_unlock(&c.lock);
	pthread_join(c.thread, NULL);
	rd_kafka_consumer_close(c.rk);
	rd_kafka_destroy(c.rk);
}

static void sample_from_now(void)
{
	pthread_mutex_lock(&c.lock);
	c.since_ms = (int64_t)clock_wall_ms();
	c.n = 0;
	pthread_mutex_unlock(&c.lock);
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static uint32_t p99_ms(size_t *n)
{
	uint32_t p99 = 0;

	pthread_mutex_lock(&c.lock);
	qsort(c.ms, c.n, sizeof(c.ms[0]), by_value);
	*n = c.n;
	if (c.n > 0)
		p99 = c.ms[c.n * 99 / 100];
	pthread_mutex_unlock(&c.lock);
	return p99;
}

/* How many fresh batches were acknowledged within each of these, by the agent's own clock. */
static const char *const bounds[] = { "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1",
	"2.5", "5", "10", "30", "+Inf" };

static void look_at_fresh(struct agent_process *s, double counts[ARRAY_LEN(bounds)])
{
	for (size_t i = 0; i < ARRAY_LEN(bounds); i++) {
		char name[100];

		snprintf(name, sizeof(name), "spanspool_fresh_delivery_seconds_bucket{le=\"%s\"}", bounds[i]);
		counts[i] = agent_process_metric(s, name);
	}
}

/* Their 99th percentile since BEFORE, as if they lay evenly between two bounds. */
static double fresh_p99_ms(struct agent_process *s, const double before[ARRAY_LEN(bounds)])
{
	double now[ARRAY_LEN(bounds)], below = 0, from = 0, most;

	look_at_fresh(s, now);
	most = (now[ARRAY_LEN(bounds) - 1] - before[ARRAY_LEN(bounds) - 1]) * 0.99;
	for (size_t i = 0; i + 1 < ARRAY_LEN(bounds); i++) {
		double here = now[i] - before[i], to = atof(bounds[i]) * 1000;

		if (here >= most && here > below)
			return from + (to - from) * (most - below) / (here - below);
		below = here;
		from = to;
	}
	return from;
}

static void start(struct agent_process *s, const char *brokers)
{
	s->brokers = brokers;
	measure_must(agent_process_start(s, max_bytes, NULL), "the agent does not start");
}

static void stop(struct agent_process *s, const char *what)
{
	double most = measure_memory(child_pid(s->agent), "VmHWM");

	ok(most > 0 && most <= MOST_MIB, "%s: resident at most %.1f MiB of %d", what, most, MOST_MIB);
	is_int(agent_process_stop(s), 0, "SIGTERM ends it with 0");
}

static void fill(struct agent_process *s, double bytes, const char *away)
{
	uint64_t waits = 0;

	start(s, away);
	while ((double)waits / MEASURE_BATCH * (double)measure_batch_bytes() < bytes) {
		measure_emit(s, s->compact, bytes < 2e8 ? STEP / 10 : STEP, 0);
		waits = agent_process_ledger(s)->place[LEDGER_IN_SPOOL].spans;
	}
	stop(s, "filled");
}

/* Spans a second that leave the spool, fresh ones beside them. */
static double deliver(struct agent_process *s, const char *brokers, uint32_t *p99, double *ack_ms)
{
	static const double none[ARRAY_LEN(bounds)];
	uint64_t began, before, left, delivered = 0;
	size_t n;

	start(s, brokers);
	before = left = agent_process_ledger(s)->place[LEDGER_IN_SPOOL].spans;
	began = clock_mono_us();
	sample_from_now();
	while (left > 0 && clock_mono_us() - began < 1800 * US_PER_S) {
		agent_process_send(s, CHUNK, FRESH_RATE);
		left = agent_process_ledger(s)->place[LEDGER_IN_SPOOL].spans;
		delivered = before - min_u64(left, before);
	}
	began = clock_mono_us() - began;
	*p99 = p99_ms(&n);
	*ack_ms = fresh_p99_ms(s, none);
	ok(agent_process_is_empty(s), "%" PRIu64 " spans from the spool, all leave the agent", before);
	diag("%.1f s, %.0f span/s, %.1f MB/s; %zu fresh records seen", (double)began / 1e6,
	        (double)delivered * 1e6 / (double)began,
	        (double)delivered / MEASURE_BATCH * (double)measure_batch_bytes() / (double)began, n);
	stop(s, "sent");
	return (double)delivered * 1e6 / (double)began;
}

static void ledger_is_exact(struct agent_process *s)
{
	const struct ledger *l = &s->ledger;

	is_int(l->place[LEDGER_DELIVERED].spans, l->accepted.spans, "all that was accepted is delivered");
	is_int(l->place[LEDGER_UNCERTAIN].spans, 0, "none is uncertain");
	is_int(l->place[LEDGER_SPOOL_FULL].spans + l->place[LEDGER_DISK_ERROR].spans, 0, "none is dropped");
}

int main(int argc, char **argv)
{
	struct rounds o = rounds_options(argc, argv, 10);
	struct mockproc broker;
	struct agent_process s;
	uint16_t nobody;
	char away[32];
	uint32_t normal, small_ms, large_ms;
	double small, large, before[ARRAY_LEN(bounds)], normal_ack, small_ack, large_ack;
	size_t n;

	measure_broker(&broker);
	agent_process_open(&s, AGENT_PROCESS_OUTSIDE);
	measure_must(ports_free(PORTS_TCP, &nobody) == 0, "no free port");
	snprintf(away, sizeof(away), "127.0.0.1:%u", nobody);
	consumer_open(broker.brokers);

	start(&s, broker.brokers);
	agent_process_send(&s, FRESH_RATE, FRESH_RATE);
	look_at_fresh(&s, before);
	sample_from_now();
	agent_process_send(&s, FRESH_RATE * NORMAL_S, FRESH_RATE);
	ok(agent_process_is_empty(&s), "without a backlog all leave the agent");
	normal = p99_ms(&n);
	normal_ack = fresh_p99_ms(&s, before);
	stop(&s, "without a backlog");

	fill(&s, SMALL * 1e8, away);
	small = deliver(&s, broker.brokers, &small_ms, &small_ack);
	fill(&s, o.count * 1e8, away);
	large = deliver(&s, broker.brokers, &large_ms, &large_ack);
	ledger_is_exact(&s);
	consumer_close();
	diag("the backlog leaves at %.0f span/s from %d MB and %.0f span/s from %u MB: %.2f of it", small, SMALL * 100,
	        large, o.count * 100, large / small);
	diag("p99 from socket to consumer: %u ms without a backlog, %u ms and %u ms beside these", normal, small_ms,
	        large_ms);
	diag("p99 from socket to acknowledgement: %.0f ms, %.0f ms and %.0f ms: %.1f times the "
	     "normal one",
	        normal_ack, small_ack, large_ack, large_ack / normal_ack);
	agent_process_end(&s);
	mockproc_stop(&broker);
	return tap_done();
}
