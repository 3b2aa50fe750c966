/* SPDX-License-Identifier: Apache-2.0 */
/* takeover.c — the agent that runs: gives its sockets away, stops, and ends when its successor serves.
 *
 *   WAITING ──HELLO──► SOCKETS sent, stop begun ──spool closed──► RELEASED sent ──SERVING──► exit
 *                                                                     └──successor ended──► execute itself again
 *
 * Both processes have the sockets from the moment at which they are sent, so whichever ends, datagrams wait in the other's.
 * The spool's lock belongs to this process until RELEASED, or until it ends, and to the successor afterwards. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "service.h"
#include "takeover.h"
#include "takeover_wire.h"

enum { SERVING_MS = 60000, FIRST_SOCKET = 3, HIGH_DESCRIPTOR = 64 };

static void drop_successor(struct takeover *t)
{
	watch_free(t->talking);
	t->talking = NULL;
	if (t->successor >= 0)
		close(t->successor);
	t->successor = -1;
}

static void copy_socket(void *arg, int fd, const char *text)
{
	struct takeover *t = arg;
	int copy = t->incomplete ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, HIGH_DESCRIPTOR);

	(void)text;
	if (copy < 0) {
		t->incomplete = true;
		return;
	}
	t->held[t->nsockets] = listeners_is_held(fd);
	t->sockets[t->nsockets++] = copy;
}

/* The successor gets every socket, or none and this agent serves on. */
static void give_sockets(struct takeover *t)
{
	t->incomplete = false;
	listeners_each(false, copy_socket, t);
	if (t->incomplete || !takeover_send(t->successor, TAKEOVER_SOCKETS, t->sockets, t->held, t->nsockets)) {
		log_error("agent: process %d wants to take over, and the sockets cannot be sent: %s", (int)t->process,
		        strerror(errno));
		(void)takeover_send(t->successor, TAKEOVER_REFUSED, NULL, NULL, 0);
		for (; t->nsockets > 0; t->nsockets--)
			close(t->sockets[t->nsockets - 1]);
		t->process = 0;
		drop_successor(t);
		return;
	}
	log_info("agent: process %d takes over: it has the sockets, and gets the spool", (int)t->process);
	listeners_hold();
	watch_set(t->talking, 0); /* what it says next, or its end, is for takeover_end */
	takeover_refuse(t);
	t->asked(t->arg);
}

static void on_message(void *arg, int events)
{
	struct takeover *t = arg;
	struct takeover_message m;
	int sockets[LISTENERS_MOST];
	size_t n;
	int rc = takeover_receive(t->successor, &m, sockets, &n);

	(void)events;
	for (; n > 0; n--)
		close(sockets[n - 1]);
	if (rc == 1 && m.kind == TAKEOVER_HELLO && m.least_version <= TAKEOVER_VERSION &&
	        m.version >= TAKEOVER_VERSION) {
		give_sockets(t);
		return;
	}
	if (rc == 1) {
		log_warn("agent: process %d wants to take over and speaks versions %u to %u, this agent speaks %d: it "
		         "is refused",
		        (int)t->process, m.least_version, m.version, TAKEOVER_VERSION);
		(void)takeover_send(t->successor, TAKEOVER_REFUSED, NULL, NULL, 0);
	}
	t->process = 0;
	drop_successor(t);
}

static void on_connection(void *arg, int events)
{
	struct takeover *t = arg;
	int fd = accept4(t->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)events;
	if (fd < 0)
		return;
	drop_successor(t); /* one that has said nothing gives way */
	if (!takeover_is_ours(fd, &t->process)) {
		log_warn("agent: process %d of another user wants to take over: it is refused", (int)t->process);
		t->process = 0;
		close(fd);
		return;
	}
	t->successor = fd;
	if (watch_open(&t->talking, t->loop, fd, on_message, t) < 0) {
		drop_successor(t);
		return;
	}
	watch_set(t->talking, WATCH_READ);
}

int takeover_open(struct takeover *t, struct loop *l, const char *directory, struct why *why)
{
	t->loop = l;
	t->successor = -1;
	t->listener = takeover_socket(directory, false);
	if (t->listener < 0)
		return why_set(why, err_from_errno(-t->listener), "%s/takeover: %s", directory, strerror(-t->listener));
	if (watch_open(&t->listening, l, t->listener, on_connection, t) < 0)
		return why_set(why, E_NOMEM, "takeover");
	watch_set(t->listening, WATCH_READ);
	return 0;
}

