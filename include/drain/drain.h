/* SPDX-License-Identifier: Apache-2.0 */
/* Records from Kafka to collectors; committed when delivered, kept when nobody can take them. */
#ifndef DRAIN_H
#define DRAIN_H

#include "policy/cause_counts.h"
#include "policy/drain_ledger.h"
#include "kafka/consumer.h"
#include "exporter/exporter.h"
#include "quarantine/quarantine.h"
#include "policy/replay.h"
#include "policy/replay_counts.h"

struct drain_opts {
	struct kafka_consumer_opts consumer;
	struct exporter_opts exporter;
	struct quarantine_opts quarantine;
	uint64_t max_bytes;        /* of records in memory, whatever they wait for */
	uint64_t max_ahead;        /* records read beyond the oldest that is not done, of one partition */
	struct replay_point from;  /* REPLAY_STORED or REPLAY_NONE: as the group has stored */
	struct replay_point until; /* REPLAY_NONE: without end */
	struct replay_counts
	        *counts; /* not NULL, a dry run: each record read is counted in COUNTS, none is posted and no offset is
	                     * committed */
	/* The topic is one that a drain has filled as its quarantine: each record is posted as one that may have arrived,
	 * and one that is refused again keeps its origin. */
	bool from_quarantine;
	struct cause_counts *refused; /* not NULL: records that went to the quarantine are counted in it by cause */
	bool stops_at_loss; /* no record behind a gap is posted, where the broker deleted records that were not read */
	/* May be NULL. Called when stops_at_loss has taken effect: the owner must stop the drain. */
	void (*lost)(void *arg);
	/* May be NULL. Called when every record below UNTIL is done: the owner may stop the drain. */
	void (*finished)(void *arg);
	void *finished_arg; /* of both */
};

struct drain;

/* Neither brokers nor collectors need to be there. E_USAGE names what is wrong. Posts "kafka",
 * "collector", "store" and "quarantine" on HEALTH. */
int drain_open(struct drain **out, struct loop *l, const struct drain_opts *opts, struct health *health,
        struct why *why) MUST_USE;

/* Reads no more, waits up to BUDGET_MS for answers, commits what is done, leaves the group, calls
 * STOPPED. What was not delivered is somebody else's then. */
void drain_stop(struct drain *d, uint64_t budget_ms, void (*stopped)(void *arg), void *arg);

const struct drain_ledger *drain_ledger(const struct drain *d);

/* One reading, for pages. */
struct drain_stats {
	uint64_t bytes;         /* of records in memory */
	uint64_t waiting;       /* records that no request has taken yet */
	uint64_t in_quarantine; /* records on their way into quarantine */
	uint64_t oldest_age_us; /* since the oldest record in flight was read; 0 none */
	uint64_t transcoded;    /* records that were in compact protocol */
	uint64_t taken;         /* records that the consumer handed out, ever */
	uint64_t partitions;    /* assigned to this drain now */
	bool paused;            /* reading, for lack of room */
};
void drain_stats(const struct drain *d, struct drain_stats *to);
struct exporter *drain_exporter(const struct drain *d);
const struct kafka_fault *drain_kafka_fault(const struct drain *d);

/* Of a drain with an end, over the partitions that are assigned to it. */
struct drain_progress {
	uint64_t done;  /* records, by offset: holes count as records */
	uint64_t whole; /* 0: not known yet, or nothing to do */
	bool finished;
};
void drain_progress(const struct drain *d, struct drain_progress *to);

struct drain_lag {
	int32_t partition;
	int64_t records;    /* between what is done and the end; -1 unknown */
	uint64_t behind_ms; /* age of the oldest record not done, 0 when there is none */
	uint64_t ahead;     /* records read beyond the oldest that is not done */
	int64_t next;       /* the first offset not done, -1 unknown */
};
/* Calls EACH for every partition that is assigned to this drain. */
void drain_each_lag(struct drain *d, void (*each)(void *arg, const struct drain_lag *lag), void *arg);

/* Appends the metrics of a ledger and of the requests of the exporter E, as Prometheus text. */
void drain_way_metrics(const struct drain_ledger *l, struct exporter *e, struct buf *to);
/* Appends the drain's metrics, those among them; those of its collectors and of Kafka are none of them. */
void drain_metrics(struct drain *d, struct buf *to);

/* After stopped, or when nothing was read. NULL is fine. */
void drain_free(struct drain *d);

#endif
