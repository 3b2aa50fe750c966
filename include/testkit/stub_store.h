/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a stub collector: a bounded queue, workers, and a store that may be slow, fail or hang. */
#ifndef STUB_STORE_H
#define STUB_STORE_H

#include "loop/loop.h"
#include "base/slice.h"

enum {
	STUB_STORE_WORKERS = 50, /* default, as in Jaeger 1.x */
	STUB_STORE_WORKERS_MOST = 256,
	STUB_STORE_SERVICES = 128, /* services counted separately; others count as the first, as in Jaeger 1.x */
	STUB_STORE_NAME = 64       /* bytes of a service's name */
};

/* All zero: no queue; each span is stored, or fails, before its POST is answered. */
struct stub_store_opts {
	uint32_t capacity;         /* spans in the queue, without those that workers are saving; 0: no queue */
	uint32_t workers;          /* 0: STUB_STORE_WORKERS */
	uint64_t spans_per_second; /* of all workers together; 0: a save takes no time */
	uint32_t spread;           /* ratio of the longest to the shortest save; 0 and 1: all equal */
	uint32_t reject_every;     /* every so many-th span is rejected by a filter; 0: none */
	uint64_t seed;             /* seed of the save durations and of the saves lost by a restart */
};

struct stub_span {
	uint64_t trace_high;
	uint64_t trace_low;
	uint64_t span_id;
};

enum stub_store_mode {
	STUB_STORE_WORKS,
	STUB_STORE_AWAY,  /* every save fails */
	STUB_STORE_HANGS, /* no save ends; without a queue every save fails */
};

/* Spans of one service, since the process began. */
struct stub_service {
	char name[STUB_STORE_NAME];
	uint64_t received, rejected, saved, failed;
};

/* Spans since the process began. At every moment received = dropped + rejected + saved + failed + queued + saving. */
struct stub_store_counts {
	uint64_t received; /* all spans offered */
	uint64_t dropped;  /* the queue was full */
	uint64_t rejected; /* by the filter of reject_every */
	uint64_t saved;
	uint64_t failed; /* the store failed */
	uint64_t queued;
	uint64_t saving;                     /* being saved by workers */
	uint64_t queue_length;               /* gauges, updated once a second: 0 in the first second of */
	uint64_t queue_capacity;             /* a process; CONFIRM_NO_QUEUE without a queue */
	uint32_t process;                    /* number of the process, from 1 */
	uint64_t started_ms;                 /* since 1970; unique per process */
	const struct stub_service *services; /* the first counts all services beyond STUB_STORE_SERVICES */
	size_t nservices;
};

/* STORED is called for each span of stub_store_offer() that is stored, in order. It may call any function of this
 * header but stub_store_free(). */
struct stub_store;
int stub_store_open(struct stub_store **out, struct loop *l, const struct stub_store_opts *opts,
        void (*stored)(void *arg, const struct stub_span *span), void *arg, struct why *why) MUST_USE;
void stub_store_free(struct stub_store *s);

/* Receives a span of SERVICE. */
void stub_store_offer(struct stub_store *s, struct slice service, const struct stub_span *span);

/* Receives spans of other senders: SPANS of them now (burst), or so many per second from now on (others; 0 ends
 * that). */
void stub_store_burst(struct stub_store *s, uint64_t spans);
void stub_store_others(struct stub_store *s, uint64_t spans_per_second);

void stub_store_set_mode(struct stub_store *s, enum stub_store_mode mode);
/* Sets the rate of saves that begin from now on; 0: a save takes no time. No effect on a store without a queue. */
void stub_store_set_rate(struct stub_store *s, uint64_t spans_per_second);

/* Kills the collector's process and starts a new one: the counters are 0 and the queue is empty. Each span being
 * saved is stored or lost at random (opts.seed); unless the mode is STUB_STORE_WORKS all are lost. */
void stub_store_restart(struct stub_store *s);

/* The counts as of now; valid until the next call. */
const struct stub_store_counts *stub_store_counts(struct stub_store *s);

#endif
