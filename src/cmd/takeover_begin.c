/* SPDX-License-Identifier: Apache-2.0 */
/* takeover_begin.c — the successor: asks for the sockets, and waits for the spool. */
#include <config.h>

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "takeover.h"
#include "takeover_wire.h"

enum { POLL_MS = 1000, WAIT_MS = 120000 }; /* longer than a stop of the predecessor takes */

/* Waits for the next message until UNTIL_US. 1, 0 when the predecessor has ended, -1 when the time is up. */
static int next_message(int fd, uint64_t until_us, struct takeover_message *m, int sockets[LISTENERS_MOST], size_t *n)
{
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		uint64_t now = clock_mono_us();
		int rc;

		*n = 0;
		if (now >= until_us)
			return -1;
		if (poll(&p, 1, (int)((until_us - now) / US_PER_MS) + 1) <= 0)
			continue;
		rc = takeover_receive(fd, m, sockets, n);
		if (rc >= 0)
			return rc;
	}
}

static void adopt(const struct takeover_message *m, const int *sockets, size_t n)
{
	struct why why;

	for (size_t i = 0; i < n; i++)
		if (listeners_adopt(sockets[i], m->held[i] != 0, &why) < 0)
			log_warn("agent: a socket of the agent that runs is closed: %s", why.text);
}

static int late(struct why *why)
{
	return why_set(
	        why, E_TIMEOUT, "--takeover: the agent that runs has not closed the spool within %d s", WAIT_MS / 1000);
}

/* A process that is killed closes its connection before, perhaps, the lock of the spool: waits until it has ended. */
static int await_end(int process, uint64_t until_us, struct why *why)
{
	struct pollfd p = { .fd = process, .events = POLLIN };

	while (process >= 0 && poll(&p, 1, POLL_MS) <= 0)
		if (clock_mono_us() >= until_us)
			return late(why);
	return 0;
}

/* From the hello until the spool is closed. PROCESS is a descriptor of the predecessor; -1: it has ended. */
static int talk(int fd, int process, struct why *why)
{
	uint64_t until_us = clock_mono_us() + WAIT_MS * US_PER_MS;
	struct takeover_message m;
	int sockets[LISTENERS_MOST], rc;
	size_t n;

	if (!takeover_send(fd, TAKEOVER_HELLO, NULL, NULL, 0))
		return await_end(process, until_us, why);
	rc = next_message(fd, until_us, &m, sockets, &n);
	if (rc == 1 && m.kind != TAKEOVER_SOCKETS)
		return why_set(why, E_DENIED,
		        "--takeover: the agent that runs speaks version %u of the takeover, this one %d: stop it "
		        "instead",
		        m.version, TAKEOVER_VERSION);
	if (rc == 1) {
		adopt(&m, sockets, n);
		log_info("agent: %zu sockets taken over, waiting for the spool", n);
		rc = next_message(fd, until_us, &m, sockets, &n);
	}
	if (rc < 0)
		return late(why);
	return rc == 0 ? await_end(process, until_us, why) : 0;
}

int takeover_begin(const char *directory, int *predecessor, struct why *why)
{
	int fd = takeover_socket(directory, true), process, rc;
	pid_t id = 0;

	*predecessor = -1;
	if (fd == -ENOENT || fd == -ECONNREFUSED) {
		log_warn("agent: --takeover: no agent runs on %s, this one opens the ports itself", directory);
		return 0;
	}
	if (fd < 0)
		return why_set(why, err_from_errno(-fd), "--takeover: %s/takeover: %s", directory, strerror(-fd));
	if (!takeover_is_ours(fd, &id)) {
		close(fd);
		return why_set(
		        why, E_DENIED, "--takeover: process %d on %s belongs to another user", (int)id, directory);
	}
	process = pidfd_open(id, 0);
	rc = talk(fd, process, why);
	if (process >= 0)
		close(process);
	if (rc < 0) {
		close(fd);
		return why->code;
	}
	*predecessor = fd;
	return 0;
}

void takeover_serving(int predecessor)
{
	if (predecessor < 0)
		return;
	(void)takeover_send(predecessor, TAKEOVER_SERVING, NULL, NULL, 0); /* an error: it has ended */
	close(predecessor);
}
