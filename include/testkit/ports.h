/* SPDX-License-Identifier: Apache-2.0 */
/* Ports of 127.0.0.1 that nobody uses now. */
#ifndef PORTS_H
#define PORTS_H

#include "base/err.h"

enum ports_kind { PORTS_UDP, PORTS_TCP };

/* From below the range that the kernel gives out by itself, so that it stays free while its owner is
 * away for a moment. 0 or E_IO. */
int ports_free(enum ports_kind kind, uint16_t *port) MUST_USE;

/* Is a UDP socket bound to PORT? Asks the kernel's table, touches no socket. */
bool ports_bound(uint16_t port);

/* Bytes of memory that wait unread in the UDP sockets bound to PORT; 0 without such a socket. */
uint64_t ports_unread(uint16_t port);

/* What one unread datagram of SIZE bytes adds to that, found by trying; 0 when it cannot be tried. */
uint64_t ports_datagram_cost(size_t size);

#endif
