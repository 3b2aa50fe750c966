/* net: one UDP listener, read in batches. */
#ifndef UDP_H
#define UDP_H

#include "loop.h"
#include "slice.h"
#include "units.h"

struct udp_opts {
	struct hostport at;
	uint64_t buffer_bytes; /* SO_RCVBUF; 0 asks for as much as the host allows */
};

struct udp_events {
	/* Borrowed bytes, valid during the call. */
	void (*datagram)(void *arg, struct slice bytes);
	void *arg;
};

struct udp;

/* ":port" is every address, IPv6 and IPv4 by one socket where the host has both. */
int udp_open(struct udp **out, struct loop *l, const struct udp_opts *opts,
        const struct udp_events *events, struct why *why) MUST_USE;

/* While paused the kernel's buffer fills, and then it drops and counts. */
void udp_pause(struct udp *u);
void udp_resume(struct udp *u);

uint16_t udp_port(const struct udp *u);
uint64_t udp_buffer_bytes(const struct udp *u);
/* Datagrams that the kernel dropped at this socket since it was opened. */
uint64_t udp_kernel_drops(struct udp *u);

/* Reads what the kernel still holds, for a stop that loses nothing it could have had. */
void udp_drain(struct udp *u);
void udp_free(struct udp *u);

#endif
