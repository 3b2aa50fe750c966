/* quarantine: keeps the records that no collector can take, durably, with what is known about them. */
#ifndef QUARANTINE_H
#define QUARANTINE_H

#include "health.h"
#include "kafka_producer.h"
#include "list.h"
#include "loop.h"

enum quarantine_kind {
	QUARANTINE_TOPIC, /* as records of another topic */
	QUARANTINE_DIRECTORY, /* as files: NAME.value holds the bytes, NAME.headers the key and the headers */
	QUARANTINE_NONE, /* nowhere: whoever is put here stays */
};

struct quarantine_opts {
	enum quarantine_kind kind;
	const char *where;                       /* topic or directory */
	const char *brokers;                     /* of the topic */
	const struct kafka_property *properties; /* for the topic's producer */
	size_t nproperties;
};

/* Everything that opening a quarantine of kind QUARANTINE_TOPIC would refuse; no connection is opened. */
int quarantine_topic_check(const struct quarantine_opts *opts, struct why *why) MUST_USE;

struct quarantine_item {
	struct list link;           /* the quarantine's */
	struct kafka_record record; /* all it refers to is borrowed until kept */
	const char *name;           /* for files, without a slash */
};

struct quarantine_events {
	/* ITEM is durable and the caller's again. Never from inside quarantine_put. */
	void (*kept)(void *arg, struct quarantine_item *item);
	void *arg;
};

struct quarantine;

/* E_USAGE for a wrong property, E_IO, E_DENIED … for a directory that cannot be used. The brokers
 * need not be there. Posts "quarantine" on HEALTH. */
int quarantine_open(struct quarantine **out, struct loop *l, const struct quarantine_opts *opts,
        const struct quarantine_events *events, struct health *health, struct why *why) MUST_USE;

/* Takes ITEM, and tries until it is kept. */
void quarantine_put(struct quarantine *q, struct quarantine_item *item);

/* Items not kept yet. */
size_t quarantine_waiting(const struct quarantine *q);

/* Waits up to BUDGET_MS for what is under way, then gives up the rest; FLUSHED is called when nobody
 * touches an item any more, never from inside this call. No kept() comes after it. */
void quarantine_flush(
        struct quarantine *q, uint64_t budget_ms, void (*flushed)(void *arg), void *arg);

void quarantine_free(struct quarantine *q);

#endif
