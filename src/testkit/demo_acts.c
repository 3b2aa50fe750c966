/* SPDX-License-Identifier: Apache-2.0 */
/* demo_acts.c — carries out the act of a step, and checks the condition that ends it. */
#include "base/clock.h"
#include "demo.h"
#include "testkit/ports.h"

enum { BATCH = 10, QUIET_US = 1500000 };

static void on_sent(void *arg, uint64_t first, uint64_t count)
{
	struct demo *d = arg;

	if (tally_sent(d->tally, first, count) < 0)
		demo_add_broken(d, "out of memory while counting");
	d->next = first + count;
	d->sending_stopped_us = clock_mono_us();
}

static void on_refused(void *arg, uint64_t first, uint64_t count)
{
	struct demo *d = arg;

	tally_unsent(d->tally, first, count);
}

static void on_over(void *arg)
{
	struct demo *d = arg;

	demo_add_broken(d, "sending ended by itself: %s", emitter_failure(d->emitter));
}

static int start_sending(struct demo *d, struct why *why)
{
	struct emitter_opts o = {
		.targets = { { { "127.0.0.1", d->compact }, NUMBERED_COMPACT },
		        { { "127.0.0.1", d->binary }, NUMBERED_BINARY } },
		.ntargets = 2,
		.service = "spanspool-demo",
		.run = d->run,
		.first = d->next,
		.rate = d->opts.rate,
		.batch = BATCH,
		.sent = on_sent,
		.refused = on_refused,
		.arg = d,
	};

	if (emitter_open(&d->emitter, &o, why) < 0)
		return why->code;
	if (emitting_start(&d->emitting, d->loop, d->emitter, on_over, d) < 0)
		return why_set(why, E_NOMEM, "demo");
	return 0;
}

static void stop_sending(struct demo *d)
{
	emitting_free(d->emitting);
	d->emitting = NULL;
	if (d->emitter != NULL)
		emitter_count_refused(d->emitter);
	emitter_free(d->emitter);
	d->emitter = NULL;
}

/* Number of unread spans in the receive buffer of PORT, rounded up. */
static uint64_t unread_spans(uint16_t port, enum numbered_spans_protocol protocol, uint64_t run)
{
	struct numbered_spans_opts o = {
		.protocol = protocol, .service = "spanspool-demo", .run = run, .spans = BATCH
	};
	struct numbered_spans *n;
	struct why why;
	uint64_t cost, bytes = ports_unread(port);

	if (bytes == 0 || numbered_spans_open(&n, &o, &why) < 0)
		return 0;
	cost = ports_datagram_cost(numbered_spans_size(n));
	numbered_spans_free(n);
	return cost == 0 ? 0 : (bytes + cost - 1) / cost * BATCH;
}

/* Upper bound of the spans in the agent's memory only: those sent and not accepted one exposure before. The agent keeps
 * the exposure while it gets its CPU, and its health part "exposure" says so when it does not; but nobody can ask it at
 * the moment of the kill. So stall_us is added, for a busy machine may have stalled the agent as long as it stalled this
 * process. A rate times the exposure is no bound, because a stalled process sends, or reads, everything that is due at
 * once. demo_allowed bounds the loss by the agent's own ledger too, without any clock. */
static uint64_t spans_at_risk(const struct demo *d)
{
	uint64_t before_us = clock_mono_us() - d->opts.exposure_us - d->stall_us;
	uint64_t accepted = max_u64(demo_accepted_before(d, before_us), d->base_accepted);
	uint64_t sent = tally_total(d->tally).sent - d->base_sent;
	uint64_t known = accepted - d->base_accepted + d->kill.in_socket;

	return sent > known ? sent - known : 0;
}

/* No span is sent between reading the socket buffers and the kill, so in_socket is at least what the sockets hold
 * when the agent is killed. */
static int kill_agent(struct demo *d, struct why *why)
{
	d->kill.in_socket =
	        unread_spans(d->compact, NUMBERED_COMPACT, d->run) + unread_spans(d->binary, NUMBERED_BINARY, d->run);
	d->kill.in_window = spans_at_risk(d);
	d->kill.end = d->next;
	d->uncertain_before = d->ledger.place[LEDGER_UNCERTAIN].spans;
	demo_watch_forget(&d->agent_watch);
	if (rig_kill(d->agent) < 0)
		return why_set(why, E_TIMEOUT, "the agent outlives SIGKILL");
	return 0;
}

