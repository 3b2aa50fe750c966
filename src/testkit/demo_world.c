/* SPDX-License-Identifier: Apache-2.0 */
/* demo_world.c — the rig of the demonstration, and what its ledgers say. */
#include <inttypes.h>
#include <stdio.h>
#include <signal.h>
#include <sys/random.h>

#include "base/clock.h"
#include "demo.h"
#include "admin/ledger_read.h"
#include "cmd/program.h"
#include "testkit/ports.h"

enum { PARTITIONS = 16, STOP_S = 10 };
enum { QUEUE_SPANS = 2000 }; /* of the stub collector; the default of Jaeger 1.x */

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

static void on_drain_ledger(void *arg, struct slice json)
{
	struct demo *d = arg;
	struct rig_drain_ledger l;
	struct why why;

	if (rig_read_drain_ledger(json, &l, &why) < 0)
		demo_add_broken(d, "%s", why.text);
	d->drained = l.records;
}

static int choose_ports(struct demo *d, struct why *why)
{
	if (ports_free(PORTS_UDP, &d->compact) < 0 || ports_free(PORTS_UDP, &d->binary) < 0 ||
	        ports_free(PORTS_TCP, &d->agent_admin) < 0 || ports_free(PORTS_TCP, &d->drain_admin) < 0)
		return why_set(why, E_IO, "no free ports on 127.0.0.1");
	return 0;
}

static int open_rig(struct demo *d, struct why *why)
{
	struct stub_collector_opts stub = { .stored = on_stored, .arg = d, .store = { .capacity = QUEUE_SPANS } };
	struct rig_opts o = {
		.name = "spanspool-demo",
		.brokers = 1,
		.topics = { { "tracing-topic", PARTITIONS } },
		.collector = &stub,
	};

	return rig_open(&d->rig, d->loop, &o, why);
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
	        watch_signals(d, why) < 0 || open_rig(d, why) < 0 || choose_ports(d, why) < 0)
		return why->code;
	demo_watch_init(&d->agent_watch, d->rig.client, d->agent_admin, on_agent_ledger, d);
	demo_watch_init(&d->drain_watch, d->rig.client, d->drain_admin, on_drain_ledger, d);
	if (demo_start_drain(d, why) < 0)
		return why->code;
	return demo_start_agent(d, why);
}

int demo_start_agent(struct demo *d, struct why *why)
{
	struct rig_agent a = { d->compact, d->binary, d->agent_admin, kafka_mock_bootstrap(d->rig.kafka) };
	struct rig_options o;

	rig_agent_options(&o, &d->rig, &a);
	rig_option(&o, "--spool.exposure=%" PRIu64 "us", d->opts.exposure_us);
	demo_watch_forget(&d->agent_watch);
	return rig_start(&d->rig, &d->agent, d->program, &o, "agent.log", why);
}

int demo_start_drain(struct demo *d, struct why *why)
{
	struct rig_options o;

	rig_drain_options(&o, &d->rig, d->drain_admin);
	/* Longer than Kafka is down in any phase, else the drain loses its partitions and reads records again;
	 * short enough that the group soon notices a killed drain. */
	rig_option(&o, "--kafka.property=session.timeout.ms=8000");
	rig_option(&o, "--kafka.property=heartbeat.interval.ms=1000");
	rig_option(&o, "--drain.quarantine=directory:%s/quarantine", d->rig.directory);
	demo_watch_forget(&d->drain_watch);
	return rig_start(&d->rig, &d->drain, d->program, &o, "drain.log", why);
}

static void end_child(struct demo *d, struct child *c, const char *name)
{
	int status;

	if (c == NULL || !child_running(c))
		return;
	status = rig_stop(&d->rig, c, STOP_S);
	if (status < 0)
		demo_add_broken(d, "the %s does not end on SIGTERM within %d s", name, STOP_S);
	else if (status != 0)
		demo_add_broken(d, "the %s ended with %d on SIGTERM", name, status);
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
	rig_close(&d->rig, d->opts.keep);
	tally_free(d->tally);
	for (size_t i = 0; i < DEMO_SIGNALS; i++)
		signal_watch_free(d->signals[i]);
	loop_free(d->loop);
}
