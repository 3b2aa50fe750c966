/* SPDX-License-Identifier: Apache-2.0 */
/* bench_drain.c — records from a mock cluster to a stub collector, each in a process of its own: how many spans the
 * drain relays in a second, what a million of them costs, and how much memory it takes. Beside it, in the same run,
 * the floor: tests/bench/bench_drain_floor.
 *
 *	bench_drain [RECORDS [PART]]
 *
 * RECORDS is 200000 by default. PART is one of "one", "thirty", "poison", "slow" and "memory"; without it all are run. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "batchmake.h"
#include "testkit/child.h"
#include "kafka/producer.h"
#include "measure.h"
#include "testkit/ports.h"
#include "tap.h"
#include "wait.h"

enum {
	SPANS = 10, /* in a record */
	POST_SPANS = 500,
	IN_FLIGHT = 64,   /* as --drain.max-in-flight by default */
	PARTITIONS = 256, /* the mock keeps 5 MB of a partition */
	PATIENCE_S = 120,
	RESPONSE_MS = 20,
	RESPONSE_IN_FLIGHT = 8,
	POISON_EVERY = 100,
};
#define TOPIC "tracing-topic"

/* What the topic holds: each batch has a trace of its own, so that a batch that is missing or comes twice shows. */
struct content {
	uint64_t records;
	uint32_t processes;
	uint32_t poison_every; /* each so many records is no batch; 0: all are */
	int partitions;
};

/* How it is relayed. */
struct way {
	const char *name;
	const char *stub;    /* an option of tests/lib/stubcollector, or NULL */
	const char *confirm; /* of the drain; NULL: the floor is run */
	unsigned answer_ms;  /* the collector's */
	const char *option;  /* one more of the drain, or NULL */
};

struct figure {
	double spans_s, cpu_million; /* seconds */
	double mib;                  /* at most */
	double post_spans;           /* spans in a POST, on average */
};

/* ---- the topic ---- */

struct fill {
	struct loop *loop;
	struct kafka_producer *producer;
	uint64_t sent, done;
};

static void on_report(void *arg, void *token, enum kafka_outcome outcome, const char *detail)
{
	struct buf *value = token;

	measure_must(outcome == KAFKA_PERSISTED, detail);
	((struct fill *)arg)->done++;
	buf_free(value);
	free(value);
}

static void on_room(void *arg)
{
	(void)arg;
}

static bool is_filled(void *arg)
{
	struct fill *f = arg;

	return f->done == f->sent;
}

static bool is_poison(const struct content *c, uint64_t record)
{
	return c->poison_every > 0 && record % c->poison_every == c->poison_every - 1;
}

static struct buf *value_of(const struct content *c, uint64_t record)
{
	struct buf *value = calloc(1, sizeof(*value));
	char service[64];

	measure_must(value != NULL, "no memory");
	snprintf(service, sizeof(service), "a-service-of-usual-name-%04" PRIu64, record % c->processes);
	if (is_poison(c, record))
		buf_text(value, "no batch");
	else
		batchmake(value, service, record + 1, 1, SPANS);
	return value;
}

static void fill_topic(const char *brokers, const struct content *c)
{
	static const struct kafka_property spread = { "sticky.partitioning.linger.ms", "0", false };
	struct kafka_producer_opts o = { .brokers = brokers,
		.topic = TOPIC,
		.linger_ms = 5,
		.queue_bytes = 16 << 20,
		.properties = &spread,
		.nproperties = 1 };
	struct fill f = { 0 };
	struct kafka_producer_events events = { on_report, on_room, &f };
	struct why why;

	measure_must(loop_open(&f.loop, &why) == 0 && kafka_producer_open(&f.producer, f.loop, &o, &events, &why) == 0,
	        why.text);
	while (f.sent < c->records) {
		struct buf *value = value_of(c, f.sent);
		struct kafka_record r = { .value = buf_slice(value) };

		while (kafka_producer_send(f.producer, &r, value) < 0)
			wait_ms(f.loop, 2);
		f.sent++;
	}
	measure_must(wait_until(f.loop, is_filled, &f, 60), "the topic is not filled");
	kafka_producer_free(f.producer);
	loop_free(f.loop);
}

static uint64_t batches_of(const struct content *c)
{
	return c->records - (c->poison_every > 0 ? c->records / c->poison_every : 0);
}

/* ---- one run ---- */

struct counts {
	uint64_t spans, traces, posts;
};

static struct counts count(struct mockproc *stub)
{
	struct counts c = { 0 };
	char answer[512];

	mockproc_ask(stub, "counts", answer, sizeof(answer));
	measure_must(
	        sscanf(answer, "{\"total\":%" SCNu64 ",\"unique\":%" SCNu64 ",\"duplicate\":%*u,\"requests\":%" SCNu64,
	                &c.spans, &c.traces, &c.posts) == 3,
	        "the collector does not say what it has");
	return c;
}

