/* SPDX-License-Identifier: Apache-2.0 */
/* test_descriptor_limit.c — an agent that has used up its file descriptors: operators read so, and it heals by
 * itself. */
#include <stdlib.h>
#include <sys/resource.h>

#include "looptest.h"
#include "agent_process.h"

enum { SPANS = 500, NONE = 3 }; /* as a limit NONE leaves the standard ones, which are open */

static struct agent_process s;

static struct rlimit limit_now(void)
{
	struct rlimit now = { 0, 0 };

	prlimit(child_pid(s.agent), RLIMIT_NOFILE, NULL, &now);
	return now;
}

static void set_limit(struct rlimit limit)
{
	if (prlimit(child_pid(s.agent), RLIMIT_NOFILE, &limit, NULL) < 0)
		diag("prlimit: %m");
}

static bool has_said(void *text)
{
	return child_has_printed(s.agent, text);
}

static bool is_ready(void *arg)
{
	(void)arg;
	return agent_process_get(&s, "/health/ready") == 200;
}

int main(void)
{
	struct rlimit was;
	struct raw probe;
	char sentence[100], not_asked[] = "was not asked";

	agent_process_open(&s, AGENT_PROCESS_DIRECT);
	ok(agent_process_start(&s, NULL), "an agent serves");
	was = limit_now();
	is_int(was.rlim_cur, was.rlim_max, "it has raised its limit to the most that it may have");
	set_limit((struct rlimit){ NONE, was.rlim_max });
	snprintf(sentence, sizeof(sentence), "no file descriptor is free (limit %d)", NONE);
	agent_process_send(&s, SPANS, 0);
	ok(agent_process_until(&s, has_said, sentence), "without a descriptor the log says so");
	ok(agent_process_until(&s, has_said, not_asked), "and does not blame the collector");
	raw_connect(&probe, s.loop, s.admin);
	raw_send(&probe, "GET /health/live HTTP/1.1\r\nHost: h\r\n\r\n");
	snprintf(sentence, sizeof(sentence), "a client of port %u waits", s.admin);
	ok(agent_process_until(&s, has_said, sentence),
	        "a client of the admin port for which there is none is told of too");
	set_limit(was);
	ok(raw_wait(&probe, "200 OK"), "with descriptors it is answered");
	raw_close(&probe);
	ok(agent_process_holds(&s, LEDGER_DELIVERED, SPANS), "all spans are delivered");
	ok(agent_process_until(&s, is_ready, NULL), "and the agent is ready");
	is_int(agent_process_stop(&s), 0, "it stops");
	agent_process_end(&s);
	return tap_done();
}
