/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps what no destination takes, durably, with what is known about it. */
#ifndef QUARANTINE_H
#define QUARANTINE_H

#include "span/batch.h"
#include "telemetry/health.h"
#include "kafka/producer.h"
#include "base/list.h"
#include "loop/loop.h"
#include "spool/spool.h"

enum quarantine_kind {
	QUARANTINE_TOPIC,     /* as records of another topic */
	QUARANTINE_DIRECTORY, /* as files: NAME.value holds the bytes, NAME.headers the key and the headers */
	QUARANTINE_NONE,      /* nowhere: an item that is put here stays */
};

struct quarantine_opts {
	enum quarantine_kind kind;
	const char *where;                       /* topic or directory; of the spool for a sentence */
	const char *brokers;                     /* of the topic */
	const struct kafka_property *properties; /* for the topic's producer */
	size_t nproperties;
	struct spool *spool;     /* of quarantine_open_spool; it must stay open while an item waits */
	const char *consequence; /* of an item that cannot be kept, the end of a sentence; "" none */
};

/* Everything that opening a quarantine of kind QUARANTINE_TOPIC would refuse; no connection is opened. */
int quarantine_topic_check(const struct quarantine_opts *opts, struct why *why) MUST_USE;

/* What is kept. All that it refers to is borrowed until its outcome is told. */
struct quarantine_item {
	struct list link;           /* the quarantine's */
	const char *name;           /* for files and sentences, without a slash */
	struct kafka_record record; /* of all kinds but quarantine_open_spool, */
	const struct batch *batch;  /* which keeps this, */
	const char *cause;          /* why it is kept: a word, */
	const char *detail;         /* and a sentence, "" for none */
	int rc;                     /* the quarantine's: of the last try */
	bool filed;                 /* the quarantine's: the try failed, and has left the whole file (spool_has_file) */
};

enum quarantine_outcome {
	QUARANTINE_KEPT,     /* it is durable */
	QUARANTINE_FULL,     /* the quarantine has used its share of the disk, and does not take it */
	QUARANTINE_RETURNED, /* it was not kept, and is not tried again (quarantine_return) */
};

struct quarantine_events {
	/* ITEM is the caller's again. Never from inside quarantine_put. */
	void (*done)(void *arg, struct quarantine_item *item, enum quarantine_outcome outcome);
	void *arg;
};

struct quarantine;

/* E_USAGE for a wrong property, E_IO, E_DENIED … for a directory that cannot be used. The brokers
 * need not be there. Posts "quarantine" on HEALTH. */
int quarantine_open(struct quarantine **out, struct loop *l, const struct quarantine_opts *opts,
        const struct quarantine_events *events, struct health *health, struct why *why) MUST_USE;

/* The agent's: files in quarantine/ of OPTS->spool (spool_quarantine). E_NOMEM. */
int quarantine_open_spool(struct quarantine **out, struct loop *l, const struct quarantine_opts *opts,
        const struct quarantine_events *events, struct health *health) MUST_USE;

/* Takes ITEM, and tries until it has an outcome, with a pause after each failure. */
void quarantine_put(struct quarantine *q, struct quarantine_item *item);

/* Items without an outcome. */
size_t quarantine_waiting(const struct quarantine *q);
/* Tries that failed, one for each item and try. */
uint64_t quarantine_failures(const struct quarantine *q);

/* While items cannot be kept: takes back the newest that MAY allows, and that no worker has. NULL: there is none,
 * or nothing is wrong with the quarantine. */
struct quarantine_item *quarantine_reclaim(struct quarantine *q, bool (*may)(const struct quarantine_item *item));

/* Gives back each item that no worker has: QUARANTINE_RETURNED, or KEPT where its file is there. */
void quarantine_return(struct quarantine *q);

/* Waits up to BUDGET_MS for what is under way, then gives up the rest; FLUSHED is called when nobody
 * touches an item any more, never from inside this call. No done() comes after it. */
void quarantine_flush(struct quarantine *q, uint64_t budget_ms, void (*flushed)(void *arg), void *arg);

void quarantine_free(struct quarantine *q);

#endif