static struct child *start(const char *program, const char *const *argv)
{
	struct child_opts o = { .program = program, .argv = argv, .bare = true };
	struct child *c;
	struct why why;

	measure_must(child_start(&c, &o, &why) == 0, why.text);
	return c;
}

static struct child *start_drain(const char *brokers, struct mockproc *stub, const struct way *w)
{
	static unsigned groups; /* each run reads the topic from its beginning */
	char broker[1100], url[1100], page[1100], answer[1024], admin[64], group[64];
	const char *argv[] = { "spanspool", "drain", broker, url, page, admin, group, w->confirm, "--log-level=error",
		w->option, NULL };
	uint16_t port;

	snprintf(broker, sizeof(broker), "--kafka.consumer.brokers=%s", brokers);
	snprintf(url, sizeof(url), "--collector.url=%s", stub->brokers);
	mockproc_ask(stub, "metrics-url", answer, sizeof(answer));
	snprintf(page, sizeof(page), "--collector.metrics-url=%s", answer);
	measure_must(ports_free(PORTS_TCP, &port) == 0, "no port is free");
	snprintf(admin, sizeof(admin), "--admin.http.host-port=127.0.0.1:%u", port);
	snprintf(group, sizeof(group), "--kafka.consumer.group-id=bench-%u", groups++);
	return start(agent_process_program(), argv);
}

static struct child *start_floor(
        const char *brokers, const struct mockproc *stub, const struct content *c, const struct way *w)
{
	const char *dir = getenv("builddir");
	char program[512], url[1100], records[32], spans[32], post[32], flight[32];
	const char *argv[] = { "bench_drain_floor", brokers, TOPIC, url, records, spans, post, flight, NULL };

	snprintf(url, sizeof(url), "%s/api/traces?format=jaeger.thrift", stub->brokers);
	snprintf(program, sizeof(program), "%s/tests/bench/bench_drain_floor", dir == NULL ? "." : dir);
	snprintf(records, sizeof(records), "%" PRIu64, c->records);
	snprintf(spans, sizeof(spans), "%d", SPANS);
	snprintf(post, sizeof(post), "%d", POST_SPANS);
	snprintf(flight, sizeof(flight), "%d", w->answer_ms > 0 ? RESPONSE_IN_FLIGHT : IN_FLIGHT);
	return start(program, argv);
}

/* From the first tenth that is stored to the last span: a start and a rebalance are no part of it. */
static struct figure watch(struct child *c, struct mockproc *stub, uint64_t want)
{
	uint64_t until = clock_mono_us() + PATIENCE_S * US_PER_S, first, began;
	pid_t pid = child_pid(c);
	struct figure f;
	double cpu;

	while ((first = count(stub).spans) < want / 10) {
		measure_must(child_running(c) && clock_mono_us() < until, "too little is stored");
		usleep(1000);
	}
	began = clock_mono_us();
	cpu = measure_cpu_s(pid);
	while (count(stub).spans < want) {
		measure_must(child_running(c) && clock_mono_us() < until, "not all is stored");
		usleep(5000);
	}
	f.cpu_million = (measure_cpu_s(pid) - cpu) * 1e6 / (double)(want - first);
	f.spans_s = (double)(want - first) * 1e6 / (double)(clock_mono_us() - began);
	f.mib = measure_memory(pid, "VmHWM");
	f.post_spans = (double)want / (double)count(stub).posts;
	return f;
}

static struct figure run(const char *brokers, const struct content *c, const struct way *w)
{
	uint64_t want = batches_of(c) * SPANS;
	struct mockproc stub;
	struct child *relay;
	struct counts got;
	struct figure f;

	mockproc_start_program(&stub, "stubcollector", w->stub);
	if (w->answer_ms > 0)
		mockproc_say(&stub, "delay %u", w->answer_ms);
	relay = w->confirm == NULL ? start_floor(brokers, &stub, c, w) : start_drain(brokers, &stub, w);
	f = watch(relay, &stub, want);
	child_free(relay);
	got = count(&stub);
	measure_must(got.spans == want, "the collector has more spans than the topic");
	measure_must(w->confirm == NULL || got.traces == batches_of(c), "a batch is missing");
	mockproc_stop(&stub);
	return f;
}

static void print(const struct way *w, const struct figure *f)
{
	printf("%-24s %12.0f %12.2f %8.1f %12.0f\n", w->name, f->spans_s, f->cpu_million, f->mib, f->post_spans);
	fflush(stdout);
}

