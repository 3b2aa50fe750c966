/* SPDX-License-Identifier: Apache-2.0 */
/* Finds free ports of 127.0.0.1, and inspects UDP ports in use. */
#ifndef PORTS_H
#define PORTS_H

#include "base/err.h"

enum ports_kind { PORTS_UDP, PORTS_TCP };

/* Finds a port below the kernel's ephemeral range, so that it stays free while its owner restarts. 0 or E_IO. */
int ports_free(enum ports_kind kind, uint16_t *port) MUST_USE;

/* True when a UDP socket is bound to PORT; reads /proc/net/udp. */
bool ports_bound(uint16_t port);

/* Memory of the unread datagrams in the UDP sockets bound to PORT, in bytes; 0 without such a socket. */
uint64_t ports_unread(uint16_t port);

/* What one unread datagram of SIZE bytes adds to ports_unread(), measured; 0 when that fails. */
uint64_t ports_datagram_cost(size_t size);

#endif
