/* SPDX-License-Identifier: Apache-2.0 */
/* test_slow_names.c — a name server that never answers does not keep agent or drain from ending. */
#include <signal.h>
#include <stdlib.h>

#include "agent_process.h"
#include "tap.h"

enum { SPANS = 200, END_MS = 30000 };

/* The program with slow_names.c in it. */
static const char *slow_program(void)
{
	static char path[512];
	const char *dir = getenv("builddir");

	snprintf(path, sizeof(path), "%s/tests/flow/slow_names_agent", dir == NULL ? "." : dir);
	return path;
}

static void the_agent_ends(const char *brokers, const char *url)
{
	struct agent_process s;

	agent_process_open(&s, AGENT_PROCESS_OUTSIDE);
	s.program = slow_program();
	s.brokers = brokers;
	ok(agent_process_start(&s, url, "--shutdown.timeout=1s", NULL), "the agent serves%s%s",
	        brokers[0] ? " before " : "", brokers);
	agent_process_send(&s, SPANS, 0);
	ok(agent_process_holds(&s, LEDGER_IN_SPOOL, SPANS), "spans wait in the spool");
	is_int(agent_process_stop(&s), 0, "SIGTERM: exit status 0, though the name is still being looked up");
	ok(child_has_printed(s.agent, "agent: stopped"), "the last line was written");
	s.brokers = "127.0.0.1:1";
	ok(agent_process_start(&s, NULL), "it starts again");
	agent_process_ledger(&s);
	ok(s.ledger.unclean_stops == 0 && s.ledger.place[LEDGER_IN_SPOOL].spans == SPANS,
	        "the stop was clean, and every span is in the spool");
	agent_process_end(&s);
}

static bool has_begun(void *arg)
{
	struct agent_process *s = arg;

	return agent_process_get(s, "/health/live") == 200;
}

static void the_drain_ends(void)
{
	struct agent_process s;
	char admin[64], log[300];
	const char *argv[] = { "spanspool", "drain", "--kafka.consumer.brokers=kafka.invalid:9092",
		"--collector.url=http://collector.invalid:14268", "--shutdown.timeout=1s", admin, NULL };
	struct child_opts o = { .program = slow_program(), .argv = argv, .log = log, .bare = true };
	struct why why;

	agent_process_open(&s, AGENT_PROCESS_OUTSIDE);
	snprintf(admin, sizeof(admin), "--admin.http.host-port=127.0.0.1:%u", s.admin);
	snprintf(log, sizeof(log), "%s", agent_process_log(&s));
	is_int(child_start(&s.agent, &o, &why), 0, "the drain is started");
	ok(agent_process_until(&s, has_begun, &s), "and lives");
	child_signal(s.agent, SIGTERM);
	is_int(child_wait(s.agent, END_MS), 0, "SIGTERM ends it");
	is_int(child_status(s.agent), 0, "with exit status 0");
	ok(child_has_printed(s.agent, "drain: stopped"), "the last line was written");
	agent_process_end(&s);
}

int main(void)
{
	the_agent_ends("kafka.invalid:9092", "--kafka.producer.topic=t");
	the_agent_ends("", "--collector.url=http://collector.invalid:14268");
	the_drain_ends();
	return tap_done();
}
