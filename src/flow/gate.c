/* gate.c — offers, waits for reports, and lets the circuit decide.
 *
 * A period is the time between two changes of the circuit. What is out stands in two lists: this
 * period's, oldest first, whose head is what the circuit watches, and those of earlier periods, which
 * may hang on a broker that is gone and say nothing about how things go now. */
#include <stdlib.h>

#include "clock.h"
#include "gate.h"

struct gate {
	struct gate_opts opts;
	struct gate_events events;
	struct health *health;
	struct sink *sink;
	struct circuit circuit;
	struct pace_load load;
	uint64_t ramp;           /* bytes of backlog that may be out */
	uint64_t ramp_delivered; /* backlog bytes delivered since the ramp last grew */
	struct list current;     /* batches out, offered in this period */
	struct list earlier;
	uint64_t out_now; /* how many in current */
	uint32_t period;
	struct gate_stats stats;
	uint64_t posted_us; /* when the board was told last that spans wait */
	bool stopping;
};

enum { POST_EVERY_US = US_PER_S / 4 };

static void on_done(void *arg, struct batch *b, enum sink_outcome outcome, const char *detail);
static void on_room(void *arg);
static void on_sent_again(void *arg, uint32_t spans, bool first);

int gate_open(struct gate **out, const struct gate_opts *opts, const struct gate_events *events,
        struct health *health)
{
	struct gate *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return E_NOMEM;
	g->opts = *opts;
	g->events = *events;
	g->health = health;
	g->load.window = opts->window_bytes;
	g->ramp = pace_backlog_most(opts->window_bytes);
	list_init(&g->current);
	list_init(&g->earlier);
	circuit_init(&g->circuit, clock_mono_us());
	health_post(health, opts->sink_name, HEALTH_OK, "nothing was offered yet");
	*out = g;
	return 0;
}

void gate_use(struct gate *g, struct sink *s)
{
	g->sink = s;
}

struct sink_events gate_sink_events(struct gate *g)
{
	return (struct sink_events){
		.done = on_done, .room = on_room, .sent_again = on_sent_again, .arg = g
	};
}

static void post_waiting(struct gate *g, uint64_t now)
{
	bool misconfigured = false;
	const char *trouble =
	        g->sink->trouble == NULL ? NULL : g->sink->trouble(g->sink, &misconfigured);

	g->posted_us = now;
	if (trouble == NULL)
		health_post(g->health, g->opts.sink_name, HEALTH_WARN,
		        "nothing is delivered (%s): spans wait in the spool", g->circuit.reason);
	else
		health_post(g->health, g->opts.sink_name, misconfigured ? HEALTH_DOWN : HEALTH_WARN,
		        "spans wait in the spool: %s", trouble);
}

/* What a change of the circuit's state brings with it. */
static void entered(struct gate *g)
{
	list_append(&g->earlier, &g->current);
	g->out_now = 0;
	g->period++;
	switch (g->circuit.state) {
	case CIRCUIT_OPEN:
		post_waiting(g, clock_mono_us());
		g->sink->ops->purge(g->sink, false);
		return;
	case CIRCUIT_HALF_OPEN:
		break;
	case CIRCUIT_CLOSED:
		health_post(g->health, g->opts.sink_name, HEALTH_OK, "delivering");
		g->ramp = min_u64(PACE_RAMP_FIRST, pace_backlog_most(g->opts.window_bytes));
		g->ramp_delivered = 0;
		break;
	}
	g->events.room(g->events.arg);
}

static bool lets(const struct gate *g, const struct batch *b, uint64_t now)
{
	if (g->stopping || !circuit_lets(&g->circuit, now, g->out_now))
		return false;
	if (!b->backlog && g->load.backlog_waits && !circuit_lets_fresh_probe(&g->circuit, now))
		return false;
	return b->backlog ? pace_lets_backlog(&g->load, g->ramp) : pace_lets_fresh(&g->load);
}

enum sink_answer gate_offer(struct gate *g, struct batch *b)
{
	uint64_t now = clock_mono_us();
	enum sink_answer answer;

	if (!lets(g, b, now))
		return g->circuit.state == CIRCUIT_OPEN ? SINK_DOWN : SINK_FULL;
	answer = g->sink->ops->offer(g->sink, b);
	if (answer == SINK_DOWN && circuit_refused(&g->circuit, now))
		entered(g);
	if (answer != SINK_TOOK)
		return answer;
	b->with_sink = true;
	b->offered_us = now;
	b->period = g->period;
	list_push(&g->current, &b->out);
	g->out_now++;
	*(b->backlog ? &g->load.backlog : &g->load.fresh) += b->cost;
	g->stats.offered++;
	return SINK_TOOK;
}

