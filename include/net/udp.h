/* SPDX-License-Identifier: Apache-2.0 */
/* One UDP listener, read in batches. */
#ifndef UDP_H
#define UDP_H

#include "loop/loop.h"
#include "base/slice.h"
#include "base/units.h"

/* Bytes of the largest datagram: UDP's length field has 16 bits and includes the header of 8 bytes. */
enum { UDP_MOST = 65535 - 8 };

struct udp_opts {
	struct hostport at;
	uint64_t buffer_bytes; /* requested SO_RCVBUF; 0: a default size, as far as the host allows */
};

struct udp_events {
	/* BYTES are valid during the call. If the callback calls udp_pause, no further call follows until
	 * udp_resume. */
	void (*datagram)(void *arg, struct slice bytes);
	void *arg;
};

struct udp;

/* ":port" binds all addresses: IPv6 and IPv4 with one socket where the host has both. */
int udp_open(struct udp **out, struct loop *l, const struct udp_opts *opts, const struct udp_events *events,
        struct why *why) MUST_USE;

/* While paused, datagrams gather in the socket buffer; when it is full the kernel drops and counts them. Up to 64
 * datagrams, already read by one system call, are kept here. Both may be called at any time. */
void udp_pause(struct udp *u);
void udp_resume(struct udp *u);

uint16_t udp_port(const struct udp *u);
uint64_t udp_buffer_bytes(const struct udp *u);
/* Datagrams that the kernel dropped at this socket since it was opened. */
uint64_t udp_kernel_drops(struct udp *u);
/* System calls that failed to read the socket. */
uint64_t udp_read_errors(const struct udp *u);
/* Datagrams that were read and wait for udp_resume. */
uint64_t udp_waiting(const struct udp *u);

/* For shutdown: reads all datagrams in the socket buffer; of a socket that another process holds, only those that are in
 * this process already. False: udp_pause was called before the end; call again
 * after udp_resume. True: the buffer is empty, or one buffer size has been read since the first call while
 * senders go on. After the first call datagrams are read by this function only. */
bool udp_drain(struct udp *u) MUST_USE;
void udp_free(struct udp *u);

#endif
