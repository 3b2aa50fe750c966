/* SPDX-License-Identifier: Apache-2.0 */
/* dispatcher.c — offers, waits for reports, and lets the circuit decide.
 *
 * A period is the time between two changes of the circuit. What is out stands in two lists: this
 * period's, oldest first, whose head is what the circuit watches, and those of earlier periods, which
 * may hang on a broker that is gone and say nothing about how things go now.
 *
 * A batch that the destination gave back rests: it is not offered again before its retry_us, except as a
 * probe, for which the circuit's own pause is enough. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "policy/evidence.h"
#include "agent/dispatcher.h"

struct dispatcher {
	struct dispatcher_opts opts;
	struct dispatcher_events events;
	struct health *health;
	struct sink *sink;
	struct circuit circuit;
	struct evidence evidence;
	char words[160]; /* of the destination, when it refused last; "" none */
	struct pace_load load;
	uint64_t ramp;           /* bytes of backlog that may be out */
	uint64_t ramp_delivered; /* backlog bytes delivered since the ramp last grew */
	struct list current;     /* batches out, offered in this period */
	struct list earlier;
	uint64_t out_now; /* how many in current */
	uint32_t period;
	struct dispatcher_stats stats;
	uint64_t posted_us; /* when the board was told last that spans wait */
	bool stopping;
};

enum { POST_EVERY_US = US_PER_S / 4 };

static void on_done(void *arg, struct batch *b, enum sink_outcome outcome, const char *detail);
static void on_room(void *arg);
static void on_sent_again(void *arg, uint32_t spans, bool first);
static void on_answered(void *arg);

int dispatcher_open(struct dispatcher **out, const struct dispatcher_opts *opts, const struct dispatcher_events *events,
        struct health *health)
{
	struct dispatcher *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return E_NOMEM;
	g->opts = *opts;
	g->events = *events;
	g->health = health;
	g->load.window = opts->window_bytes;
	g->load.backlog_most = pace_backlog_most(opts->window_bytes, opts->stored);
	g->ramp = g->load.backlog_most;
	list_init(&g->current);
	list_init(&g->earlier);
	circuit_init(&g->circuit, clock_mono_us());
	health_post(health, opts->sink_name, HEALTH_OK, "nothing was offered yet");
	*out = g;
	return 0;
}

void dispatcher_use(struct dispatcher *g, struct sink *s)
{
	g->sink = s;
}

struct sink_events dispatcher_sink_events(struct dispatcher *g)
{
	return (struct sink_events){
		.done = on_done, .room = on_room, .sent_again = on_sent_again, .answered = on_answered, .arg = g
	};
}

/* Spooling is what the agent is for, so a destination that is away is a warning. One that is configured wrongly,
 * or that answers and refuses everything, will not heal by waiting: somebody must change something. */
static void post_waiting(struct dispatcher *g, uint64_t now)
{
	bool misconfigured = false, refuses = g->circuit.cause == CIRCUIT_REFUSES;
	const char *trouble = g->sink->trouble == NULL ? NULL : g->sink->trouble(g->sink, &misconfigured);
	enum health_level level = misconfigured || circuit_alarms(&g->circuit) ? HEALTH_DOWN : HEALTH_WARN;

	g->posted_us = now;
	if (trouble != NULL && !(refuses && g->words[0] != '\0'))
		health_post(g->health, g->opts.sink_name, level, "spans wait in the spool: %s", trouble);
	else
		health_post(g->health, g->opts.sink_name, level,
		        "nothing is delivered (%s%s%s): spans wait in the spool", circuit_reason(&g->circuit),
		        refuses && g->words[0] != '\0' ? ": " : "", refuses ? g->words : "");
}

static void next_period(struct dispatcher *g)
{
	list_append(&g->earlier, &g->current);
	g->out_now = 0;
	g->period++;
}

/* What a change of the circuit's state brings with it. */
static void entered(struct dispatcher *g)
{
	next_period(g);
	switch (g->circuit.state) {
	case CIRCUIT_OPEN:
		post_waiting(g, clock_mono_us());
		g->sink->ops->purge(g->sink, false);
		return;
	case CIRCUIT_HALF_OPEN:
		break;
	case CIRCUIT_CLOSED:
		g->words[0] = '\0';
		health_post(g->health, g->opts.sink_name, HEALTH_OK, "delivering");
		g->ramp = min_u64(PACE_RAMP_FIRST, g->load.backlog_most);
		g->ramp_delivered = 0;
		break;
	}
	g->events.room(g->events.arg);
}

