/* SPDX-License-Identifier: Apache-2.0 */
/* demo_world.c — runs the mock broker and the stub collector in this process, the agent and the drain as child
 * processes, on free ports and with a temporary directory that is removed at the end. */
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <signal.h>
#include <sys/random.h>

#include "base/clock.h"
#include "demo.h"
#include "admin/ledger_read.h"
#include "cmd/program.h"
#include "testkit/ports.h"
#include "testkit/workdir.h"

enum { PARTITIONS = 16, STOP_MS = 10000, ARGS = 20 };
enum { QUEUE_SPANS = 2000 }; /* of the stub collector; the default of Jaeger 1.x */
static const char topic[] = "tracing-topic";

static void on_stored(void *arg, const struct stub_span *span)
{
	struct demo *d = arg;

	tally_stored(d->tally, span->trace_high, span->trace_low);
	d->arrived_us = clock_mono_us();
}

static void on_agent_ledger(void *arg, struct slice json)
{
	struct demo *d = arg;
	const char *wrong;
	struct why why;

	if (ledger_read(json, &d->ledger, &why) < 0) {
		demo_add_broken(d, "the agent's ledger cannot be read: %s", why.text);
		return;
	}
	d->accepted[d->naccepted++ % DEMO_ACCEPTED] =
	        (struct demo_accepted){ clock_mono_us(), d->ledger.accepted.spans };
	wrong = ledger_check(&d->ledger);
	if (wrong != NULL)
		demo_add_broken(d, "the agent's ledger does not balance: %s", wrong);
}

uint64_t demo_accepted_before(const struct demo *d, uint64_t before_us)
{
	uint64_t spans = 0;

	for (size_t i = 0; i < DEMO_ACCEPTED; i++)
		if (d->accepted[i].known_us > 0 && d->accepted[i].known_us <= before_us)
			spans = max_u64(spans, d->accepted[i].spans);
	return spans;
}

static uint64_t json_count(const json_t *of, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(of, key));
}

static void on_drain_ledger(void *arg, struct slice json)
{
	struct demo *d = arg;
	json_t *root = json_loadb((const char *)json.at, json.len, 0, NULL);
	const json_t *records = json_object_get(root, "records");
	struct demo_drained *n = &d->drained;

	*n = (struct demo_drained){
		.read = json_count(records, "read"),
		.delivered = json_count(records, "delivered"),
		.quarantined = json_count(records, "quarantined"),
		.in_flight = json_count(records, "in_flight"),
		.skipped = json_count(records, "skipped_empty"),
	};
	if (records == NULL)
		demo_add_broken(d, "the drain's ledger cannot be read");
	else if (n->read != n->delivered + n->quarantined + n->in_flight + n->skipped)
		demo_add_broken(d, "the drain's ledger does not balance: %" PRIu64 " read", n->read);
	json_decref(root);
}

static int choose_ports(struct demo *d, struct why *why)
{
	if (ports_free(PORTS_UDP, &d->compact) < 0 || ports_free(PORTS_UDP, &d->binary) < 0 ||
	        ports_free(PORTS_TCP, &d->agent_admin) < 0 || ports_free(PORTS_TCP, &d->drain_admin) < 0)
		return why_set(why, E_IO, "no free ports on 127.0.0.1");
	return 0;
}

static int open_servers(struct demo *d, struct why *why)
{
	struct stub_collector_opts stub = { .stored = on_stored, .arg = d, .store = { .capacity = QUEUE_SPANS } };
	struct http_client_opts client = { .max_connections = 4 };

	if (kafka_mock_open(&d->kafka, 1, why) < 0)
		return why->code;
	if (kafka_mock_topic(d->kafka, topic, PARTITIONS) < 0)
		return why_set(why, E_IO, "the broker takes no topic");
	if (stub_collector_open(&d->collector, d->loop, &stub, why) < 0)
		return why->code;
	return http_client_open(&d->client, d->loop, &client, why);
}

static void on_interrupt(void *arg)
{
	struct demo *d = arg;

	d->interrupted = true;
	loop_stop(d->loop);
}

/* Must be called before the directory is made: a signal whose default action ends this process would leave the
 * directory behind. SIGPIPE is ignored, so that a closed output fails the write instead. */
static int watch_signals(struct demo *d, struct why *why)
{
	static const int signums[DEMO_SIGNALS] = { SIGINT, SIGTERM, SIGHUP };

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < DEMO_SIGNALS; i++)
		if (signal_watch_open(&d->signals[i], d->loop, signums[i], on_interrupt, d) < 0)
			return why_set(why, E_NOMEM, "signals");
	return 0;
}

