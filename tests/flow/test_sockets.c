/* SPDX-License-Identifier: Apache-2.0 */
/* test_sockets.c — sockets that another process keeps open. This test is the service manager: it has the UDP ports and
 * the admin port, and gives them to each agent that it starts. While no agent runs, datagrams wait in the kernel. */
#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent_process.h"
#include "must.h"
#include "testkit/ports.h"
#include "tap.h"

enum {
	RATE = 5000,
	CHUNK = 5000,
	RESTARTS = 20,
	BETWEEN = 1000, /* spans sent to an agent that serves before it is ended: more than the exposure */
	KILL_EACH = 4,  /* of the restarts with SIGKILL, which one is */
	EXPOSURE_MS = 100,
	LATE = 3, /* as in test_agent_kill.c */
	BUFFER = 32 << 20,
	BINARY = 1,
	ADMIN = 2,
};

static struct agent_process s;
static int sockets[3];

static int open_socket(int type, uint16_t port, int buffer)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || (type == SOCK_STREAM && listen(fd, 8) < 0))
		bail_out("no socket to hold");
	if (type == SOCK_DGRAM && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	return fd;
}

static void open_held(int buffer)
{
	agent_process_open(&s, AGENT_PROCESS_DIRECT);
	sockets[0] = open_socket(SOCK_DGRAM, s.compact, buffer);
	sockets[BINARY] = open_socket(SOCK_DGRAM, s.binary, buffer);
	sockets[ADMIN] = open_socket(SOCK_STREAM, s.admin, 0);
	s.rig.sockets = sockets;
	s.rig.nsockets = ARRAY_LEN(sockets);
}

static void end_held(void)
{
	agent_process_end(&s);
	for (size_t i = 0; i < ARRAY_LEN(sockets); i++)
		close(sockets[i]);
}

struct restarts {
	bool kills;
	unsigned n, killed;
	uint64_t at; /* the number at which the agent is ended next; 0: it is not known yet whether it serves */
};

/* Ends the agent while spans go on coming, and starts the next one as soon as it has ended. */
static void on_burst(void *arg, uint64_t next)
{
	static const char *const none[] = { NULL };
	struct restarts *r = arg;

	if (!child_running(s.agent)) {
		if (!r->kills && child_status(s.agent) != 0)
			bail_out("the agent did not end well");
		agent_process_launch(&s, none);
		r->at = 0;
		return;
	}
	if (r->at == 0 && child_has_printed(s.agent, "agent: admin pages at"))
		r->at = next + BETWEEN;
	if (r->at == 0 || next < r->at || r->n == RESTARTS)
		return;
	r->n++;
	r->at = UINT64_MAX;
	if (r->kills && r->n % KILL_EACH == 0) {
		r->killed++;
		agent_process_kill(&s);
	} else {
		child_signal(s.agent, SIGTERM);
	}
}

/* Ends when the last agent serves. */
static void send_over_restarts(struct restarts *r)
{
	s.each_burst = on_burst;
	s.each_arg = r;
	for (int i = 0; i < 60 && (r->n < RESTARTS || r->at == 0 || r->at == UINT64_MAX); i++)
		agent_process_send(&s, CHUNK, RATE);
	s.each_burst = NULL;
}

static void restarts_lose_no_datagram(bool kills)
{
	struct restarts r = { .kills = kills };
	struct tally_count c;
	const struct ledger *l;
	uint64_t allowed;

	open_held(BUFFER);
	ok(agent_process_start(&s, NULL), "the agent serves on sockets that it was given");
	send_over_restarts(&r);
	is_int(r.n, RESTARTS, "it is ended and started again under load");
	ok(agent_process_is_empty(&s), "all leave the agent");
	c = tally_total(s.tally);
	l = agent_process_ledger(&s);
	allowed = (uint64_t)r.killed * RATE * EXPOSURE_MS * LATE / 1000;
	is_int(s.refused, 0, "no sender found a closed port");
	is_int(l->kernel_dropped, 0, "no socket's buffer was full");
	ok(c.missing <= allowed, "%" PRIu64 " spans of %" PRIu64 " are missing after %u kills, %" PRIu64 " allowed",
	        c.missing, c.sent, r.killed, allowed);
	ok(c.missing <= c.sent - l->accepted.spans + l->place[LEDGER_UNCERTAIN].spans,
	        "each was read just before a kill");
	is_int(l->unclean_stops, r.killed, "every other stop was clean");
	end_held();
}