void takeover_refuse(struct takeover *t)
{
	watch_free(t->listening);
	if (t->listening != NULL)
		close(t->listener);
	t->listening = NULL;
	if (t->nsockets == 0)
		drop_successor(t);
}

/* The arguments of the program: ARGV begins with the command's word, or, under the name of jaeger-agent, may have none
 * and begin with that name. NULL without memory. */
static char **program_arguments(char **argv)
{
	static char ours[] = "spanspool", jaegers[] = "jaeger-agent";
	size_t n = 0, first = strcmp(argv[0], "agent") == 0;
	char **all;

	while (argv[n] != NULL)
		n++;
	all = calloc(n + 2, sizeof(*all));
	if (all == NULL)
		return NULL;
	all[0] = command_as_jaeger() ? jaegers : ours;
	memcpy(all + first, argv, n * sizeof(*all));
	return all;
}

/* This process becomes an agent again, on its own sockets, as a service manager would start it. */
static void execute_again(struct takeover *t, char **argv)
{
	char text[32], names[LISTENERS_MOST * 8] = "", **all = program_arguments(argv);

	if (all == NULL)
		return;
	for (size_t i = 0; i < t->nsockets; i++) {
		if (dup2(t->sockets[i], FIRST_SOCKET + (int)i) < 0)
			return;
		strcat(names, i > 0 ? ":" : "");
		strcat(names, t->held[i] ? "held" : SERVICE_OWN_SOCKET);
	}
	snprintf(text, sizeof(text), "%zu", t->nsockets);
	setenv("LISTEN_FDS", text, 1);
	setenv("LISTEN_FDNAMES", names, 1);
	snprintf(text, sizeof(text), "%d", (int)getpid());
	setenv("LISTEN_PID", text, 1);
	/* Libraries have opened descriptors that would stay open. */
	(void)close_range(FIRST_SOCKET + (unsigned)t->nsockets, ~0U, CLOSE_RANGE_CLOEXEC);
	log_flush(1000);
	execv("/proc/self/exe", all);
	free(all);
}

/* Waits for what the successor says, or its end; false when neither comes in SERVING_MS. A signal does not end the wait. */
static bool is_readable(int successor)
{
	uint64_t now = clock_mono_us(), until = now + SERVING_MS * US_PER_MS;
	struct pollfd p = { .fd = successor, .events = POLLIN };

	for (; now < until; now = clock_mono_us())
		if (poll(&p, 1, (int)((until - now) / US_PER_MS) + 1) > 0)
			return true;
	return false;
}

void takeover_end(struct takeover *t, char **argv, bool stopping)
{
	static const int stops[] = { SIGTERM, SIGINT, SIGPWR, SIGXCPU };
	struct takeover_message m;
	int sockets[LISTENERS_MOST];
	size_t n;

	if (t->nsockets == 0)
		return;
	/* No loop runs that could read them, and nothing is left that a stop would have to save: they end the process. */
	for (size_t i = 0; i < ARRAY_LEN(stops); i++)
		signal(stops[i], SIG_DFL);
	(void)takeover_send(t->successor, TAKEOVER_RELEASED, NULL, NULL, 0); /* an error shows as its end */
	if (!is_readable(t->successor)) {
		log_warn("agent: process %d has the sockets and the spool, and does not serve yet", (int)t->process);
		return;
	}
	if (takeover_receive(t->successor, &m, sockets, &n) == 1 && m.kind == TAKEOVER_SERVING) {
		log_info("agent: process %d has taken over", (int)t->process);
		return;
	}
	if (stopping) {
		log_error("agent: process %d ended before it served, and this agent was told to stop", (int)t->process);
		return;
	}
	log_error("agent: process %d ended before it served: this agent starts again", (int)t->process);
	execute_again(t, argv);
	log_error("agent: cannot start again: %s", strerror(errno));
}

void takeover_close(struct takeover *t)
{
	if (t->loop == NULL)
		return;
	watch_free(t->listening);
	if (t->listening != NULL)
		close(t->listener);
	t->listening = NULL;
	drop_successor(t);
}