static int kill_drain(struct demo *d, struct why *why)
{
	demo_watch_forget(&d->drain_watch);
	if (rig_kill(d->drain) < 0)
		return why_set(why, E_TIMEOUT, "the drain outlives SIGKILL");
	return 0;
}

static void set_store(struct demo *d, enum demo_act act)
{
	struct stub_store *store = stub_collector_store(d->rig.stub);

	stub_store_set_mode(store, act == ACT_STORE_AWAY ? STUB_STORE_AWAY : STUB_STORE_WORKS);
	stub_store_set_rate(store, act == ACT_STORE_SLOW ? d->opts.rate : 0);
}

int demo_act(struct demo *d, enum demo_act act, struct why *why)
{
	switch (act) {
	case ACT_NONE:
		return 0;
	case ACT_SEND:
		return start_sending(d, why);
	case ACT_STOP_SENDING:
		stop_sending(d);
		return 0;
	case ACT_COLLECTOR_DOWN:
		stub_collector_down(d->rig.stub);
		return 0;
	case ACT_COLLECTOR_UP:
		return stub_collector_up(d->rig.stub, why);
	case ACT_KAFKA_DOWN:
		kafka_mock_down(d->rig.kafka);
		return 0;
	case ACT_KAFKA_UP:
		kafka_mock_up(d->rig.kafka);
		return 0;
	case ACT_KILL_AGENT:
		return kill_agent(d, why);
	case ACT_START_AGENT:
		return demo_start_agent(d, why);
	case ACT_KILL_DRAIN:
		return kill_drain(d, why);
	case ACT_START_DRAIN:
		return demo_start_drain(d, why);
	case ACT_STORE_AWAY:
	case ACT_STORE_SLOW:
	case ACT_STORE_WORKS:
		set_store(d, act);
		return 0;
	}
	return why_set(why, E_FATAL, "an act that is none");
}

/* The agent was polled after the last datagram was sent, and has accepted every span. */
static bool has_accepted_all(const struct demo *d)
{
	return d->agent_watch.known_us > d->sending_stopped_us &&
	       d->ledger.accepted.spans - d->base_accepted == tally_total(d->tally).sent - d->base_sent;
}

static bool is_empty(const struct demo *d)
{
	return d->agent_watch.known_us > d->sending_stopped_us && d->ledger.place[LEDGER_IN_FLIGHT].spans == 0 &&
	       d->ledger.place[LEDGER_IN_SPOOL].spans == 0;
}

static bool is_stored(struct demo *d)
{
	if (tally_range(d->tally, d->settled, d->next).missing > 0)
		return false;
	d->settled = d->next;
	return true;
}

/* Computes kill.in_memory, the spans that the killed agent had read and not committed: those its ledger counts as
 * uncertain, and those that were sent, were not in the sockets, and are in no ledger. */
static void record_kill_cost(struct demo *d)
{
	uint64_t sent = tally_total(d->tally).sent - d->base_sent;
	uint64_t known = d->ledger.accepted.spans - d->base_accepted + d->kill.in_socket;

	d->kill.in_memory = d->ledger.place[LEDGER_UNCERTAIN].spans - d->uncertain_before;
	d->kill.in_memory += sent > known ? sent - known : 0;
}

static bool is_settled(struct demo *d, uint64_t now_us)
{
	if (!is_empty(d) || d->drain_watch.known_us <= d->sending_stopped_us || d->drained.in_flight > 0 ||
	        now_us - d->arrived_us < QUIET_US || now_us - d->sending_stopped_us < QUIET_US)
		return false;
	if (d->kill.end > d->settled)
		record_kill_cost(d);
	d->settled = d->next;
	d->base_accepted = d->ledger.accepted.spans;
	d->base_sent = tally_total(d->tally).sent;
	return true;
}

bool demo_step_is_over(struct demo *d, enum demo_until until, uint64_t now_us)
{
	switch (until) {
	case UNTIL_PASSED:
		break;
	case UNTIL_SERVING:
		return d->agent_watch.serving && d->drain_watch.serving;
	case UNTIL_IN_KAFKA:
		return has_accepted_all(d) && is_empty(d);
	case UNTIL_ON_DISK:
		return has_accepted_all(d) && d->ledger.place[LEDGER_IN_FLIGHT].spans == 0;
	case UNTIL_STORED:
		return is_stored(d);
	case UNTIL_SETTLED:
		return is_settled(d, now_us);
	}
	return false;
}