static void send_until_dropped(void)
{
	uint32_t info[9] = { 0 }; /* SK_MEMINFO_VARS; the last one is the drops */

	for (int i = 0; i < 100 && info[8] == 0; i++) {
		socklen_t len = sizeof(info);

		agent_process_send(&s, CHUNK, 0);
		if (getsockopt(sockets[0], SOL_SOCKET, SO_MEMINFO, info, &len) < 0)
			bail_out("no SO_MEMINFO");
	}
}

static bool all_are_counted(void *arg)
{
	const struct ledger *l = agent_process_ledger(&s);

	return s.answered && l->accepted.spans + 10 * l->kernel_dropped == tally_total(arg).sent;
}

static void drops_are_counted_once(void)
{
	uint64_t dropped;

	open_held(64 << 10);
	ok(agent_process_start(&s, NULL), "the agent serves");
	is_int(agent_process_stop(&s), 0, "and is stopped");
	send_until_dropped();
	ok(agent_process_start(&s, NULL), "it starts when the sockets' buffers are full");
	ok(agent_process_until(&s, all_are_counted, s.tally),
	        "what came while it was down is accepted or kernel_dropped");
	dropped = agent_process_ledger(&s)->kernel_dropped;
	ok(dropped > 0, "%" PRIu64 " datagrams were dropped", dropped);
	is_int(agent_process_stop(&s), 0, "it stops");
	ok(agent_process_start(&s, NULL), "the next one starts");
	ok(agent_process_until(&s, all_are_counted, s.tally), "and counts none of them again");
	is_int(agent_process_ledger(&s)->kernel_dropped, dropped, "the figure is the same");
	end_held();
}

static void the_buffer_is_not_made_smaller(void)
{
	int before = 0, after = 0;
	socklen_t len = sizeof(before);

	open_held(BUFFER);
	getsockopt(sockets[0], SOL_SOCKET, SO_RCVBUF, &before, &len);
	ok(agent_process_start(&s, "--processor.jaeger-compact.server-socket-buffer-size=64KiB", NULL), "it serves");
	getsockopt(sockets[0], SOL_SOCKET, SO_RCVBUF, &after, &len);
	ok(after == before || after == 2 * (64 << 10), "the buffer is as it was, or as root asked for: %d, %d", before,
	        after);
	end_held();
}

static void a_socket_that_no_option_names_is_reported(void)
{
	int pair[2], more[ARRAY_LEN(sockets) + 2];
	uint16_t other = 0;
	char line[128];

	open_held(BUFFER);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0 || ports_free(PORTS_UDP, &other) < 0)
		bail_out("no more sockets");
	memcpy(more, sockets, sizeof(sockets));
	more[3] = pair[0];
	more[4] = open_socket(SOCK_DGRAM, other, BUFFER);
	s.rig.sockets = more;
	s.rig.nsockets = ARRAY_LEN(more);
	ok(agent_process_start(&s, NULL), "it serves");
	snprintf(line, sizeof(line), "the service manager listens on udp 127.0.0.1:%u, and no option has that address",
	        other);
	ok(child_has_printed(s.agent, line), "a UDP socket of another port is reported");
	ok(child_has_printed(s.agent, "descriptor 6 is neither a UDP socket nor a TCP socket that listens"),
	        "so is a socket that is none");
	end_held();
	close(pair[0]);
	close(pair[1]);
	close(more[4]);
}

int main(void)
{
	restarts_lose_no_datagram(false);
	restarts_lose_no_datagram(true);
	drops_are_counted_once();
	the_buffer_is_not_made_smaller();
	a_socket_that_no_option_names_is_reported();
	return tap_done();
}