const char *gate_refusal(const struct gate *g)
{
	return g->sink->refusal;
}

enum sink_outcome gate_refused_as(const struct gate *g)
{
	return g->sink->refused_as;
}

static void grow_ramp(struct gate *g, const struct batch *b)
{
	uint64_t grown;

	if (!b->backlog)
		return;
	g->ramp_delivered += b->cost;
	grown = pace_ramp(g->ramp, g->ramp_delivered, g->opts.window_bytes);
	if (grown != g->ramp)
		g->ramp_delivered = 0;
	g->ramp = grown;
}

static void on_done(void *arg, struct batch *b, enum sink_outcome outcome, const char *detail)
{
	struct gate *g = arg;
	uint64_t now = clock_mono_us();
	bool good = outcome == SINK_DELIVERED || sink_refused(outcome); /* that is an answer too */
	bool of_now = b->period == g->period;

	list_remove(&b->out);
	g->out_now -= of_now;
	b->with_sink = false;
	*(b->backlog ? &g->load.backlog : &g->load.fresh) -= b->cost;
	if (outcome == SINK_DELIVERED) {
		g->stats.delivered++;
		histogram_add(&g->stats.ack, now - b->offered_us);
		if (!b->backlog)
			histogram_add(&g->stats.fresh, now - b->read_us);
		grow_ramp(g, b);
	} else {
		g->stats.given_back += !sink_refused(outcome);
		g->stats.poison += sink_refused(outcome);
	}
	g->events.report(g->events.arg, b, outcome, detail);
	/* What comes back from an earlier period says nothing against this one. */
	if ((good || of_now) && circuit_report(&g->circuit, now, good))
		entered(g);
}

static void on_room(void *arg)
{
	struct gate *g = arg;

	g->events.room(g->events.arg);
}

static void on_sent_again(void *arg, uint32_t spans, bool first)
{
	struct gate *g = arg;

	g->events.sent_again(g->events.arg, spans, first);
}

void gate_backlog(struct gate *g, bool waits)
{
	g->load.backlog_waits = waits;
}

static uint64_t oldest_of(const struct list *out)
{
	return list_empty(out) ? 0 : list_first(out, struct batch, out)->offered_us;
}

/* Open before the purge, or the first that comes back would open it amid the others. */
static void take_back(struct gate *g, uint64_t now, bool wire)
{
	if (circuit_report(&g->circuit, now, false))
		entered(g);
	g->sink->ops->purge(g->sink, wire);
}

void gate_tick(struct gate *g)
{
	uint64_t now = clock_mono_us();

	if (circuit_tick(&g->circuit, now, oldest_of(&g->current)))
		entered(g);
	if (g->circuit.state != CIRCUIT_CLOSED && now - g->posted_us >= POST_EVERY_US)
		post_waiting(g, now); /* the sink may have learned why */
	if (circuit_recalls(&g->circuit, now, oldest_of(&g->earlier)))
		take_back(g, now, true);
}

void gate_recall(struct gate *g)
{
	if (g->circuit.state != CIRCUIT_CLOSED)
		take_back(g, clock_mono_us(), false);
}

enum circuit_state gate_state(const struct gate *g)
{
	return g->circuit.state;
}

uint64_t gate_backlog_bytes(const struct gate *g)
{
	return g->load.backlog;
}

const struct gate_stats *gate_stats(struct gate *g)
{
	g->stats.opened = g->circuit.opened;
	g->stats.out_bytes = g->load.fresh + g->load.backlog;
	g->stats.out_batches =
	        g->stats.offered - g->stats.delivered - g->stats.given_back - g->stats.poison;
	g->stats.ramp_bytes = g->ramp;
	for (size_t i = 0; i < ARRAY_LEN(g->stats.state); i++)
		g->stats.state[i] = g->circuit.state == i;
	return &g->stats;
}

void gate_flush(struct gate *g, uint64_t budget_ms, void (*flushed)(void *arg), void *arg)
{
	g->stopping = true;
	g->sink->ops->flush(
	        g->sink, g->circuit.state == CIRCUIT_CLOSED ? budget_ms : 0, flushed, arg);
}

void gate_free(struct gate *g)
{
	free(g);
}
