/* SPDX-License-Identifier: Apache-2.0 */
/* Listeners and the transcoder: a datagram becomes a batch or a counted refusal. */
#ifndef INTAKE_H
#define INTAKE_H

#include "agent/pipeline.h"
#include "net/udp.h"

/* Named as jaeger-agent names them; each takes either protocol. */
enum intake_port { INTAKE_COMPACT, INTAKE_BINARY, INTAKE_ZIPKIN, INTAKE_PORTS };

struct intake_listener {
	const char *host_port; /* "none" leaves it closed */
	uint64_t max_packet;   /* a larger datagram is oversize */
	uint64_t buffer_bytes;
};

struct intake_opts {
	struct intake_listener listeners[INTAKE_PORTS];
	const char *tags; /* --agent.tags */
};

struct intake_stats {
	uint64_t bytes[INTAKE_PORTS];
	uint64_t datagrams[INTAKE_PORTS];
	uint64_t held_back; /* times that reading was paused because the flight was full */
	uint64_t paused;    /* 1 while it is */
	/* the last datagram of each outcome that is not accepted */
	struct {
		enum intake_port port;
		size_t len;
	} last[LEDGER_OUTCOMES_N];
	enum intake_port overrun;  /* the port whose socket buffer was found full last */
	uint64_t overrun_capacity; /* bytes that buffer takes */
};

extern const char *const intake_port_names[INTAKE_PORTS];

struct intake;

/* Bytes of the largest batch that these listeners and tags can make of a datagram. E_USAGE names a tag that
 * is none, or tags that no batch has room for. */
int intake_largest(const struct intake_opts *opts, uint64_t *bytes, struct why *why) MUST_USE;

/* Opens the ports and begins. TO and HEALTH are borrowed. Reading pauses while TO has no room, which the
 * part "intake" of HEALTH tells once it has lasted. */
int intake_open(struct intake **out, struct loop *l, const struct intake_opts *opts, struct pipeline *to,
        struct health *health, struct why *why) MUST_USE;

const struct intake_stats *intake_stats(const struct intake *i);
/* Brings kernel_dropped in the ledger up to date. */
void intake_count_drops(struct intake *i);

/* Reads what the kernel still holds, waiting at most BUDGET_MS for room in TO, closes the ports and calls
 * STOPPED: at once, or in a later turn of the loop. Datagrams for which there was no room until then are
 * counted as queue_full. */
void intake_stop(struct intake *i, uint64_t budget_ms, void (*stopped)(void *arg), void *arg);
/* After intake_stop: nothing is waited for any more. */
void intake_hurry(struct intake *i);
void intake_free(struct intake *i);

#endif
