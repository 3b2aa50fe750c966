/* SPDX-License-Identifier: Apache-2.0 */
/* What a collector does behind its answer: a queue with a bound, workers, and a store that may be slow,
 * fail or hang. */
#ifndef STUB_STORE_H
#define STUB_STORE_H

#include "loop/loop.h"
#include "base/slice.h"

enum {
	STUB_STORE_WORKERS = 50, /* unless told otherwise, as Jaeger 1.x */
	STUB_STORE_WORKERS_MOST = 256,
	STUB_STORE_SERVICES = 128, /* counted apart; the others under the first, as Jaeger 1.x */
	STUB_STORE_NAME = 64       /* bytes of a service's name */
};

/* All zero: no queue; each span is in the store, or refused by it, before its POST is answered. */
struct stub_store_opts {
	uint32_t capacity;         /* spans that the queue holds, beside those in workers' hands; 0: no queue */
	uint32_t workers;          /* 0 takes STUB_STORE_WORKERS */
	uint64_t spans_per_second; /* of all workers together; 0: a save takes no time */
	uint32_t spread;       /* the longest save takes so many times as long as the shortest; 0 and 1: all the same */
	uint32_t reject_every; /* each so many-th span is filtered out on purpose; 0: none is */
	uint64_t seed;         /* of the durations, and of what a restart interrupts */
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

/* Spans since the process began, at one moment. At every moment
 * received = dropped + rejected + saved + failed + queued + saving. */
struct stub_store_counts {
	uint64_t received; /* as soon as they are offered */
	uint64_t dropped;  /* found the queue full */
	uint64_t rejected; /* filtered out on purpose */
	uint64_t saved;
	uint64_t failed; /* the store refused them */
	uint64_t queued;
	uint64_t saving;                     /* in workers' hands */
	uint64_t queue_length;               /* gauges, set once a second: 0 in the first second of a */
	uint64_t queue_capacity;             /* process; CONFIRM_NO_QUEUE without a queue */
	uint32_t process;                    /* counts the processes, from 1 on */
	uint64_t started_ms;                 /* since 1970; no two processes have the same */
	const struct stub_service *services; /* the first: all that have no place of their own */
	size_t nservices;
};

/* STORED is called for each span that was offered by stub_store_offer and is in the store now, in the
 * order in which they were saved. It may call everything here but stub_store_free. */
struct stub_store;
int stub_store_open(struct stub_store **out, struct loop *l, const struct stub_store_opts *opts,
        void (*stored)(void *arg, const struct stub_span *span), void *arg, struct why *why) MUST_USE;
void stub_store_free(struct stub_store *s);

/* A span of SERVICE comes in. */
void stub_store_offer(struct stub_store *s, struct slice service, const struct stub_span *span);

/* SPANS of other senders are offered to the queue: all of them now (burst), or so many each second from now on
 * (others; 0 ends that). */
void stub_store_burst(struct stub_store *s, uint64_t spans);
void stub_store_others(struct stub_store *s, uint64_t spans_per_second);

void stub_store_set_mode(struct stub_store *s, enum stub_store_mode mode);
/* Sets the rate of the saves that begin from now on; 0: a save takes no time. Has no effect on a store without a
 * queue. */
void stub_store_set_rate(struct stub_store *s, uint64_t spans_per_second);

/* The collector's process is killed and a new one begins: the counters are 0 and the queue is empty. Each span that a
 * worker was saving is stored or lost, by the dice of opts.seed; in a store that does not work all are lost. */
void stub_store_restart(struct stub_store *s);

/* As of now; valid until the next call. */
const struct stub_store_counts *stub_store_counts(struct stub_store *s);

#endif
