/* SPDX-License-Identifier: Apache-2.0 */
/* takeover.h — an agent takes the sockets and the spool of the one that runs, without a closed port between.
 *
 * The agent that runs listens on a Unix socket, "takeover" in the spool's directory, for a process of the same user. */
#ifndef TAKEOVER_H
#define TAKEOVER_H

#include "base/listeners.h"
#include "loop/loop.h"

/* ---- the successor ---- */

/* Asks the agent on the spool in DIRECTORY for its sockets, adopts them (base/listeners.h) and waits until that agent has
 * closed the spool. Blocks, for two minutes at most. *PREDECESSOR is the connection, to be given to takeover_serving; -1:
 * no agent runs there. An error: the agent that runs refused, and goes on, or did not end. */
int takeover_begin(const char *directory, int *predecessor, struct why *why) MUST_USE;
/* Every part is open: the predecessor may end. Closes PREDECESSOR, which may be -1. A process that ends before this call
 * leaves the sockets to its predecessor, which starts again. */
void takeover_serving(int predecessor);

/* ---- the agent that runs ---- */

struct takeover {
	void (*asked)(void *arg); /* a successor has the sockets: read no more, close the spool, then takeover_end */
	void *arg;
	struct loop *loop;
	struct watch *listening, *talking;
	int listener, successor;     /* -1: none */
	pid_t process;               /* of the successor; 0: none has taken over */
	int sockets[LISTENERS_MOST]; /* copies, for this process's own restart */
	bool held[LISTENERS_MOST];
	size_t nsockets;
	bool incomplete; /* a socket could not be copied */
};

/* T was zeroed by the caller, but for ASKED and ARG. After an error takeover_close is still to be called. */
int takeover_open(struct takeover *t, struct loop *l, const char *directory, struct why *why) MUST_USE;
/* No successor is let in any more. */
void takeover_refuse(struct takeover *t);
/* To be called when the spool is closed. Without a successor it does nothing. Tells the successor, and waits until it
 * serves, for a minute at most; a signal that stops an agent ends the process meanwhile. When the successor ended before it
 * served, this process executes itself again, with ARGV and the sockets, unless it is STOPPING by a signal that came before;
 * it then returns only if that fails. */
void takeover_end(struct takeover *t, char **argv, bool stopping);
/* T may be all zero. */
void takeover_close(struct takeover *t);

#endif
