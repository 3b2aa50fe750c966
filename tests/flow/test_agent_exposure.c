/* SPDX-License-Identifier: Apache-2.0 */
/* test_agent_exposure.c — an agent that is stopped with a batch in memory says so on /health/ready when it runs again. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent_process.h"
#include "tap.h"

enum { TRIES = 20, EXPOSURE_MS = 1000 };

static bool says_cause(void *arg)
{
	struct buf page = { 0 };
	bool says;

	says = agent_process_page(arg, "/health/ready", &page) == 200 &&
	       strstr(buf_cstr(&page), "the agent did not run for ") != NULL;
	buf_free(&page);
	return says;
}

/* Stops the agent for longer than the exposure, with a batch in memory. False: the batch was stored before, because this
 * process did not run in time. */
static bool stop_with_a_batch(struct agent_process *s)
{
	agent_process_send(s, 10, 0);
	if (!agent_process_accepted(s, s->next - 1))
		return false;
	child_signal(s->agent, SIGSTOP);
	usleep(EXPOSURE_MS * 2 * 1000);
	child_signal(s->agent, SIGCONT);
	return agent_process_metric(s, "spanspool_flight_late_total") > 0;
}

static void a_stop_is_a_warning_when_it_is_over(void)
{
	struct agent_process s;
	bool stopped = false;

	agent_process_open(&s, AGENT_PROCESS_DIRECT);
	stub_collector_down(s.rig.stub);
	ok(agent_process_start(&s, "--spool.exposure=1s", NULL), "the agent serves, the collector is away");
	for (int i = 0; i < TRIES && !stopped; i++)
		stopped = stop_with_a_batch(&s);
	ok(stopped, "it was stopped with a batch in memory only");
	ok(agent_process_until(&s, says_cause, &s), "its health says that it did not run");
	agent_process_end(&s);
}

int main(void)
{
	a_stop_is_a_warning_when_it_is_over();
	return tap_done();
}
