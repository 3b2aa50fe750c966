/* SPDX-License-Identifier: Apache-2.0 */
/* test_child.c — processes are started, heard, killed and reaped, each by its own id. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "testkit/child.h"
#include "base/clock.h"
#include "testkit/ports.h"
#include "tap.h"
#include "testkit/workdir.h"

static struct child *start(const char *script, const char *log)
{
	const char *argv[] = { "sh", "-c", script, NULL };
	struct child_opts o = { .program = "/bin/sh", .argv = argv, .log = log };
	struct child *c;
	struct why why;

	if (child_start(&c, &o, &why) < 0) {
		printf("Bail out! %s\n", why.text);
		exit(1);
	}
	return c;
}

static void the_end_of_a_child_is_known(void)
{
	struct child *good = start("exit 0", NULL), *bad = start("exit 3", NULL);
	struct child *killed = start("exec sleep 60", NULL);

	is_int(child_wait(good, 10000), 0, "one ends");
	is_int(child_status(good), 0, "with 0");
	is_int(child_wait(bad, 10000), 0, "another ends");
	is_int(child_status(bad), 3, "with 3");
	is_int(child_status(killed), -1, "the third runs");
	is_int(child_wait(killed, 1), E_TIMEOUT, "and goes on running");
	child_signal(killed, SIGKILL);
	is_int(child_wait(killed, 10000), 0, "until it is killed");
	is_int(child_status(killed), 128 + SIGKILL, "which its status says");
	child_free(good);
	child_free(bad);
	child_free(killed);
}

static void what_it_prints_is_heard(void)
{
	struct why why;
	char *dir, log[256];
	struct child *c;

	if (workdir_make(&dir, "test_child", &why) < 0)
		abort();
	snprintf(log, sizeof(log), "%s/log", dir);
	c = start("echo first; echo second >&2", log);
	is_int(child_wait(c, 10000), 0, "it is over");
	ok(child_has_printed(c, "first") && child_has_printed(c, "second"), "both lines stand in its log");
	child_free(c);
	c = start("echo third", log);
	is_int(child_wait(c, 10000), 0, "the next one too");
	ok(child_has_printed(c, "third") && !child_has_printed(c, "first"), "of which only its own lines count");
	child_free(c);
	workdir_remove(dir);
	ok(access(dir, F_OK) < 0, "the directory is gone");
	free(dir);
}

static void a_program_that_is_not_there_ends_at_once(void)
{
	const char *argv[] = { "none", NULL };
	struct child_opts o = { .program = "/nonexistent/none", .argv = argv };
	struct child *c;
	struct why why;

	is_int(child_start(&c, &o, &why), 0, "the fork succeeds");
	is_int(child_wait(c, 10000), 0, "but it is over");
	is_int(child_status(c), 127, "with 127, as in a shell");
	child_free(c);
}

/* A process that is dead but not buried counts as gone: whoever inherits it may take its time. */
static bool is_gone(pid_t pid)
{
	char path[64], state = 'Z';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	if (f == NULL)
		return true;
	if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 'Z';
	fclose(f);
	return state == 'Z';
}

static bool is_gone_within(pid_t pid, uint64_t us)
{
	uint64_t until = clock_mono_us() + us;

	while (!is_gone(pid))
		if (clock_mono_us() > until)
			return false;
	return true;
}

static void a_child_dies_with_its_parent(void)
{
	pid_t middle, grandchild = 0;
	int pipe_fd[2];

	if (pipe(pipe_fd) < 0)
		abort();
	middle = fork();
	if (middle == 0) {
		struct child *c = start("exec sleep 60", NULL);

		grandchild = child_pid(c);
		_exit(write(pipe_fd[1], &grandchild, sizeof(grandchild)) == sizeof(grandchild) ? 0 : 1);
	}
	if (read(pipe_fd[0], &grandchild, sizeof(grandchild)) != sizeof(grandchild))
		abort();
	waitpid(middle, NULL, 0);
	ok(is_gone_within(grandchild, 10 * US_PER_S), "the child of a parent that ended is gone");
	close(pipe_fd[0]);
	close(pipe_fd[1]);
}

/* Starts a child while the process may open SPARE more descriptors, which must fail; sets WHY. */
static int start_with_few_descriptors(rlim_t spare, struct why *why)
{
	const char *argv[] = { "sh", "-c", "exit 0", NULL };
	struct child_opts o = { .program = "/bin/sh", .argv = argv };
	int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC), rc;
	struct rlimit before, few;
	struct child *c;

	if (lowest < 0 || getrlimit(RLIMIT_NOFILE, &before) < 0)
		abort();
	close(lowest);
	few = (struct rlimit){ (rlim_t)lowest + spare, before.rlim_max };
	if (setrlimit(RLIMIT_NOFILE, &few) < 0)
		abort();
	rc = child_start(&c, &o, why);
	if (setrlimit(RLIMIT_NOFILE, &before) < 0)
		abort();
	return rc;
}

static void a_failed_open_names_its_file(void)
{
	for (rlim_t spare = 0; spare < 2; spare++) {
		struct why why;

		is_int(start_with_few_descriptors(spare, &why), err_from_errno(EMFILE),
		        "a start without descriptors fails");
		ok(strncmp(why.text, "/dev/null: ", 11) == 0, "and the file that they lack for is named: %s", why.text);
	}
}

static void free_ports_are_free(void)
{
	uint16_t udp = 0, tcp = 0;

	is_int(ports_free(PORTS_UDP, &udp), 0, "a UDP port is found");
	is_int(ports_free(PORTS_TCP, &tcp), 0, "a TCP port is found");
	ok(udp >= 10240 && tcp >= 10240, "of those that are free for all: %u, %u", udp, tcp);
	ok(!ports_bound(udp), "it is bound by nobody");
	is_int(ports_unread(udp), 0, "nothing waits where nobody listens");
	ok(ports_datagram_cost(2250) > 2250, "an unread datagram of 2,250 bytes costs %" PRIu64,
	        ports_datagram_cost(2250));
}

int main(void)
{
	the_end_of_a_child_is_known();
	what_it_prints_is_heard();
	a_program_that_is_not_there_ends_at_once();
	a_child_dies_with_its_parent();
	a_failed_open_names_its_file();
	free_ports_are_free();
	return tap_done();
}