int demo_world_open(struct demo *d, struct why *why)
{
	if (getrandom(&d->run, sizeof(d->run), 0) != sizeof(d->run))
		return why_set(why, E_IO, "no random number for the run");
	d->next = d->settled = 1;
	if (tally_open(&d->tally, d->run) < 0)
		return why_set(why, E_NOMEM, "demo");
	if (program_find(PROGRAM_DAEMON, d->program, why) < 0 || loop_open(&d->loop, why) < 0 ||
	        watch_signals(d, why) < 0 || workdir_make(&d->directory, "spanspool-demo", why) < 0 ||
	        choose_ports(d, why) < 0 || open_servers(d, why) < 0)
		return why->code;
	demo_watch_init(&d->agent_watch, d->client, d->agent_admin, on_agent_ledger, d);
	demo_watch_init(&d->drain_watch, d->client, d->drain_admin, on_drain_ledger, d);
	if (demo_start_drain(d, why) < 0)
		return why->code;
	return demo_start_agent(d, why);
}

/* The command line of a child. */
struct child_args {
	const char *argv[ARGS];
	char text[ARGS][256];
	size_t n;
};

static void add_arg(struct child_args *w, const char *fmt, ...) PRINTF(2, 3);
static void add_arg(struct child_args *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->text[w->n], sizeof(w->text[0]), fmt, ap);
	va_end(ap);
	w->argv[w->n] = w->text[w->n];
	w->n++;
	w->argv[w->n] = NULL;
}

static int start_child(struct demo *d, struct child **c, struct child_args *w, const char *log, struct why *why)
{
	char path[256];
	struct child_opts o = { .program = d->program, .argv = w->argv, .log = path, .bare = true };

	snprintf(path, sizeof(path), "%s/%s", d->directory, log);
	child_free(*c);
	*c = NULL;
	return child_start(c, &o, why);
}

int demo_start_agent(struct demo *d, struct why *why)
{
	struct child_args w = { .n = 0 };

	add_arg(&w, "spanspool");
	add_arg(&w, "agent");
	add_arg(&w, "--processor.jaeger-compact.server-host-port=127.0.0.1:%u", d->compact);
	add_arg(&w, "--processor.jaeger-binary.server-host-port=127.0.0.1:%u", d->binary);
	add_arg(&w, "--processor.zipkin-compact.server-host-port=none");
	add_arg(&w, "--admin.http.host-port=127.0.0.1:%u", d->agent_admin);
	add_arg(&w, "--kafka.producer.brokers=%s", kafka_mock_bootstrap(d->kafka));
	add_arg(&w, "--kafka.producer.topic=%s", topic);
	add_arg(&w, "--spool.directory=%s/spool", d->directory);
	add_arg(&w, "--spool.exposure=%" PRIu64 "us", d->opts.exposure_us);
	add_arg(&w, "--spool.min-free=0");
	demo_watch_forget(&d->agent_watch);
	return start_child(d, &d->agent, &w, "agent.log", why);
}

int demo_start_drain(struct demo *d, struct why *why)
{
	struct child_args w = { .n = 0 };

	add_arg(&w, "spanspool");
	add_arg(&w, "drain");
	add_arg(&w, "--kafka.consumer.brokers=%s", kafka_mock_bootstrap(d->kafka));
	add_arg(&w, "--kafka.consumer.topic=%s", topic);
	/* Longer than Kafka is down in any phase, else the drain loses its partitions and reads records again;
	 * short enough that the group soon notices a killed drain. */
	add_arg(&w, "--kafka.property=session.timeout.ms=8000");
	add_arg(&w, "--kafka.property=heartbeat.interval.ms=1000");
	add_arg(&w, "--collector.url=%s", stub_collector_url(d->collector));
	add_arg(&w, "--collector.metrics-url=%s", stub_collector_metrics_url(d->collector));
	add_arg(&w, "--drain.quarantine=directory:%s/quarantine", d->directory);
	add_arg(&w, "--admin.http.host-port=127.0.0.1:%u", d->drain_admin);
	demo_watch_forget(&d->drain_watch);
	return start_child(d, &d->drain, &w, "drain.log", why);
}

static void end_child(struct demo *d, struct child *c, const char *name)
{
	if (c == NULL || !child_running(c))
		return;
	child_signal(c, SIGTERM);
	if (child_wait(c, STOP_MS) < 0)
		demo_add_broken(d, "the %s does not end on SIGTERM within %d s", name, STOP_MS / 1000);
	else if (child_status(c) != 0)
		demo_add_broken(d, "the %s ended with %d on SIGTERM", name, child_status(c));
}

void demo_world_stop(struct demo *d)
{
	end_child(d, d->agent, "agent");
	end_child(d, d->drain, "drain");
}

void demo_world_close(struct demo *d)
{
	child_free(d->agent);
	child_free(d->drain);
	emitting_free(d->emitting);
	emitter_free(d->emitter);
	http_client_free(d->client);
	stub_collector_free(d->collector);
	kafka_mock_free(d->kafka);
	tally_free(d->tally);
	if (d->directory != NULL && !d->opts.keep)
		workdir_remove(d->directory);
	for (size_t i = 0; i < DEMO_SIGNALS; i++)
		signal_watch_free(d->signals[i]);
	loop_free(d->loop);
	free(d->directory);
}
