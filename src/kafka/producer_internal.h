/* SPDX-License-Identifier: Apache-2.0 */
/* producer_internal.h — the producer's state, shared by producer.c, reports.c and recover.c. */
#ifndef KAFKA_PRODUCER_PRIV_H
#define KAFKA_PRODUCER_PRIV_H

#include "handle.h"
#include "log.h"
#include "watch.h"

enum producer_state {
	PRODUCER_RUNNING,
	PRODUCER_EMPTYING, /* the handle failed or is being replaced: waits for its last reports */
	PRODUCER_PAUSED,   /* no handle: waits before it opens the next */
};

struct kafka_producer {
	enum producer_state state;
	struct loop *loop;
	struct kafka_producer_events events;
	char *brokers, *topic;
	struct kafka_producer_opts opts; /* points to these strings and the properties in watch */
	struct kafka_watch *watch;       /* the files that properties refer to */
	rd_kafka_conf_t *conf;           /* for the next handle */
	struct wakeup *wakeup;

	struct kafka_handle main;
	struct kafka_handle alone; /* sends one record per request; opened when a batch was refused */
	struct timer *idle;        /* closes ALONE when it was unused for ALONE_IDLE_MS */

	struct timer *recover_timer; /* EMPTYING: purge what is in flight; PAUSED: open the next handle */
	uint64_t pause_ms;           /* the next pause of PRODUCER_PAUSED */
	bool replacing;              /* the handle is being replaced by one with new certificates or secrets */

	struct timer *retry_timer; /* after E_DOWN: room() when it fires */
	bool was_full;             /* E_FULL was returned: room() when half of the queue is free */
	uint64_t queue_records;
	uint64_t queue_bytes;

	uint32_t reported_by; /* the partition of the record being reported */

	struct timer *budget; /* the deadline of a flush */
	void (*flushed)(void *arg);
	void *flushed_arg;

	struct kafka_log log;
	struct kafka_producer_stats stats;
};

/* reports.c: handles the events of both handles and calls events.report for each record. */
void kafka_reports_serve(struct kafka_producer *p);

/* recover.c: the handle H has had a fatal error. */
void kafka_recover_failed(struct kafka_producer *p, struct kafka_handle *h);
/* Replaces the handles by new ones of p->conf, which has changed, once they are empty. */
void kafka_recover_replace(struct kafka_producer *p);
void kafka_recover_step(struct kafka_producer *p);
/* A record was acknowledged: resets the pause. */
void kafka_recover_worked(struct kafka_producer *p);
int kafka_recover_open(struct kafka_producer *p);

static inline void kafka_producer_report_room(struct kafka_producer *p)
{
	if (p->events.room != NULL)
		p->events.room(p->events.arg);
}

#endif
