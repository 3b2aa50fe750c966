/* SPDX-License-Identifier: Apache-2.0 */
/* Sends numbered spans by UDP at a set rate, and counts those that no process received. */
#ifndef EMITTER_H
#define EMITTER_H

#include "testkit/numbered_spans.h"
#include "base/units.h"

enum { EMITTER_TARGETS = 2 };

struct emitter_target {
	struct hostport at;
	enum numbered_spans_protocol protocol;
};

struct emitter_opts {
	struct emitter_target targets[EMITTER_TARGETS]; /* datagrams alternate between them */
	size_t ntargets;
	const char *service;
	uint64_t run;
	uint64_t first;       /* number of the first span */
	uint64_t spans;       /* to send; 0: unlimited */
	uint64_t duration_us; /* 0: no end */
	uint64_t rate;        /* spans per second; 0: as fast as the socket accepts them */
	uint32_t batch;       /* spans per datagram */

	/* Both may be NULL. sent() is called when COUNT spans from FIRST on were sent, refused() when they were sent
	 * but an ICMP answer came back, or could not be sent. */
	void (*sent)(void *arg, uint64_t first, uint64_t count);
	void (*refused)(void *arg, uint64_t first, uint64_t count);
	void *arg;
};

/* A datagram answered with ICMP "port unreachable" counts as refused, not as sent. Within one host no ICMP answer is
 * lost, so the numbers are exact. */
struct emitter_stats {
	uint64_t first; /* number of the first span */
	uint64_t end;   /* number of the next span */
	uint64_t spans; /* sent and not refused */
	uint64_t datagrams;
	uint64_t bytes;
	uint64_t refused_spans;
	uint64_t refused_datagrams;
	uint64_t took_us; /* from the first emitter_step() to the last datagram */
};

struct emitter;

int emitter_open(struct emitter **out, const struct emitter_opts *o, struct why *why) MUST_USE;
/* E may be NULL. */
void emitter_free(struct emitter *e);

/* Returned by emitter_step(): nothing more will be sent. */
#define EMITTER_OVER UINT64_MAX

/* Sends the spans due at NOW_US (monotonic); never blocks. Returns the microseconds until the next call: 0 at once,
 * EMITTER_OVER when the end is reached or an error has occurred (emitter_failure). */
uint64_t emitter_step(struct emitter *e, uint64_t now_us);

/* Counts the datagrams refused since the last step; call it once after the end. */
void emitter_count_refused(struct emitter *e);

/* The error that stopped the emitter; NULL: none. */
const char *emitter_failure(const struct emitter *e);

const struct emitter_stats *emitter_stats(const struct emitter *e);

#endif