bool dispatcher_rests(const struct dispatcher *g, const struct batch *b)
{
	uint64_t now = clock_mono_us();

	if (b->refusals == 0)
		return false;
	/* A probe rests as long as the circuit does at least: it may have come back after that opened. */
	return now < (g->circuit.state == CIRCUIT_CLOSED ? b->retry_us : b->refused_us + g->circuit.pause_least);
}

static bool lets(const struct dispatcher *g, const struct batch *b, uint64_t now)
{
	if (g->stopping || !circuit_lets(&g->circuit, now, g->out_now) || dispatcher_rests(g, b))
		return false;
	/* Once a probe of the backlog is out it is the detector: a fresh one beside it finds out no more. */
	if (!b->backlog && g->load.backlog_waits && g->circuit.state == CIRCUIT_HALF_OPEN &&
	        (g->out_now > 0 || !circuit_lets_fresh_probe(&g->circuit, now)))
		return false;
	return b->backlog ? pace_lets_backlog(&g->load, g->ramp) : pace_lets_fresh(&g->load);
}

enum sink_answer dispatcher_offer(struct dispatcher *g, struct batch *b)
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

const char *dispatcher_refusal(const struct dispatcher *g)
{
	return g->sink->refusal;
}

enum sink_outcome dispatcher_refused_as(const struct dispatcher *g)
{
	return g->sink->refused_as;
}

static void grow_ramp(struct dispatcher *g, const struct batch *b)
{
	uint64_t grown;

	if (!b->backlog)
		return;
	g->ramp_delivered += b->cost;
	grown = pace_ramp(g->ramp, g->ramp_delivered, g->load.backlog_most);
	if (grown != g->ramp)
		g->ramp_delivered = 0;
	g->ramp = grown;
}

/* B was refused although it was sent alone: so many of its refusals are confirmed. A batch that was given back
 * for another reason was not refused, and nothing that passes later says anything of it. */
static void note_evidence(struct dispatcher *g, struct batch *b, uint64_t now)
{
	b->confirmed += b->refused_alone_us != 0 && evidence_confirms(&g->evidence, b->refused_by, b->refused_alone_us);
	b->refused_by = b->partition;
	b->refused_alone_us = now;
}

/* B was given back: it rests. */
static void note_given_back(struct dispatcher *g, struct batch *b, const char *detail, uint64_t now)
{
	b->refusals++;
	b->refused_us = now;
	b->retry_us = now + evidence_rest_us(b->refusals);
	if (detail[0] != '\0')
		snprintf(g->words, sizeof(g->words), "%s", detail);
}

/* What the sink's report comes to: a batch is bad by evidence only, else it was simply not sent. */
static enum sink_outcome judge(struct dispatcher *g, struct batch *b, enum sink_outcome outcome, const char *detail,
        bool suspect, uint64_t now)
{
	bool takes = g->circuit.state == CIRCUIT_CLOSED;

	if (outcome == SINK_DELIVERED)
		evidence_passed(&g->evidence, b->partition, b->offered_us);
	if (outcome == SINK_DELIVERED || (sink_refused(outcome) && !suspect))
		return outcome;
	/* What comes back from an earlier period was mostly purged, and says nothing. */
	if (suspect || b->period == g->period)
		note_given_back(g, b, detail, now);
	if (suspect)
		note_evidence(g, b, now);
	if (suspect && !evidence_condemns(takes, true, b->confirmed))
		return SINK_NOT_SENT;
	return outcome;
}

static enum circuit_news news_of(enum sink_outcome outcome)
{
	if (outcome == SINK_DELIVERED)
		return CIRCUIT_PASSED;
	return sink_refused(outcome) ? CIRCUIT_ANSWERED : CIRCUIT_REFUSED;
}

static void take_off(struct dispatcher *g, struct batch *b)
{
	list_remove(&b->out);
	g->out_now -= b->period == g->period;
	b->with_sink = false;
	*(b->backlog ? &g->load.backlog : &g->load.fresh) -= b->cost;
}

static void count(struct dispatcher *g, const struct batch *b, enum sink_outcome outcome, uint64_t now)
{
	if (outcome != SINK_DELIVERED) {
		g->stats.given_back += !sink_refused(outcome);
		g->stats.poison += sink_refused(outcome);
		return;
	}
	g->stats.delivered++;
	histogram_add(&g->stats.ack, now - b->offered_us);
	if (!b->backlog)
		histogram_add(&g->stats.fresh, now - b->read_us);
	grow_ramp(g, b);
}

