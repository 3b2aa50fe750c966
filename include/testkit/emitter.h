/* SPDX-License-Identifier: Apache-2.0 */
/* Sends numbered spans by UDP at a set rate, and knows which of them nobody was there to take. */
#ifndef EMITTER_H
#define EMITTER_H

#include "span/numbered_spans.h"
#include "base/units.h"

enum { EMITTER_DOORS = 2 };

struct emitter_door {
	struct hostport at;
	enum numbered_spans_protocol protocol;
};

struct emitter_opts {
	struct emitter_door doors[EMITTER_DOORS]; /* datagrams take turns */
	size_t ndoors;
	const char *service;
	uint64_t run;
	uint64_t first;       /* number of the first span */
	uint64_t spans;       /* to send; 0: no end */
	uint64_t duration_us; /* 0: no end */
	uint64_t rate;        /* spans a second; 0: as fast as the socket takes them */
	uint32_t batch;       /* spans in a datagram */

	/* Both may be NULL. COUNT spans from FIRST on went out; or did so, but came back refused. */
	void (*sent)(void *arg, uint64_t first, uint64_t count);
	void (*refused)(void *arg, uint64_t first, uint64_t count);
	void *arg;
};

/* A datagram that the host there answered with "port unreachable" was sent to nobody: it counts as
 * refused and not as sent. On one host no such answer is lost, so the numbers are exact. */
struct emitter_stats {
	uint64_t first; /* number of the first span */
	uint64_t end;   /* the next number to be given out */
	uint64_t spans; /* sent and not refused */
	uint64_t datagrams;
	uint64_t bytes;
	uint64_t refused_spans;
	uint64_t refused_datagrams;
	uint64_t took_us; /* from the first step to the last datagram */
};

struct emitter;

int emitter_open(struct emitter **out, const struct emitter_opts *o, struct why *why) MUST_USE;
/* NULL is fine. */
void emitter_free(struct emitter *e);

/* emitter_step: nothing more will be sent. */
#define EMITTER_OVER UINT64_MAX

/* Sends what is due at NOW_US (monotonic), never blocks. Returns after how many microseconds the
 * next datagram is due: 0 at once, EMITTER_OVER when the end is reached or emitter_failure() says
 * why it cannot go on. */
uint64_t emitter_step(struct emitter *e, uint64_t now_us);

/* Takes in what has been refused meanwhile; for a last look after the end. */
void emitter_settle(struct emitter *e);

/* NULL, or the sentence. */
const char *emitter_failure(const struct emitter *e);

const struct emitter_stats *emitter_stats(const struct emitter *e);

#endif
