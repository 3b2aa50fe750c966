/* SPDX-License-Identifier: Apache-2.0 */
/* drain_internal.h — the drain's inside: records on their way, and the partitions they come from. */
#ifndef DRAIN_INTERNAL_H
#define DRAIN_INTERNAL_H

#include "drain/drain.h"
#include "base/log.h"
#include "base/pool.h"
#include "policy/watermark.h"

struct quarantine_job;

/* What is posted of a record's value. All zero before drain_value_read. */
struct drain_value {
	struct slice bytes; /* the record's, or OWN */
	struct buf own;     /* the value transcoded from compact protocol */
	bool transcoded;
	struct inspect_facts facts; /* of a value that can be posted */
};

/* What is posted of a record's headers, borrowed from them. All zero before drain_headers_take. */
struct drain_headers {
	struct slice id; /* "" where there is none that is fit */
	struct slice received;
	bool maybe_dup;
};

struct record {
	struct list link;  /* of drain.records */
	struct list waits; /* of drain.waiting, until the exporter takes it */
	struct drain *drain;
	struct kafka_message message;
	struct drain_value value;
	struct drain_headers headers;
	const char *refused; /* the cause of its being in quarantine; NULL none */
	uint64_t ticket;     /* of the partition's watermark */
	uint32_t spans;
	struct quarantine_job *job; /* NULL until it goes to the quarantine */
};

/* A partition that was assigned to this drain at least once. Its address stays. */
struct drain_partition {
	struct watermark watermark; /* of the offsets that may be committed */
	bool assigned;              /* to this member of the group, now */
	bool blocked;               /* opts.max_ahead records were read beyond its oldest that is not done */
	int64_t seen_ms;            /* timestamp of the last record read, -1 unknown */
	bool has_range;             /* RANGE is known, from the first assignment on */
	bool range_read;            /* every record of the range was read */
	struct replay_range range;
};

struct drain {
	struct loop *loop;
	struct drain_opts opts;
	struct health *health;
	struct kafka_consumer *consumer;
	struct exporter *exporter;
	struct quarantine *quarantine;
	struct drain_partition **partitions; /* by number; NULL: never assigned */
	int32_t npartitions;
	uint64_t blocked;    /* partitions that are */
	struct list records; /* all in memory, in the order they were read */
	struct pool spare_records;
	struct list waiting; /* those that the exporter has no room for */
	struct timer *heartbeat;
	struct drain_ledger ledger;
	struct drain_stats stats;
	struct log_limit refused_limit; /* of lines about bad records */
	uint64_t unlogged;              /* records that no line was written about */
	bool wants_room;                /* the exporter had none, and calls drain_on_room when it has */
	enum exporter_state sending;    /* the exporter's, as it told last */
	bool was_failing;               /* drain_post_failing posted */
	bool finished;                  /* the owner was told so */
	bool halted;                    /* retention took records, and opts.stops_at_loss: nothing more is read */
	bool stopping;
	uint64_t budget_ms;
	void (*stopped)(void *arg);
	void *stopped_arg;
};

/* value.c. RAW becomes V, which borrows from it: 0 and V can be posted, or CAUSE, a word, and WHY say why not. */
int drain_value_read(struct drain_value *v, struct slice raw, const char **cause, struct why *why) MUST_USE;
void drain_value_free(struct drain_value *v);
/* One header of a record: HEADERS is a struct drain_headers. */
void drain_headers_take(void *headers, const char *name, struct slice value);

/* record.c: the events of consumer, exporter and quarantine. */
void drain_on_message(void *drain, const struct kafka_message *m);
void drain_on_done(void *drain, const struct exporter_report *report);
void drain_on_room(void *drain);
bool drain_has_more(void *drain);
void drain_on_quarantined(void *drain, struct quarantine_item *item, enum quarantine_outcome outcome);
/* R leaves this drain without an outcome: the member that has its partition next reads it again. Frees R. */
void record_hand_on(struct record *r);
/* Pauses or resumes the consumer, by the room that is left for records. */
void drain_pause_or_resume(struct drain *d);
/* Hands waiting records to the exporter as far as it has room, then drain_pause_or_resume. */
void drain_post_waiting(struct drain *d);

/* quarantine_job.c: hands R to the quarantine. CAUSE is one word; STATUS, of HTTP, 0 for none; DETAIL a sentence. */
void drain_quarantine(struct record *r, const char *cause, int status, const char *detail);
/* The record of ITEM, which the quarantine has kept. */
struct record *quarantine_job_record(struct quarantine_item *item);
void quarantine_job_free(struct quarantine_job *job);

/* range.c: a drain with --from or --until. */
bool drain_is_ranged(const struct drain *d);
/* Gives the offset at which reading of PARTITION begins, now that it was assigned, and fills PART->range at the first
 * assignment. STORED is the group's committed offset, as the consumer says. */
int64_t drain_range(struct drain *d, struct drain_partition *part, int32_t partition, int64_t stored);
/* The consumer has come to OFFSET of PARTITION. True: the range ends before it, and the record is not read. */
bool drain_is_beyond(struct drain *d, int32_t partition, int64_t offset);
/* Tells the owner when the last record of all ranges is done. */
void drain_check_end(struct drain *d);

/* partition.c: partitions come and go. */
int64_t drain_on_assigned(void *drain, int32_t partition, uint64_t generation, int64_t stored);
void drain_on_revoked(void *drain, int32_t partition, bool lost);
void drain_on_at_end(void *drain, int32_t partition, int64_t offset);
void drain_on_lost_to_retention(void *drain, int32_t partition, int64_t from, int64_t to);
void drain_on_kafka_fault(void *drain);
void drain_on_collector(void *drain, enum exporter_state state, const char *sentence);
/* The exporter's state was BEFORE, and is NOW, with its SENTENCE; WHAT is added to it while nothing is delivered. */
void drain_post_collector(
        struct health *h, enum exporter_state before, enum exporter_state now, const char *sentence, const char *what);
void drain_on_confirmer(void *drain, enum confirmer_state state, const char *sentence);
/* Posts the records that fail each time while others are delivered. */
void drain_post_failing(struct drain *d);
struct drain_partition *drain_partition(const struct drain *d, int32_t partition);
/* R was read: its offset may not be committed before drain_record_done. E_NOMEM. */
int drain_track(struct record *r) MUST_USE;
/* R has its outcome: the watermark of its partition may move, and is stored for the next commit. */
enum watermark_move drain_record_done(struct record *r);

#endif
