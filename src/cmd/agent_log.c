/* SPDX-License-Identifier: Apache-2.0 */
/* agent_log.c — logs the agent's configuration at the start, losses, a delivered backlog, and totals at the stop.
 *
 * Losses are not logged where they happen. Once a second report_losses compares the counters of the ledger with
 * the counts that were logged, so every cause gets a line and a flood of losses does not flood the log. */
#include <inttypes.h>
#include <stdio.h>

#include "agent.h"
#include "base/clock.h"
#include "base/units.h"

enum { SIZE_TEXT = 32, AGE_TEXT = 32, FREE_TEXT = 640, TOTALS_TEXT = 512 };

struct loss {
	uint64_t (*total)(const struct ledger *l, int which);
	int which; /* an enum ledger place, or the outcome of a datagram */
	void (*report)(struct agent *a, int which, uint64_t n);
};

static uint64_t spans_at(const struct ledger *l, int place)
{
	return l->place[place].spans;
}

static uint64_t datagrams_of(const struct ledger *l, int outcome)
{
	return l->outcome[outcome];
}

static uint64_t unconfirmed(const struct ledger *l, int which)
{
	(void)which;
	return l->unconfirmed.spans;
}

static uint64_t dropped_by_kernel(const struct ledger *l, int which)
{
	(void)which;
	return l->kernel_dropped;
}

static void report_full(struct agent *a, int place, uint64_t n)
{
	const struct agent_settings *set = &a->set;
	struct spool_opts o = { .directory = set->directory, .max_bytes = set->max_bytes, .min_free = set->min_free };
	struct pipeline_stats s;
	char free_text[FREE_TEXT];

	pipeline_stats(a->pipeline, &s);
	log_warn("spool: %" PRIu64 " spans dropped (%s, spool.on-full=%s): %s", n, ledger_place_names[place],
	        set->on_full == SPOOL_DROP_OLDEST ? "drop-oldest" : "drop-newest",
	        spool_room_text(&o, &s.spooler.spool, free_text, sizeof(free_text)));
}

static void report_old(struct agent *a, int place, uint64_t n)
{
	char age[AGE_TEXT];

	log_warn("spool: %" PRIu64 " spans dropped (%s): they waited longer than spool.max-age %s", n,
	        ledger_place_names[place], units_print_duration(a->set.max_age_us, age, sizeof(age)));
}

static void report_disk(struct agent *a, int place, uint64_t n)
{
	log_error("spool: %" PRIu64 " spans dropped (%s): %s could not be written, and "
	          "flight.max-bytes were in memory already",
	        n, ledger_place_names[place], a->set.directory);
}

static void report_refused(struct agent *a, int place, uint64_t n)
{
	log_warn("agent: %" PRIu64 " spans dropped (%s, spool.on-refused=drop): the %s never takes "
	         "them",
	        n, ledger_place_names[place], a->to_kafka ? "broker" : "collector");
}

static void report_quarantined(struct agent *a, int place, uint64_t n)
{
	log_warn("spool: %" PRIu64 " spans %s: they cannot be read or are refused for good; "
	         "spanspool spool quarantine ls --spool.directory=%s lists what is kept",
	        n, ledger_place_names[place], a->set.directory);
}

static void report_unconfirmed(struct agent *a, int which, uint64_t n)
{
	(void)which;
	log_warn("collector: %" PRIu64 " spans given up as unconfirmed: the collector answered 2xx "
	         "and lost spans of each try, so nobody knows whether it stored these; they are %s",
	        n, a->set.on_refused == SPOOL_QUARANTINE ? "in quarantine" : "dropped (refused)");
}

static void report_datagrams(struct agent *a, int outcome, uint64_t n)
{
	const struct intake_stats *s = intake_stats(a->intake);

	log_warn("intake: %" PRIu64 " datagrams were refused (%s): the last one had %zu bytes and "
	         "came to the %s port",
	        n, ledger_outcome_names[outcome], s->last[outcome].len, intake_port_names[s->last[outcome].port]);
}

static void report_overrun(struct agent *a, int which, uint64_t n)
{
	const struct intake_stats *s = intake_stats(a->intake);
	char size[SIZE_TEXT];

	(void)which;
	log_warn("intake: the kernel dropped %" PRIu64 " datagrams: the socket buffer of the %s "
	         "port was full, it takes %s; raise net.core.rmem_max with sysctl and restart",
	        n, intake_port_names[s->overrun], units_print_size(s->overrun_capacity, size, sizeof(size)));
}

static const struct loss losses[] = {
	{ spans_at, LEDGER_SPOOL_FULL, report_full },
	{ spans_at, LEDGER_MAX_AGE, report_old },
	{ spans_at, LEDGER_DISK_ERROR, report_disk },
	{ spans_at, LEDGER_TOO_LARGE, report_refused },
	{ spans_at, LEDGER_REFUSED, report_refused },
	{ spans_at, LEDGER_QUARANTINED, report_quarantined },
	{ unconfirmed, 0, report_unconfirmed },
	{ datagrams_of, LEDGER_MALFORMED, report_datagrams },
	{ datagrams_of, LEDGER_OVERSIZE, report_datagrams },
	{ datagrams_of, LEDGER_UNKNOWN_METHOD, report_datagrams },
	{ datagrams_of, LEDGER_QUEUE_FULL, report_datagrams },
	{ dropped_by_kernel, 0, report_overrun },
};
_Static_assert(ARRAY_LEN(losses) == AGENT_LOSSES, "one counter a row");
/* A new cause needs a row. LEDGER_UNCERTAIN has none because the start reports it; the other places are no loss. */
_Static_assert(LEDGER_CAUSES_N + LEDGER_OUTCOMES_N + 2 == AGENT_LOSSES, "every loss has a row");

