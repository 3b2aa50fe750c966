/* SPDX-License-Identifier: Apache-2.0 */
/* bench_direct.c — CPU of the agent without Kafka, from UDP to a collector, beside its own cost from UDP to
 * Kafka in the same run, and the cost of confirming beside the same way unconfirmed. Collector, broker, sender and
 * agent are processes of their own.
 *
 *   bench_direct [SECONDS] [RATE ...]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "measure.h"
#include "tap.h"

enum { WARM = 20000, WARM_RATE = 20000, MANY = 30 };

enum way_id { KAFKA, KEPT, KEPT_CONFIRMED, CLOSED, CLOSED_CONFIRMED, TURNS, TURNS_CONFIRMED, WAYS };

/* How the collector is, and how the agent is told to deliver. */
static const struct way {
	const char *name;
	const char *stub;    /* an option of tests/lib/stubcollector, or NULL */
	const char *confirm; /* of the agent; NULL: to Kafka */
	uint32_t processes;  /* whose datagrams come in turn */
} ways[WAYS] = {
	[KAFKA] = { "Kafka", NULL, NULL, 1 },
	[KEPT] = { "kept, unconfirmed", NULL, "--collector.confirm=off", 1 },
	[KEPT_CONFIRMED] = { "kept, confirmed", NULL, "--collector.confirm=auto", 1 },
	[CLOSED] = { "closed, unconfirmed", "--close-each", "--collector.confirm=off", 1 },
	[CLOSED_CONFIRMED] = { "closed, confirmed", "--close-each", "--collector.confirm=auto", 1 },
	[TURNS] = { "30 proc., unconfirmed", NULL, "--collector.confirm=off", MANY },
	[TURNS_CONFIRMED] = { "30 proc., confirmed", NULL, "--collector.confirm=auto", MANY },
};

struct figure {
	double cpu_s, collector_s;
	double posts_s;   /* a second */
	double disk_span; /* bytes that the agent wrote for each span */
	uint64_t dropped;
};

static void start_agent(struct agent_process *s, const struct way *w, struct mockproc *stub)
{
	char url[1100], page[1100], answer[1024];

	if (w->confirm == NULL) {
		measure_must(agent_process_start(s, NULL), "the agent does not start");
		return;
	}
	mockproc_start_program(stub, "stubcollector", w->stub);
	mockproc_ask(stub, "metrics-url", answer, sizeof(answer));
	snprintf(url, sizeof(url), "--collector.url=%s", stub->brokers);
	snprintf(page, sizeof(page), "--collector.metrics-url=%s", answer);
	measure_must(agent_process_start(s, url, page, w->confirm, NULL), "the agent does not start");
}

static void emit(struct agent_process *s, const struct way *w, uint64_t first, uint64_t spans, uint64_t rate)
{
	measure_emit_turns(&(struct measure_turns){ .port = s->compact,
	        .batch = MEASURE_BATCH,
	        .processes = w->processes,
	        .first = first,
	        .spans = spans,
	        .rate = rate });
	measure_must(measure_delivered(s, first - 1 + spans), "not all is delivered");
}

/* Sums so far. */
static struct figure look(struct agent_process *s, const struct mockproc *stub)
{
	pid_t agent = child_pid(s->agent);

	return (struct figure){
		.cpu_s = measure_cpu_s(agent),
		.collector_s = stub->pid > 0 ? measure_cpu_s(stub->pid) : 0,
		.posts_s = agent_process_metric(s, "spanspool_collector_posts_total"),
		.disk_span = (double)measure_disk_bytes(agent),
	};
}

static struct figure run(const struct way *w, struct mockproc *broker, uint64_t rate, unsigned seconds)
{
	uint64_t spans = rate * seconds;
	struct mockproc stub = { 0 };
	struct figure before, f;
	struct agent_process s;

	agent_process_open(&s, AGENT_PROCESS_OUTSIDE);
	s.brokers = w->confirm == NULL ? broker->brokers : "";
	start_agent(&s, w, &stub);
	emit(&s, w, 1, WARM, WARM_RATE);
	before = look(&s, &stub);
	emit(&s, w, 1 + WARM, spans, rate);
	f = look(&s, &stub);
	f.cpu_s -= before.cpu_s;
	f.collector_s -= before.collector_s;
	f.posts_s = (f.posts_s - before.posts_s) / seconds;
	f.disk_span = (f.disk_span - before.disk_span) / (double)spans;
	f.dropped = agent_process_ledger(&s)->kernel_dropped;
	measure_must(f.dropped > 0 || agent_process_ledger(&s)->place[LEDGER_DELIVERED].spans == WARM + spans,
	        "the ledger has another count than what was sent");
	agent_process_close(&s);
	mockproc_stop(&stub);
	return f;
}

static void print(uint64_t rate, const struct way *w, const struct figure *f, double millions, double kafka_s)
{
	printf("%8" PRIu64 "  %-22s %10.2f %8.2f %14.2f %10.0f %8.0f %8" PRIu64 "\n", rate, w->name,
	        f->cpu_s / millions, f->cpu_s / kafka_s, f->collector_s / millions, f->disk_span, f->posts_s,
	        f->dropped);
	fflush(stdout);
}

/* Turns of all ways, one after the other, so that other work on the machine meets all of them; of each way the
 * cheapest run, since other work can only add to it. */
static void measure(struct mockproc *broker, uint64_t rate, unsigned seconds)
{
	double millions = (double)rate * seconds / 1e6;
	struct figure best[WAYS];

	for (int turn = 0; turn < measure_runs(); turn++) {
		for (int k = 0; k < WAYS; k++) {
			struct figure f = run(&ways[k], broker, rate, seconds);

			if (turn == 0 || f.cpu_s < best[k].cpu_s)
				best[k] = f;
		}
	}
	for (int k = 0; k < WAYS; k++)
		print(rate, &ways[k], &best[k], millions, best[KAFKA].cpu_s);
	measure_at_most("  direct, kept, x Kafka", 1.5, best[KEPT].cpu_s / best[KAFKA].cpu_s);
	measure_at_most("  direct, closed, x Kafka", 1.5, best[CLOSED].cpu_s / best[KAFKA].cpu_s);
	measure_at_most("  30 processes, x one", 2, best[TURNS].cpu_s / best[KEPT].cpu_s);
	measure_at_most("  confirming, kept", 1.3, best[KEPT_CONFIRMED].cpu_s / best[KEPT].cpu_s);
	measure_at_most("  confirming, closed", 1.3, best[CLOSED_CONFIRMED].cpu_s / best[CLOSED].cpu_s);
}

int main(int argc, char **argv)
{
	static const uint64_t usual[] = { 10000, 60000 };
	unsigned seconds = argc > 1 ? (unsigned)atoi(argv[1]) : 4;
	size_t n = argc > 2 ? (size_t)argc - 2 : ARRAY_LEN(usual);
	struct mockproc broker;

	measure_broker(&broker);
	printf("Agent from UDP to a collector, batches of %d spans, best of %d runs of %u s\n", MEASURE_BATCH,
	        measure_runs(), seconds);
	printf("%8s  %-22s %10s %8s %14s %10s %8s %8s\n", "span/s", "way", "CPU s/M", "x Kafka", "collector s/M",
	        "disk B/sp.", "POSTs/s", "dropped");
	for (size_t i = 0; i < n; i++)
		measure(&broker, argc > 2 ? strtoull(argv[i + 2], NULL, 10) : usual[i], seconds);
	mockproc_stop(&broker);
	return 0;
}
