/* drain_internal.h — the drain's inside: records on their way, and the partitions they come from. */
#ifndef DRAIN_INTERNAL_H
#define DRAIN_INTERNAL_H

#include "drain/drain.h"
#include "log.h"
#include "watermark.h"

enum record_place {
	RECORD_WAITS,     /* for the exporter's room */
	RECORD_POSTED,    /* the exporter has it */
	RECORD_CONDEMNED, /* the quarantine has it */
};

struct poison;

struct record {
	struct list link;  /* of all, in the order they were read */
	struct list waits; /* of waiting */
	struct drain *drain;
	struct kafka_message message;
	struct slice value; /* what is posted: the message's, or own */
	struct buf own;     /* transcoded */
	struct slice id;    /* of the message's headers, "" where there is none that is fit */
	struct slice received;
	bool maybe_dup;
	bool unconfirmed; /* given up by the exporter for this cause */
	uint64_t ticket;
	uint64_t read_us;
	uint32_t spans;
	struct inspect_facts facts; /* of a value that can be posted */
	enum record_place place;
	struct poison *poison;
};

/* One partition: what of it may be committed. Its address stays. */
struct drain_part {
	struct watermark mark;
	bool ours;
	bool blocked;    /* too far ahead of its oldest record */
	int64_t lost_at; /* what could have been committed when it was lost; -1 nothing */
	int64_t seen_ms; /* timestamp of the last record read, -1 unknown */
	bool ranged;     /* RANGE is known, from the first assignment on */
	bool read;       /* up to the range's end */
	struct replay_range range;
};

struct drain {
	struct loop *loop;
	struct drain_opts opts;
	struct health *health;
	struct kafka_consumer *consumer;
	struct exporter *exporter;
	struct quarantine *quarantine;
	struct drain_part **parts; /* by number; NULL where none was ever ours */
	int32_t nparts;
	uint64_t blocked; /* partitions that are */
	struct list records;
	struct list waiting;
	struct timer *heartbeat;
	struct drain_ledger ledger;
	struct drain_stats stats;
	struct log_gate bad_gate;    /* of lines about bad records */
	uint64_t bad_unsaid;         /* records that no line was written about */
	bool wants_room;             /* the exporter will tell */
	enum exporter_state sending; /* as last told */
	bool finished;               /* told so */
	bool halted;                 /* records are lost, and what follows is not to be sent */
	bool stopping;
	uint64_t budget_ms;
	void (*stopped)(void *arg);
	void *stopped_arg;
};

/* record.c: the events of consumer, exporter and quarantine. */
void drain_on_message(void *drain, const struct kafka_message *m);
void drain_on_done(void *drain, const struct exporter_report *report);
void drain_on_room(void *drain);
void drain_on_quarantined(
        void *drain, struct quarantine_item *item, enum quarantine_outcome outcome);
/* R is nobody's any more: whoever has the partition now will read it. */
void record_hand_on(struct record *r);
/* Reading goes on or pauses, as there is room. */
void drain_throttle(struct drain *d);
/* The same, and posts what waits as far as there is room. */
void drain_look(struct drain *d);

/* refused.c: R goes to quarantine. */
void drain_condemn(struct record *r, const char *cause, int status, const char *detail);
struct record *drain_acquit(struct quarantine_item *item);
void poison_free(struct poison *p);

/* range.c: a drain with --from or --until. */
bool drain_is_ranged(const struct drain *d);
/* Where PART begins, and what it reads of PARTITION, now that it was assigned; STORED as the consumer says. */
int64_t drain_range(struct drain *d, struct drain_part *part, int32_t partition, int64_t stored);
/* OFFSET of PARTITION was met. True: it lies beyond the end, so it is not read. */
bool drain_is_beyond(struct drain *d, int32_t partition, int64_t offset);
/* Tells the owner when the last record of all ranges is done. */
void drain_look_for_end(struct drain *d);

/* partition.c: partitions come and go. */
int64_t drain_on_assigned(void *drain, int32_t partition, uint64_t generation, int64_t stored);
void drain_on_revoked(void *drain, int32_t partition, bool lost);
void drain_on_at_end(void *drain, int32_t partition, int64_t offset);
void drain_on_lost_to_retention(void *drain, int32_t partition, int64_t from, int64_t to);
void drain_on_kafka_trouble(void *drain);
void drain_on_collector(void *drain, enum exporter_state state, const char *sentence);
void drain_on_sight(void *drain, enum confirmer_sight sight, const char *sentence);
struct drain_part *drain_part(const struct drain *d, int32_t partition);
/* R was read: it has its place in the watermark. E_NOMEM. */
int drain_begin_with(struct record *r) MUST_USE;
/* R is done. */
enum watermark_move drain_done_with(struct record *r);

#endif
