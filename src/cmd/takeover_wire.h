/* SPDX-License-Identifier: Apache-2.0 */
/* takeover_wire.h — the messages between an agent and its successor.
 *
 *   successor ──HELLO: the versions that it speaks──────► agent
 *             ◄─SOCKETS: the version, the sockets───────
 *             ◄─REFUSED: no version in common───────────
 *             ◄─RELEASED: the spool is closed───────────
 *             ──SERVING: every part is open─────────────►
 *
 * Each is one packet of a SOCK_SEQPACKET socket. Packets of a later version may be longer and begin as these do. */
#ifndef TAKEOVER_WIRE_H
#define TAKEOVER_WIRE_H

#include "base/listeners.h"

enum { TAKEOVER_VERSION = 1 };
enum takeover_kind { TAKEOVER_HELLO = 1, TAKEOVER_SOCKETS, TAKEOVER_REFUSED, TAKEOVER_RELEASED, TAKEOVER_SERVING };

struct takeover_message {
	char magic[8]; /* "spantake" */
	uint32_t kind;
	uint32_t version, least_version; /* spoken; of HELLO the last and the first */
	uint8_t held[LISTENERS_MOST];    /* of SOCKETS: another process has it too */
};

/* A connected (PEER) or listening socket at "takeover" in DIRECTORY. -errno. */
int takeover_socket(const char *directory, bool peer) MUST_USE;
/* Sends a message of KIND with N sockets; HELD may be NULL. False: it could not be sent. */
bool takeover_send(int fd, enum takeover_kind kind, const int *sockets, const bool *held, size_t n);
/* 1: a message, and *N sockets; 0: the other end has closed; -1: nothing is there yet, or what came is no message. */
int takeover_receive(int fd, struct takeover_message *m, int sockets[LISTENERS_MOST], size_t *n);
/* True when FD belongs to a process of this user. *PROCESS is its id. */
bool takeover_is_ours(int fd, pid_t *process);

#endif
