/* SPDX-License-Identifier: Apache-2.0 */
/* test_agent_lines.c — what an operator reads in the agent's log: with what it starts, what it drops
 * and why, a backlog that was delivered, and what a stop leaves behind. */
#include <signal.h>
#include <stdlib.h>

#include "agent_process.h"
#include "tap.h"

enum { PIECE = 5000, PIECES = 200, RATE = 20000 };

static struct agent_process s;

/* Lines of the log with WHAT in them; *SUM of the numbers before it. */
static unsigned lines_with(const char *what, uint64_t *sum)
{
	FILE *f = fopen(agent_process_log(&s), "r");
	char line[2048];
	unsigned n = 0;

	*sum = 0;
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		char *at = strstr(line, what);

		if (at == NULL)
			continue;
		n++;
		while (at > line && at[-1] >= '0' && at[-1] <= '9')
			at--;
		*sum += strtoull(at, NULL, 10);
	}
	if (f != NULL)
		fclose(f);
	return n;
}

static uint64_t sum_of(const char *what)
{
	uint64_t sum;

	return lines_with(what, &sum) > 0 ? sum : 0;
}

static bool has_said(void *arg)
{
	return child_has_printed(s.agent, arg);
}

static bool said(const char *format, ...) PRINTF(1, 2);
static bool said(const char *format, ...)
{
	static char text[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	return agent_process_until(&s, has_said, text);
}

static bool fills_until_dropped(void)
{
	for (unsigned i = 0; i < PIECES; i++) {
		agent_process_send(&s, PIECE, RATE);
		if (agent_process_ledger(&s)->place[LEDGER_SPOOL_FULL].spans > 0)
			return true;
	}
	return false;
}

static void a_start_says_what_it_begins_with(void)
{
	ok(agent_process_start(
	           &s, "--spool.max-bytes=10MiB", "--spool.segment-bytes=4MiB", "--flight.max-bytes=2MiB", NULL),
	        "it serves");
	ok(said("agent: spanspool 0.") && said(", process %d", (int)child_pid(s.agent)),
	        "the first line names version and process");
	ok(said("spool: %s/spool, spool.max-bytes 10 MiB: no span waits", s.rig.directory),
	        "another the spool, which is empty");
	ok(said("agent: admin pages at 127.0.0.1:%u", s.admin), "another the admin pages");
	ok(said("agent: sending to topic " AGENT_PROCESS_TOPIC " at %s", s.brokers), "another Kafka");
}

static void spans_that_are_dropped_are_told_at_once(void)
{
	kafka_mock_down(s.rig.kafka);
	ok(fills_until_dropped(), "with Kafka away the spool fills, in the end spans are dropped");
	ok(said("spans dropped (spool_full, spool.on-full=drop-newest): %s/spool holds", s.rig.directory),
	        "a line says so, with policy and directory");
	ok(said(" of spool.max-bytes 10 MiB and "), "and the limit");
	ok(said("no room: %s/spool holds", s.rig.directory), "so does the spool's health");
}

static void every_drop_is_told_by_the_stop(void)
{
	uint64_t dropped, waits, sum;
	unsigned lines;

	agent_process_ledger(&s);
	dropped = s.ledger.place[LEDGER_SPOOL_FULL].spans;
	waits = s.ledger.place[LEDGER_IN_SPOOL].spans + s.ledger.place[LEDGER_IN_FLIGHT].spans;
	is_int(agent_process_stop(&s), 0, "SIGTERM: exit status 0");
	lines = lines_with(" spans dropped (spool_full", &sum);
	ok(lines > 0, "%u lines told of drops", lines);
	ok(sum >= dropped, "of all %" PRIu64 " spans: %" PRIu64, dropped, sum);
	is_int(sum_of(" spool_full\n"), sum, "the last line of totals says the same");
	is_int(sum_of(" spans accepted"), s.ledger.accepted.spans, "and what was accepted");
	is_int(sum_of(" spans in the spool") + sum, waits + dropped, "and what is left behind");
}

static void a_backlog_that_is_delivered_is_told(void)
{
	uint64_t waits = sum_of(" spans in the spool");

	kafka_mock_up(s.rig.kafka);
	unlink(agent_process_log(&s));
	ok(agent_process_start(&s, NULL), "it starts again, with Kafka");
	is_int(sum_of(" spans wait in "), waits, "it says what waits");
	ok(!child_has_printed(s.agent, "spans wait in 0 B") && !child_has_printed(s.agent, "the oldest for 0us"),
	        "with its bytes and its age");
	ok(agent_process_is_empty(&s), "all that waits is delivered");
	ok(said("spool: the backlog is delivered, %" PRIu64 " spans in ", waits),
	        "and a line says so, with the number of spans");
	is_int(agent_process_ledger(&s)->place[LEDGER_SPOOL_FULL].spans > 0, 1, "what was dropped before");
	is_int(sum_of(" spans dropped"), 0, "is not told again");
}

static void datagrams_that_are_refused_are_told(void)
{
	static const char junk[] = "this is no datagram of Jaeger's";

	for (unsigned i = 0; i < 7; i++)
		agent_process_send_raw(&s, s.binary, junk, sizeof(junk));
	ok(said("datagrams were refused (malformed): the last one had %zu bytes and came to the "
	        "jaeger-binary port",
	           sizeof(junk)),
	        "datagrams that are malformed are told");
	is_int(agent_process_stop(&s), 0, "SIGTERM: exit status 0");
	is_int(sum_of(" datagrams were refused (malformed)"), 7, "every one of them");
	ok(child_has_printed(s.agent, "dropped: 0"), "a stop says that nothing was dropped");
}

int main(void)
{
	agent_process_open(&s, AGENT_PROCESS_KAFKA);
	a_start_says_what_it_begins_with();
	spans_that_are_dropped_are_told_at_once();
	every_drop_is_told_by_the_stop();
	a_backlog_that_is_delivered_is_told();
	datagrams_that_are_refused_are_told();
	agent_process_end(&s);
	return tap_done();
}
