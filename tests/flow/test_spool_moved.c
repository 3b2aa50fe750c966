/* SPDX-License-Identifier: Apache-2.0 */
/* test_spool_moved.c — a spool that is moved away, deleted or replaced under a running agent: the agent says at
 * once that the next start would not find what waits, delivers it all the same, and is well again when the
 * spool is back. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent_process.h"
#include "tap.h"
#include "tempdir.h"

enum { SPANS = 200, RATE = 5000 };

static struct agent_process s;
static char spool[TEMPDIR_PATH + 8], away[TEMPDIR_PATH + 8];

static bool is_down(void *arg)
{
	struct buf page = { 0 };
	bool down = agent_process_page(&s, "/health/ready", &page) == 503 &&
	            strstr(buf_cstr(&page), "/spool was moved, deleted or covered") != NULL;

	(void)arg;
	buf_free(&page);
	return down;
}

static bool is_well(void *arg)
{
	(void)arg;
	return agent_process_get(&s, "/health/ready") == 200;
}

static uint64_t sent;

static void send_some(void)
{
	agent_process_send(&s, SPANS, RATE);
	sent += SPANS;
	ok(agent_process_accepted(&s, sent), "%d spans are accepted", SPANS);
}

static void is_told_and_over(const char *what)
{
	send_some();
	ok(agent_process_until(&s, is_down, NULL), "%s: the agent is down, and says what happened", what);
}

static void is_well_again(void)
{
	ok(agent_process_until(&s, is_well, NULL), "when it is back, the agent is well again");
	ok(agent_process_holds(&s, LEDGER_IN_SPOOL, sent), "and all %d spans wait", (int)sent);
}

static void a_spool_that_is_moved_is_told(void)
{
	is_int(rename(spool, away), 0, "the directory is moved");
	is_told_and_over("no directory");
	is_int(mkdir(spool, 0700), 0, "another one is made in its place");
	send_some();
	ok(is_down(NULL), "that changes nothing");
	rmdir(spool);
	is_int(rename(away, spool), 0, "the first one is put back");
	is_well_again();
}

static void a_lock_that_is_deleted_is_told(void)
{
	char lock[sizeof(spool) + 8], other[sizeof(spool) + 8];

	snprintf(lock, sizeof(lock), "%s/lock", spool);
	snprintf(other, sizeof(other), "%s/x", spool);
	is_int(rename(lock, other), 0, "the lock has another name: a second agent could start");
	is_told_and_over("no lock");
	is_int(rename(other, lock), 0, "it is put back");
	is_well_again();
}

int main(void)
{
	agent_process_open(&s, AGENT_PROCESS_KAFKA);
	snprintf(spool, sizeof(spool), "%s/spool", s.rig.directory);
	snprintf(away, sizeof(away), "%s/away", s.rig.directory);
	kafka_mock_down(s.rig.kafka);
	ok(agent_process_start(&s, NULL), "it serves");
	send_some();
	ok(agent_process_holds(&s, LEDGER_IN_SPOOL, sent), "Kafka is away, they wait");
	a_spool_that_is_moved_is_told();
	a_lock_that_is_deleted_is_told();
	kafka_mock_up(s.rig.kafka);
	ok(agent_process_holds(&s, LEDGER_DELIVERED, sent), "Kafka is back: all %d are delivered", (int)sent);
	is_int(agent_process_stop(&s), 0, "SIGTERM: exit status 0");
	agent_process_end(&s);
	return tap_done();
}
