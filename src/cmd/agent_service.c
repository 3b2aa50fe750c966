/* SPDX-License-Identifier: Apache-2.0 */
/* agent_service.c — the agent's status line for the service manager, and its own check for the watchdog.
 *
 * The loop is well as long as it runs the check. The worker of the spool may be held for ever by a fault of the program,
 * which a restart cures, or by a disk that does not answer, which it does not: killing the agent then would lose the
 * spans in its memory, while it still delivers what it receives. Only the first stops the watchdog. */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent.h"
#include "base/clock.h"

enum { STAT_TEXT = 128, PATH_TEXT = 300 };

void agent_service_status(void *arg, char *to, size_t cap)
{
	struct agent *a = arg;
	uint64_t waiting = pipeline_ledger(a->pipeline)->place[LEDGER_IN_SPOOL].spans;
	struct buf names = { 0 };

	if (a->to_kafka)
		buf_printf(&names, "topic %s at %s", a->set.topic, a->set.brokers);
	else
		collector_names(&a->set.collector, &names);
	snprintf(to, cap, "%s: %" PRIu64 " spans in %s; to %s", a->daemon.stopping ? "stopping" : "serving", waiting,
	        a->set.directory, buf_cstr(&names));
	health_add_worst(&a->health, to, cap);
	buf_free(&names);
}

/* The state in "12 (name) D 1 …" of the file stat of a thread; 0: it cannot be read. The name may have ')' too. */
static char thread_state(const char *thread)
{
	char path[PATH_TEXT], text[STAT_TEXT] = "";
	const char *end;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%s/stat", thread);
	f = fopen(path, "re");
	if (f == NULL)
		return 0;
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	end = strrchr(text, ')');
	return end != NULL && end[1] == ' ' ? end[2] : 0;
}

/* True when a thread of this process is in an uninterruptible wait of the kernel, or when that cannot be known. */
static bool is_in_disk_wait(void)
{
	DIR *tasks = opendir("/proc/self/task");
	const struct dirent *e;
	bool waits = tasks == NULL;

	while (!waits && (e = readdir(tasks)) != NULL)
		waits = thread_state(e->d_name) == 'D';
	if (tasks != NULL)
		closedir(tasks);
	return waits;
}

bool agent_is_alive(void *arg, uint64_t limit_us)
{
	struct agent *a = arg;
	struct pipeline_stats s;
	bool stalled;

	pipeline_stats(a->pipeline, &s);
	stalled = stall_observe(
	        &a->stall, clock_mono_us(), s.cycle_began_us, s.cycle_began_us != 0 && is_in_disk_wait(), limit_us);
	if (stalled && !a->stall_reported)
		log_error("spool: a commit cycle has neither ended nor waited for the disk for %" PRIu64
		          " s (WatchdogSec): the watchdog is told no more, so the service manager restarts the agent",
		        limit_us / US_PER_S);
	if (!stalled && a->stall_reported)
		log_info("spool: the commit cycle has ended: the watchdog is told again");
	a->stall_reported = stalled;
	return !stalled;
}