/* Of each way the fastest run: the ways take turns, so that other work on the machine meets all of them. */
static void measure(const char *what, const struct content *c, const struct way *ways, size_t n, struct figure *best)
{
	struct mockproc broker;

	mockproc_start(&broker, 1);
	mockproc_say(&broker, "topic " TOPIC " %d", c->partitions);
	mockproc_say(&broker, "topic " TOPIC "-quarantine 1");
	fill_topic(broker.brokers, c);
	for (int turn = 0; turn < measure_runs(); turn++) {
		for (size_t i = 0; i < n; i++) {
			struct figure f = run(broker.brokers, c, &ways[i]);

			if (turn == 0 || f.spans_s > best[i].spans_s)
				best[i] = f;
		}
	}
	mockproc_stop(&broker);
	printf("%s, %" PRIu64 " records\n", what, c->records);
	for (size_t i = 0; i < n; i++)
		print(&ways[i], &best[i]);
}

/* ---- the rows ---- */

#define OFF "--collector.confirm=off"
#define AUTO "--collector.confirm=auto"

static void beside_the_floor(uint64_t records, uint32_t processes)
{
	static const struct way ways[] = {
		{ "floor", NULL, NULL, 0, NULL },
		{ "kept, unconfirmed", NULL, OFF, 0, NULL },
		{ "kept, confirmed", NULL, AUTO, 0, NULL },
		{ "closed, unconfirmed", "--close-each", OFF, 0, NULL },
		{ "closed, confirmed", "--close-each", AUTO, 0, NULL },
	};
	struct content c = { records, processes, 0, PARTITIONS };
	struct figure f[ARRAY_LEN(ways)];
	char what[64];

	snprintf(what, sizeof(what), "records of %d spans, %u processes in turn", SPANS, processes);
	measure(what, &c, ways, ARRAY_LEN(ways), f);
	measure_at_least("  span/s, unconfirmed, x floor", 0.8, f[1].spans_s / f[0].spans_s);
	measure_at_most("  CPU, unconfirmed, x floor", 1.5, f[1].cpu_million / f[0].cpu_million);
	measure_at_least("  span/s, confirmed, x floor", 0.8, f[2].spans_s / f[0].spans_s);
	measure_at_most("  CPU, confirmed, x floor", 1.5, f[2].cpu_million / f[0].cpu_million);
}

static void with_poison(uint64_t records)
{
	static const struct way way = { "kept, unconfirmed", NULL, OFF, 0, NULL };
	struct content clean = { records, 1, 0, PARTITIONS }, bad = { records, 1, POISON_EVERY, PARTITIONS };
	struct figure of_clean, of_bad;

	measure("clean", &clean, &way, 1, &of_clean);
	measure("1 % poison, to a quarantine topic", &bad, &way, 1, &of_bad);
	measure_at_least("  span/s with poison, x clean", 0.9, of_bad.spans_s / of_clean.spans_s);
}

static void with_slow_answers(uint64_t records)
{
	static const struct way ways[] = {
		{ "floor", NULL, NULL, RESPONSE_MS, NULL },
		{ "kept, unconfirmed", NULL, OFF, RESPONSE_MS, "--drain.max-in-flight=8" },
	};
	struct content c = { records, 1, 0, PARTITIONS };
	double bound = (double)RESPONSE_IN_FLIGHT * POST_SPANS * 1000 / RESPONSE_MS;
	struct figure f[ARRAY_LEN(ways)];

	measure("answers after 20 ms, 8 requests of 500 spans in flight", &c, ways, ARRAY_LEN(ways), f);
	measure_at_least("  span/s, x in-flight x POST size / 20 ms", 0.9, f[1].spans_s / bound);
	printf("  span/s, x floor: %.2f\n", f[1].spans_s / f[0].spans_s);
}

static void in_memory(uint64_t most)
{
	static const struct way ways[] = {
		{ "kept, unconfirmed", NULL, OFF, 0, NULL },
		{ "kept, confirmed", NULL, AUTO, 0, NULL },
		{ "closed, confirmed", "--close-each", AUTO, 0, NULL },
	};
	struct content c = { min_u64(most, 45000), 5000, 0, 10 }; /* 39 MB: the mock keeps no more in ten */
	struct figure f[ARRAY_LEN(ways)];

	measure("10 partitions, 5000 distinct processes", &c, ways, ARRAY_LEN(ways), f);
	for (size_t i = 0; i < ARRAY_LEN(ways); i++)
		measure_at_most("  MiB at most", 61, f[i].mib); /* 64 MB */
}

static void one_process(uint64_t records)
{
	beside_the_floor(records, 1);
}

static void thirty_processes(uint64_t records)
{
	beside_the_floor(records, 30);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(uint64_t records);
	} parts[] = {
		{ "one", one_process },
		{ "thirty", thirty_processes },
		{ "poison", with_poison },
		{ "slow", with_slow_answers },
		{ "memory", in_memory },
	};
	uint64_t records = argc > 1 ? strtoull(argv[1], NULL, 10) : 200000;

	printf("%-24s %12s %12s %8s %12s\n", "", "span/s", "CPU s/M span", "MiB", "spans/POST");
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (argc < 3 || strcmp(argv[2], parts[i].name) == 0)
			parts[i].run(records);
	return 0;
}
