/* SPDX-License-Identifier: Apache-2.0 */
/* One UDP listener, read in batches. */
#ifndef UDP_H
#define UDP_H

#include "loop/loop.h"
#include "base/slice.h"
#include "base/units.h"

/* Bytes of the largest datagram: UDP's length field has 16 bits and counts the header of 8 bytes too. */
enum { UDP_MOST = 65535 - 8 };

struct udp_opts {
	struct hostport at;
	uint64_t buffer_bytes; /* SO_RCVBUF; 0 asks for as much as the host allows */
};

struct udp_events {
	/* Borrowed bytes, valid during the call. After udp_pause within it there is no other call. */
	void (*datagram)(void *arg, struct slice bytes);
	void *arg;
};

struct udp;

/* ":port" is every address, IPv6 and IPv4 by one socket where the host has both. */
int udp_open(struct udp **out, struct loop *l, const struct udp_opts *opts, const struct udp_events *events,
        struct why *why) MUST_USE;

/* While paused the kernel's buffer fills, and then the kernel drops datagrams and counts them. Datagrams
 * that one system call has read together wait here, at most 64. Either may be called at any time. */
void udp_pause(struct udp *u);
void udp_resume(struct udp *u);

uint16_t udp_port(const struct udp *u);
uint64_t udp_buffer_bytes(const struct udp *u);
/* Datagrams that the kernel dropped at this socket since it was opened. */
uint64_t udp_kernel_drops(struct udp *u);

/* Reads what the kernel still holds, for a stop that loses nothing it could have had. False: paused
 * before the end, call it again after udp_resume. True: nothing is left, or one socket buffer has been
 * read since the first call and senders still send. The listener reads in no other way from then on. */
bool udp_drain(struct udp *u) MUST_USE;
void udp_free(struct udp *u);

#endif