static uint64_t whole_seconds(uint64_t us)
{
	return us / US_PER_S * US_PER_S;
}

void agent_log_begin(struct agent *a)
{
	const struct ledger *l = pipeline_ledger(a->pipeline);

	a->at_start = *l;
	a->started_us = clock_mono_us();
	for (size_t i = 0; i < ARRAY_LEN(losses); i++)
		a->losses[i].reported = losses[i].total(l, losses[i].which);
}

static void report_losses(struct agent *a, bool last)
{
	uint64_t now = clock_mono_us();

	for (size_t i = 0; i < ARRAY_LEN(losses); i++) {
		const struct loss *s = &losses[i];
		uint64_t total = s->total(pipeline_ledger(a->pipeline), s->which);
		uint64_t n = log_count_due(&a->losses[i], total, now, last);

		if (n > 0)
			s->report(a, s->which, n);
	}
}

static void report_catchup(struct agent *a)
{
	uint64_t waiting = pipeline_ledger(a->pipeline)->place[LEDGER_IN_SPOOL].spans, spans, took_us;
	struct pipeline_stats s;
	char took[AGE_TEXT];

	pipeline_stats(a->pipeline, &s);
	if (catchup_observe(&a->catchup, clock_mono_us(), s.dispatcher.state[CIRCUIT_CLOSED] == 0, waiting,
	            s.backlog.delivered_spans, &spans, &took_us))
		log_info("spool: the backlog is delivered, %" PRIu64 " spans in %s", spans,
		        units_print_duration(took_us, took, sizeof(took)));
}

void agent_log_tick(struct agent *a)
{
	report_losses(a, false);
	report_catchup(a);
}

static void log_spool(const struct agent *a)
{
	uint64_t spans = pipeline_ledger(a->pipeline)->place[LEDGER_IN_SPOOL].spans;
	struct pipeline_stats s;
	char size[SIZE_TEXT], max[SIZE_TEXT], age[AGE_TEXT];

	pipeline_stats(a->pipeline, &s);
	units_print_size(s.spooler.spool.bytes, size, sizeof(size));
	units_print_size(a->set.max_bytes, max, sizeof(max));
	units_print_duration(whole_seconds(s.spool_oldest_age_us), age, sizeof(age));
	if (spans == 0)
		log_info("spool: %s, spool.max-bytes %s: no span waits", a->set.directory, max);
	else
		log_info("spool: %s, spool.max-bytes %s: %" PRIu64 " spans wait in %s, the oldest for %s",
		        a->set.directory, max, spans, size, age);
}

void agent_log_start(struct agent *a)
{
	char address[HOSTPORT_TEXT];

	log_spool(a);
	if (a->admin != NULL)
		log_info("agent: admin pages at %s", admin_address(a->admin, address));
	if (a->sampling != NULL)
		log_info("agent: sampling strategies at %s", a->set.sampling.at);
	if (a->to_kafka)
		jaeger_kafka_log("kafka.producer", &a->set.jaeger, &a->properties);
	report_catchup(a); /* spans that wait now are a backlog */
}

/* Prints the spans dropped since the start by cause: "3 spool_full, 7 max_age", or "0". */
static void print_dropped(const struct agent *a, char *to, size_t cap)
{
	const struct ledger *l = pipeline_ledger(a->pipeline);
	size_t n = (size_t)snprintf(to, cap, "0");
	bool first = true;

	for (int p = LEDGER_DROPPED_FIRST; p < LEDGER_PLACES_N; p++) {
		uint64_t spans = l->place[p].spans - a->at_start.place[p].spans;

		if (spans == 0 || n >= cap)
			continue;
		n = first ? 0 : n;
		n += (size_t)snprintf(
		        to + n, cap - n, "%s%" PRIu64 " %s", first ? "" : ", ", spans, ledger_place_names[p]);
		first = false;
	}
}

void agent_log_stop(struct agent *a)
{
	const struct ledger *l = pipeline_ledger(a->pipeline), *start = &a->at_start;
	char up[AGE_TEXT], dropped[TOTALS_TEXT];

	report_losses(a, true);
	print_dropped(a, dropped, sizeof(dropped));
	log_info("agent: stopped after %s: %" PRIu64 " spans accepted, %" PRIu64 " delivered, dropped: %s",
	        units_print_duration(whole_seconds(clock_mono_us() - a->started_us), up, sizeof(up)),
	        l->accepted.spans - start->accepted.spans,
	        l->place[LEDGER_DELIVERED].spans - start->place[LEDGER_DELIVERED].spans, dropped);
	log_info("agent: left behind in %s: %" PRIu64 " spans in the spool, %" PRIu64 " spans in quarantine",
	        a->set.directory, l->place[LEDGER_IN_SPOOL].spans, l->place[LEDGER_QUARANTINED].spans);
}
