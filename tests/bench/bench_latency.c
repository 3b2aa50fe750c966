/* SPDX-License-Identifier: Apache-2.0 */
/* bench_latency.c — how long a span takes from the socket to the collector with little traffic: datagrams of one
 * span, where batches may share a POST, and where none may. Merging must not make a span wait.
 *
 *   bench_latency [DATAGRAMS [RATE]]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "measure.h"
#include "testkit/numbered_spans.h"
#include "tap.h"
#include "wait.h"

enum { FIRST = 1, WARM = 50 };

struct course {
	struct agent_process stage;
	struct stub_collector *stub;
	uint64_t *sent_us; /* of span FIRST + I; from clock_mono_us */
	uint64_t *took_us; /* until it was stored; 0: it is not */
	uint64_t spans, stored;
};

static void on_stored(void *arg, const struct stub_span *span)
{
	struct course *c = arg;
	uint64_t number;

	measure_must(numbered_spans_number(span->trace_low, &number) && number - FIRST < c->spans,
	        "a span that was not sent is stored");
	number -= FIRST;
	measure_must(c->took_us[number] == 0, "a span is stored twice");
	c->took_us[number] = max_u64(1, clock_mono_us() - c->sent_us[number]);
	c->stored++;
}

static bool all_are_stored(void *arg)
{
	struct course *c = arg;

	return c->stored == c->spans;
}

static void begin(struct course *c, const char *most)
{
	struct stub_collector_opts o = { .stored = on_stored, .arg = c };
	char url[200];
	struct why why;

	agent_process_open(&c->stage, AGENT_PROCESS_OUTSIDE);
	c->stage.brokers = "";
	measure_must(stub_collector_open(&c->stub, c->stage.loop, &o, &why) == 0, why.text);
	snprintf(url, sizeof(url), "--collector.url=%s", stub_collector_url(c->stub));
	measure_must(
	        agent_process_start(&c->stage, url, most, "--collector.confirm=off", NULL), "the agent does not start");
}

/* One datagram each 1/RATE s; the collector runs between them. */
static void send_all(struct course *c, uint64_t rate)
{
	uint64_t began = clock_mono_us();

	for (uint64_t i = 0; i < c->spans; i++) {
		uint64_t due = began + i * US_PER_S / rate;

		while (clock_mono_us() < due)
			wait_ms(c->stage.loop, 1);
		measure_emit_turns(&(struct measure_turns){ .port = c->stage.compact,
		        .batch = 1,
		        .processes = 1,
		        .first = FIRST + i,
		        .spans = 1,
		        .rate = rate,
		        .at_sent = &c->sent_us[i] });
	}
	measure_must(wait_until(c->stage.loop, all_are_stored, c, 60), "not all spans are stored");
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Milliseconds at the 50th percentile. */
static double run(const char *name, const char *most, uint64_t datagrams, uint64_t rate)
{
	struct course c = { .spans = WARM + datagrams };
	double half;

	c.sent_us = calloc(c.spans, sizeof(*c.sent_us));
	c.took_us = calloc(c.spans, sizeof(*c.took_us));
	measure_must(c.sent_us != NULL && c.took_us != NULL, "no memory");
	begin(&c, most);
	send_all(&c, rate);
	qsort(c.took_us + WARM, datagrams, sizeof(*c.took_us), by_size);
	half = (double)c.took_us[WARM + datagrams / 2] / 1000;
	printf("%-10s %8.2f %8.2f %8.2f\n", name, half, (double)c.took_us[WARM + datagrams * 9 / 10] / 1000,
	        (double)c.took_us[WARM + datagrams * 99 / 100] / 1000);
	stub_collector_free(c.stub);
	agent_process_close(&c.stage);
	free(c.sent_us);
	free(c.took_us);
	return half;
}

int main(int argc, char **argv)
{
	uint64_t datagrams = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000;
	uint64_t rate = argc > 2 ? strtoull(argv[2], NULL, 10) : 100;
	double merged, alone;

	printf("From the socket to the collector, %" PRIu64 " span/s in datagrams of one span\n", rate);
	printf("%-10s %8s %8s %8s\n", "", "p50 ms", "p90 ms", "p99 ms");
	alone = run("unmerged", "--collector.max-batch-spans=1", datagrams, rate);
	merged = run("merged", "--collector.max-batch-spans=500", datagrams, rate);
	measure_at_most("  ms that merging adds at the median", 1, merged - alone);
	return 0;
}
