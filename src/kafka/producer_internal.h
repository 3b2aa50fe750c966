/* SPDX-License-Identifier: Apache-2.0 */
/* producer_internal.h — the producer's inside, shared by the files that make it up. */
#ifndef KAFKA_PRODUCER_PRIV_H
#define KAFKA_PRODUCER_PRIV_H

#include "handle.h"
#include "log.h"
#include "watch.h"

enum producer_state {
	PRODUCER_RUNNING,
	PRODUCER_EMPTYING, /* after a fatal error: waits for the last reports */
	PRODUCER_PAUSED,   /* no handle: waits before it makes the next */
};

struct kafka_producer {
	enum producer_state state;
	struct loop *loop;
	struct kafka_producer_events events;
	char *brokers, *topic;
	struct kafka_producer_opts opts; /* refers to these, and to the watch's properties */
	struct kafka_watch *watch;       /* the files that properties name */
	rd_kafka_conf_t *conf;           /* for the next handle */
	struct wakeup *wakeup;

	struct kafka_handle main;
	struct kafka_handle alone; /* one record a request; made when a batch was too large */
	struct timer *idle;        /* closes alone when it is not needed any more */

	struct timer *mend; /* EMPTYING: the wire has had its time; PAUSED: try again */
	uint64_t pause_ms;  /* before the next handle */
	bool replacing;     /* the handle is emptied for one with other certificates or secrets */

	struct timer *hold; /* after a refusal: room() when it rings */
	bool was_full;      /* room() when half of the queue is free */
	uint64_t queue_records;
	uint64_t queue_bytes;

	uint32_t reported_by; /* the partition of the report under way */

	struct timer *budget; /* of a flush */
	void (*flushed)(void *arg);
	void *flushed_arg;

	struct kafka_log log;
	struct kafka_producer_stats stats;
};

/* kafka_reports.c: takes what both handles have to tell; their owner is called for each report. */
void kafka_reports_serve(struct kafka_producer *p);

/* kafka_recover.c */
void kafka_recover_failed(struct kafka_producer *p, struct kafka_handle *h);
/* Makes a new handle of p->conf, which has changed, once the one that works is empty. */
void kafka_recover_replace(struct kafka_producer *p);
void kafka_recover_step(struct kafka_producer *p);
/* A record was acknowledged: the handle is a good one. */
void kafka_recover_worked(struct kafka_producer *p);
int kafka_recover_open(struct kafka_producer *p);

#endif
