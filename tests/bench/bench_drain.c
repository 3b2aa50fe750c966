/* bench_drain.c — records from a mock cluster to a stub collector, each in a process of its own: what
 * the drain relays in a second, and what a million spans cost it. Beside it the floor: the same POSTs
 * by the HTTP client alone are bench_http's.
 *
 *	bench_drain [SPANS-A-RECORD [RECORDS]] */
#include <stdio.h>
#include <stdlib.h>

#include "batchmake.h"
#include "child.h"
#include "kafka_producer.h"
#include "mockproc.h"
#include "ports.h"
#include "until.h"

/* The mock keeps 5 MB a partition. */
enum { PARTITIONS = 256, MOST_BYTES = 4 << 20 };

struct fill {
	struct loop *loop;
	struct kafka_producer *producer;
	uint64_t sent, done;
};

static void on_report(void *arg, void *token, enum kafka_outcome outcome, const char *detail)
{
	struct fill *f = arg;

	(void)token;
	if (outcome != KAFKA_PERSISTED) {
		fprintf(stderr, "bench_drain: %s\n", detail);
		exit(1);
	}
	f->done++;
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

/* One value for all: the drain looks at each byte of it all the same. */
static void fill_topic(const char *brokers, struct slice value, uint64_t records)
{
	static const struct kafka_property spread = { "sticky.partitioning.linger.ms", "0", false };
	struct kafka_producer_opts o = { .brokers = brokers,
		.topic = "tracing-topic",
		.linger_ms = 5,
		.queue_bytes = 16 << 20,
		.properties = &spread,
		.nproperties = 1 };
	struct fill f = { 0 };
	struct kafka_producer_events events = { on_report, on_room, &f };
	struct kafka_record r = { .value = value };
	struct why why;

	if (loop_open(&f.loop, &why) < 0 ||
	        kafka_producer_open(&f.producer, f.loop, &o, &events, &why) < 0) {
		fprintf(stderr, "bench_drain: %s\n", why.text);
		exit(1);
	}
	while (f.sent < records) {
		if (kafka_producer_send(f.producer, &r, &f) == 0)
			f.sent++;
		else
			until_passed(f.loop, 2);
	}
	if (!until_true(f.loop, is_filled, &f, 60))
		exit(1);
	kafka_producer_free(f.producer);
	loop_free(f.loop);
}

static uint64_t spans_stored(struct mockproc *stub)
{
	char answer[512];
	const char *at;

	mockproc_ask(stub, "counts", answer, sizeof(answer));
	at = strstr(answer, "\"total\":");
	return at == NULL ? 0 : strtoull(at + strlen("\"total\":"), NULL, 10);
}

/* User and system seconds, and resident MiB, of a process that runs. */
static void reading(pid_t pid, double *cpu, double *mib)
{
	char path[64], line[1024] = "";
	unsigned long user = 0, system = 0;
	long pages = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	if (f != NULL && fgets(line, sizeof(line), f) != NULL)
		sscanf(strrchr(line, ')') + 2,
		        "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d %*d "
		        "%*d %*u %*u %ld",
		        &user, &system, &pages);
	if (f != NULL)
		fclose(f);
	*cpu = (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
	*mib = (double)pages * (double)sysconf(_SC_PAGESIZE) / (1 << 20);
}

static struct child *start_drain(const char *brokers, struct mockproc *stub, const char *confirm)
{
	char program[512], broker_option[1100], url_option[1100], page_option[1100], page[1024];
	char admin[64];
	const char *dir = getenv("builddir");
	const char *argv[] = { "spanspool", "drain", broker_option, url_option, page_option,
		confirm, admin, "--log-level=warn", NULL };
	struct child_opts o = { .program = program, .argv = argv, .bare = true };
	struct child *c;
	uint16_t port;
	struct why why;

	snprintf(program, sizeof(program), "%s/spanspool", dir == NULL ? "." : dir);
	snprintf(broker_option, sizeof(broker_option), "--kafka.consumer.brokers=%s", brokers);
	snprintf(url_option, sizeof(url_option), "--collector.url=%s", stub->brokers);
	mockproc_ask(stub, "metrics-url", page, sizeof(page));
	snprintf(page_option, sizeof(page_option), "--collector.metrics-url=%s", page);
	if (ports_free(PORTS_TCP, &port) < 0)
		exit(1);
	snprintf(admin, sizeof(admin), "--admin.http.host-port=127.0.0.1:%u", port);
	if (child_start(&c, &o, &why) < 0) {
		fprintf(stderr, "bench_drain: %s\n", why.text);
		exit(1);
	}
	return c;
}

static void measure(
        const char *name, const char *flag, const char *confirm, uint32_t spans, uint64_t records)
{
	struct mockproc broker, stub;
	struct buf value = { 0 };
	struct child *drain;
	double cpu0, cpu, mib, wall;

	batchmake(&value, "a-service-of-usual-name", 1, 1, spans);
	records = min_u64(records, (uint64_t)PARTITIONS * MOST_BYTES / value.len);
	mockproc_start(&broker, 1);
	mockproc_start_program(&stub, "stubcollector", flag);
	mockproc_say(&broker, "topic tracing-topic %d", PARTITIONS);
	mockproc_say(&broker, "topic tracing-topic-quarantine 1");
	fill_topic(broker.brokers, buf_slice(&value), records);
	drain = start_drain(broker.brokers, &stub, confirm);
	while (spans_stored(&stub) == 0)
		usleep(1000);
	wall = (double)clock_mono_us();
	reading(child_pid(drain), &cpu0, &mib);
	while (spans_stored(&stub) < records * spans)
		usleep(5000);
	wall = ((double)clock_mono_us() - wall) / 1e6;
	reading(child_pid(drain), &cpu, &mib);
	cpu -= cpu0;
	printf("%-20s %6u %9lu %10.0f %12.0f %12.2f %10.1f\n", name, spans, (unsigned long)records,
	        (double)records / wall, (double)records * spans / wall,
	        cpu / ((double)records * spans) * 1e6, mib);
	child_free(drain);
	mockproc_stop(&stub);
	mockproc_stop(&broker);
	buf_free(&value);
}

int main(int argc, char **argv)
{
	uint32_t spans = argc > 1 ? (uint32_t)atoi(argv[1]) : 10;
	uint64_t records = argc > 2 ? strtoull(argv[2], NULL, 10) : 100000;

	printf("%-20s %6s %9s %10s %12s %12s %10s\n", "", "spans", "records", "records/s",
	        "spans/s", "cpu s/M span", "MiB");
	measure("kept, unconfirmed", NULL, "--collector.confirm=off", spans, records);
	measure("kept, confirmed", NULL, "--collector.confirm=auto", spans, records);
	measure("closed, unconfirmed", "--close-each", "--collector.confirm=off", spans, records);
	measure("closed, confirmed", "--close-each", "--collector.confirm=auto", spans, records);
	return 0;
}
