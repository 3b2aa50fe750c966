/* SPDX-License-Identifier: Apache-2.0 */
/* udp_client.h — a connected UDP socket that returns the datagrams that were refused. */
#ifndef UDP_CLIENT_H
#define UDP_CLIENT_H

#include <sys/types.h>

#include "base/units.h"

/* Connects a non-blocking socket; *FD may be unset after an error. Host "" is 127.0.0.1. */
int udp_client_connect(int *fd, const struct hostport *at, struct why *why) MUST_USE;
void udp_client_close(int fd); /* FD may be -1 */

/* Copies to TO the stored beginning, at most CAP bytes, of the next datagram for which an ICMP error came. Returns the
 * bytes copied, or -1: none. Never blocks. */
ssize_t udp_client_refused(int fd, void *to, size_t cap);

#endif