static void on_done(void *arg, struct batch *b, enum sink_outcome outcome, const char *detail)
{
	struct dispatcher *g = arg;
	uint64_t now = clock_mono_us();
	bool suspect = g->sink->by_evidence && sink_refused(outcome);
	/* What comes back from an earlier period says nothing against this one. */
	bool counts = b->period == g->period || suspect;
	enum circuit_news news;

	take_off(g, b);
	outcome = judge(g, b, outcome, detail, suspect, now);
	news = news_of(outcome);
	count(g, b, outcome, now);
	g->events.report(g->events.arg, b, outcome, detail);
	if ((counts || news != CIRCUIT_REFUSED) && circuit_report(&g->circuit, now, news))
		entered(g);
}

static void on_room(void *arg)
{
	struct dispatcher *g = arg;

	g->events.room(g->events.arg);
}

static void on_sent_again(void *arg, uint32_t spans, bool first)
{
	struct dispatcher *g = arg;

	g->events.sent_again(g->events.arg, spans, first);
}

static void on_answered(void *arg)
{
	struct dispatcher *g = arg;

	circuit_answers(&g->circuit, clock_mono_us());
}

void dispatcher_backlog(struct dispatcher *g, bool waits)
{
	g->load.backlog_waits = waits;
}

static uint64_t oldest_of(const struct list *out)
{
	return list_empty(out) ? 0 : list_first(out, struct batch, out)->offered_us;
}

/* Open before the purge, or the first that comes back would open it amid the others. */
static void take_back(struct dispatcher *g, uint64_t now, bool wire)
{
	if (circuit_gives_up(&g->circuit, now))
		entered(g);
	g->sink->ops->purge(g->sink, wire);
}

static bool has_no_room(const struct dispatcher *g)
{
	return !pace_lets_fresh(&g->load) || (g->load.backlog_waits && !pace_lets_backlog(&g->load, g->ramp));
}

static uint64_t oldest_out(const struct dispatcher *g)
{
	uint64_t earlier = oldest_of(&g->earlier);

	return earlier != 0 ? earlier : oldest_of(&g->current);
}

void dispatcher_tick(struct dispatcher *g)
{
	uint64_t now = clock_mono_us();

	if (circuit_tick(&g->circuit, now, oldest_of(&g->current)))
		entered(g);
	if (g->circuit.state != CIRCUIT_CLOSED && now - g->posted_us >= POST_EVERY_US)
		post_waiting(g, now); /* the sink may have learned why */
	if (circuit_recalls(&g->circuit, now, oldest_of(&g->earlier)))
		take_back(g, now, true);
	if (circuit_reclaims(&g->circuit, now, oldest_out(g), has_no_room(g))) {
		next_period(g);
		g->sink->ops->purge(g->sink, true);
	}
}

void dispatcher_recall(struct dispatcher *g)
{
	if (g->circuit.state != CIRCUIT_CLOSED)
		take_back(g, clock_mono_us(), false);
}

enum circuit_state dispatcher_state(const struct dispatcher *g)
{
	return g->circuit.state;
}

bool dispatcher_lets_any_probe(const struct dispatcher *g)
{
	return circuit_lets_any_probe(&g->circuit, clock_mono_us());
}

bool dispatcher_refuses_all(const struct dispatcher *g)
{
	return g->circuit.state != CIRCUIT_CLOSED && g->circuit.cause == CIRCUIT_REFUSES;
}

uint64_t dispatcher_backlog_bytes(const struct dispatcher *g)
{
	return g->load.backlog;
}

const struct dispatcher_stats *dispatcher_stats(struct dispatcher *g)
{
	g->stats.opened = g->circuit.opened;
	g->stats.out_bytes = g->load.fresh + g->load.backlog;
	g->stats.out_batches = g->stats.offered - g->stats.delivered - g->stats.given_back - g->stats.poison;
	g->stats.ramp_bytes = g->ramp;
	for (size_t i = 0; i < ARRAY_LEN(g->stats.state); i++)
		g->stats.state[i] = g->circuit.state == i;
	return &g->stats;
}

void dispatcher_flush(struct dispatcher *g, uint64_t budget_ms, void (*flushed)(void *arg), void *arg)
{
	g->stopping = true;
	g->sink->ops->flush(g->sink, g->circuit.state == CIRCUIT_CLOSED ? budget_ms : 0, flushed, arg);
}

void dispatcher_free(struct dispatcher *g)
{
	free(g);
}
