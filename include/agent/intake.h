/* SPDX-License-Identifier: Apache-2.0 */
/* The intake: reads the UDP ports and turns each datagram into a batch for the pipeline, or counts why it cannot. */
#ifndef INTAKE_H
#define INTAKE_H

#include "agent/flight.h"
#include "net/udp.h"
#include "policy/client_stats.h"

/* Named as jaeger-agent names them; each port takes the compact and the binary protocol. */
enum intake_port { INTAKE_COMPACT, INTAKE_BINARY, INTAKE_ZIPKIN, INTAKE_PORTS };

struct intake_listener {
	const char *host_port; /* "none": the port is not opened */
	uint64_t max_packet;   /* bytes; a larger datagram is counted as oversize */
	uint64_t buffer_bytes;
};

struct intake_opts {
	struct intake_listener listeners[INTAKE_PORTS];
	const char *tags; /* --agent.tags */
};

/* Counters of one port. REFUSED, QUEUE_FULL and the accepted ones add up to DATAGRAMS. */
struct intake_port_stats {
	uint64_t bytes;
	uint64_t datagrams;
	uint64_t refused;        /* malformed, oversize or of an unknown method */
	uint64_t queue_full;     /* no memory, or the stop's time was up */
	uint64_t kernel_dropped; /* by the kernel, since the socket's buffer was full */
	uint64_t read_errors;    /* system calls that failed */
	uint64_t last_bytes;     /* length of the last datagram */
	uint64_t waiting;        /* datagrams read that wait for a pause to end */
};

struct intake_stats {
	struct intake_port_stats port[INTAKE_PORTS];
	struct client_stats clients;
	uint64_t pauses;        /* times that reading was paused because the flight was full */
	uint64_t paused;        /* 1 while reading is paused */
	uint64_t unnamed_spans; /* Zipkin spans in which no annotation names a service; see ZIPKIN_UNNAMED */
	/* port and length of the last datagram of each outcome but LEDGER_ACCEPTED */
	struct {
		enum intake_port port;
		size_t len;
	} last[LEDGER_OUTCOMES_N];
	enum intake_port overrun;  /* the port for which the kernel dropped datagrams last */
	uint64_t overrun_capacity; /* bytes that its socket buffer takes */
};

extern const char *const intake_port_names[INTAKE_PORTS];

struct intake;

/* Sets BYTES to the size of the largest batch that a datagram can become with these listeners and tags. E_USAGE: a tag
 * is malformed, or the largest batch would be larger than the spool takes. */
int intake_largest(const struct intake_opts *opts, uint64_t *bytes, struct why *why) MUST_USE;

/* Opens the ports and begins to read. FLIGHT, LEDGER and HEALTH are borrowed. Reading pauses while FLIGHT has no room;
 * a pause of some seconds is posted as part "intake" of HEALTH. */
int intake_open(struct intake **out, struct loop *l, const struct intake_opts *opts, struct flight *flight,
        struct ledger *ledger, struct health *health, struct why *why) MUST_USE;

/* Adds the tags of OPTS, whose listeners are those of intake_open, from now on. On an error the old tags stay. */
int intake_set_tags(struct intake *i, const struct intake_opts *opts, struct why *why) MUST_USE;

const struct intake_stats *intake_stats(const struct intake *i);
/* Brings kernel_dropped in the ledger, and the figures of the sockets and of idle clients, up to date. */
void intake_count_drops(struct intake *i);

/* Reads the datagrams left in the socket buffers, waiting at most BUDGET_MS for room in the flight, closes the ports
 * and calls STOPPED: at once, or in a later turn of the loop. Datagrams for which there was no room until then are
 * counted as queue_full. */
void intake_stop(struct intake *i, uint64_t budget_ms, void (*stopped)(void *arg), void *arg);
/* After intake_stop: ends its waiting for room. */
void intake_hurry(struct intake *i);
void intake_free(struct intake *i);

#endif
