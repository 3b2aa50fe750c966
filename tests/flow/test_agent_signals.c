/* SPDX-License-Identifier: Apache-2.0 */
/* test_agent_signals.c — every signal whose default would end the agent: what it does instead. */
#include <signal.h>
#include <sys/resource.h>

#include "agent_process.h"
#include "tap.h"

enum { SPANS = 500, END_MS = 20000 };

static struct agent_process s;

static bool has_said(void *arg)
{
	return child_has_printed(s.agent, arg);
}

static bool said(const char *text)
{
	return agent_process_until(&s, has_said, (void *)(uintptr_t)text);
}

static void signals_that_mean_nothing_do_not_end_it(void)
{
	static const int signums[] = { SIGPIPE, SIGXFSZ, SIGALRM, SIGVTALRM, SIGPROF, SIGIO,
#ifdef SIGSTKFLT
		SIGSTKFLT,
#endif
		SIGHUP, SIGUSR1, SIGUSR2 };

	agent_process_open(&s, AGENT_PROCESS_DIRECT);
	ok(agent_process_start(&s, NULL), "it serves");
	for (size_t i = 0; i < ARRAY_LEN(signums); i++) {
		child_signal(s.agent, signums[i]);
		ok(agent_process_get(&s, "/") == 200, "it serves after %s", strsignal(signums[i]));
	}
	for (int signum = SIGRTMIN; signum <= SIGRTMAX; signum++)
		child_signal(s.agent, signum);
	is_int(agent_process_get(&s, "/"), 200, "and after all real-time signals");
	ok(said("agent: reload: the options were read again, none has changed"), "SIGHUP reads the options again");
	ok(said("SIGUSR1 is ignored") && said("SIGUSR2 is ignored"), "so are the other two");
	is_int(agent_process_stop(&s), 0, "SIGTERM: exit status 0");
	agent_process_end(&s);
}

static void start_with_spans_in_flight(const char *timeout)
{
	agent_process_open(&s, AGENT_PROCESS_DIRECT);
	stub_collector_hang(s.rig.stub, true);
	ok(agent_process_start(&s, timeout, NULL), "it serves");
	agent_process_send(&s, SPANS, 0);
	ok(agent_process_accepted(&s, SPANS), "and has spans that the collector does not take");
}

static void the_next_run_delivers_them(void)
{
	ok(agent_process_start(&s, NULL), "it starts again");
	agent_process_ledger(&s);
	ok(s.ledger.unclean_stops == 0 && s.ledger.place[LEDGER_UNCERTAIN].spans == 0, "the stop was clean");
	stub_collector_hang(s.rig.stub, false);
	ok(agent_process_all_stored(&s), "and every span arrives");
	agent_process_end(&s);
}

static void sighup_ends_neither_the_run_nor_the_stop(void)
{
	start_with_spans_in_flight("--shutdown.timeout=10m");
	child_signal(s.agent, SIGHUP);
	ok(said("agent: reload: the options were read again"), "SIGHUP is told");
	is_int(agent_process_get(&s, "/"), 200, "and it serves on");
	ok(agent_process_holds(&s, LEDGER_IN_SPOOL, SPANS), "with every span");
	child_signal(s.agent, SIGTERM);
	ok(said("agent: stopping (SIGTERM)"), "SIGTERM stops it");
	child_signal(s.agent, SIGHUP);
	child_signal(s.agent, SIGTERM); /* of two signals that wait, SIGHUP has the lower number and comes first */
	ok(said("SIGTERM again, the stop is under way"), "it handles SIGHUP and a second SIGTERM");
	ok(child_running(s.agent), "and neither ends the wait");
	child_signal(s.agent, SIGINT);
	is_int(child_wait(s.agent, END_MS), 0, "SIGINT does");
	is_int(child_status(s.agent), 0, "with exit status 0");
	the_next_run_delivers_them();
}

static void is_stopped_by(int signum, const char *name)
{
	char line[64];

	start_with_spans_in_flight("--shutdown.timeout=100ms");
	child_signal(s.agent, signum);
	snprintf(line, sizeof(line), "agent: stopping (%s)", name);
	ok(said(line), "%s stops it", name);
	is_int(agent_process_stop(&s), 0, "exit status 0, whatever comes while it stops");
	the_next_run_delivers_them();
}

static void a_second_sigterm_changes_nothing_and_a_second_sigint_ends_the_wait(void)
{
	start_with_spans_in_flight("--shutdown.timeout=10m");
	child_signal(s.agent, SIGTERM);
	ok(said("agent: stopping (SIGTERM)"), "SIGTERM stops it");
	child_signal(s.agent, SIGTERM);
	ok(said("SIGTERM again, the stop is under way"), "a second one is told");
	ok(child_running(s.agent), "and does not end the wait");
	child_signal(s.agent, SIGINT);
	ok(said("SIGINT again, the stop waits for nothing more"), "SIGINT does");
	is_int(child_wait(s.agent, END_MS), 0, "it ends");
	is_int(child_status(s.agent), 0, "with exit status 0");
	the_next_run_delivers_them();
}

static void set_file_limit(rlim_t bytes)
{
	struct rlimit limit = { bytes, RLIM_INFINITY };

	if (prlimit(child_pid(s.agent), RLIMIT_FSIZE, &limit, NULL) < 0)
		diag("prlimit: %m");
}

static bool disk_is_told(void *arg)
{
	(void)arg;
	return agent_process_get(&s, "/health/ready") == 503 || child_has_printed(s.agent, "spool: cannot put");
}

static void a_limit_of_the_file_size_is_a_disk_fault(void)
{
	agent_process_open(&s, AGENT_PROCESS_DIRECT);
	stub_collector_hang(s.rig.stub, true);
	ok(agent_process_start(&s, NULL), "it serves");
	set_file_limit(4096);
	agent_process_send(&s, SPANS, 0);
	ok(agent_process_accepted(&s, SPANS), "spans come while no file may be written");
	ok(agent_process_until(&s, disk_is_told, NULL), "it tells of the disk, and lives");
	set_file_limit(RLIM_INFINITY);
	ok(agent_process_holds(&s, LEDGER_IN_SPOOL, SPANS), "when the limit is lifted all are stored");
	is_int(agent_process_ledger(&s)->place[LEDGER_DISK_ERROR].spans, 0, "and none was lost");
	stub_collector_hang(s.rig.stub, false);
	ok(agent_process_all_stored(&s), "and every span arrives");
	agent_process_end(&s);
}

int main(void)
{
	signals_that_mean_nothing_do_not_end_it();
	sighup_ends_neither_the_run_nor_the_stop();
	is_stopped_by(SIGTERM, "SIGTERM");
	is_stopped_by(SIGINT, "SIGINT");
	is_stopped_by(SIGPWR, "SIGPWR");
	is_stopped_by(SIGXCPU, "SIGXCPU");
	a_second_sigterm_changes_nothing_and_a_second_sigint_ends_the_wait();
	a_limit_of_the_file_size_is_a_disk_fault();
	return tap_done();
}
