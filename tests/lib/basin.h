/* basin.h — a drain as a process of its own between a mock cluster and a stub collector, both the
 * test's. Records are numbered; every ledger that is asked for is held against the identities. */
#ifndef BASIN_H
#define BASIN_H

#include "base/buf.h"
#include "testkit/child.h"
#include "http/client.h"
#include "kafka/mock.h"
#include "kafka/producer.h"
#include "loop/loop.h"
#include "testkit/stub_collector.h"

enum { BASIN_RECORDS = 65536, BASIN_SECONDS = 60, BASIN_ARGS = 24 };
#define BASIN_TOPIC "tracing-topic"
#define BASIN_QUARANTINE "tracing-topic-quarantine"
#define BASIN_GROUP "tracing-app"

/* One side of the ledger. */
struct basin_counts {
	int64_t read, delivered, quarantined, in_flight, skipped_empty, handed_on, late,
	        lost_to_retention;
};

struct basin {
	struct loop *loop;
	struct kafka_mock *kafka;
	struct kafka_producer *producer;
	struct stub_collector *stub;
	uint64_t taken, taken_marked; /* batches that the stub took; of these with the mark */
	char taken_id[600];           /* of the last one, and its time of receipt */
	char taken_received[32];
	struct http_client *client;
	struct child *drain;
	const char
	        *program; /* instead of the drain itself, below the build directory; NULL: none */
	char *directory;
	uint16_t admin;
	int partitions;
	uint32_t produced;     /* numbered records, from 1 */
	uint32_t acknowledged; /* of all records */
	uint32_t sent;         /* all records given to the producer */
	uint32_t spans_each;
	uint32_t seen[BASIN_RECORDS];       /* spans that the stub stored, by record */
	struct basin_counts records, spans; /* as last asked */
	int64_t unconfirmed_records, unconfirmed_spans;
	struct buf page; /* the last page that was got */
	int status;      /* its status, 0 none came */
	bool answered;
};

/* Cluster and collector are up, the drain is not started. Bails out when that cannot be had. */
void basin_open(struct basin *b, int partitions);
/* The same; what stands behind the stub collector is STORE, instead of a store that has all at once. */
void basin_open_storing(struct basin *b, int partitions, const struct stub_store_opts *store);
/* Ends the drain if it runs, and takes everything away. */
void basin_close(struct basin *b);

/* N numbered records of SPANS spans each, spread over the partitions. Returns when all are
 * acknowledged. */
void basin_produce(struct basin *b, uint32_t n, uint32_t spans);
/* One record of any content; VALUE.at == NULL is a null value. */
void basin_produce_raw(struct basin *b, struct slice value, struct slice key,
        const struct kafka_header *headers, size_t nheaders);

/* Starts the drain with these options besides those it needs, NULL at the end, and waits until it
 * serves. A --collector.url among them takes the place of the stub's. False: it ended, or does not serve in time. */
bool basin_start(struct basin *b, ...) __attribute__((sentinel));
/* Starts one more drain, which is the caller's, with its admin pages at ADMIN and these options, NULL at the end; waits
 * for nothing. Frees what *DRAIN was before. */
void basin_launch(
        struct basin *b, struct child **drain, uint16_t admin, const char *const *options);
/* The file that it prints to. */
const char *basin_log(struct basin *b);
/* How many lines of it hold TEXT. */
int basin_said(struct basin *b, const char *text);

/* GET PATH of the admin port into b->page: its status, 0 without an answer. */
int basin_get(struct basin *b, const char *path);
/* Asks for the ledger; fails the test when the identities do not hold. */
void basin_ledger(struct basin *b);

/* Runs the loop until COND is true. False when that takes too long. */
bool basin_until(struct basin *b, bool (*cond)(struct basin *b));
/* Conditions. */
bool basin_all_seen(struct basin *b); /* every numbered record is in the stub's store, whole */
bool basin_none_in_flight(struct basin *b);
bool basin_all_done(struct basin *b); /* the drain has read, and done with, all that was sent */

/* How often records were seen beyond once, and how many were not seen whole. */
uint32_t basin_duplicates(const struct basin *b);
uint32_t basin_missing(const struct basin *b);

/* Offsets that the group has committed, summed over the partitions. */
int64_t basin_committed(struct basin *b);

/* SIGKILL, and buried. */
void basin_kill(struct basin *b);
/* SIGTERM: its exit status, -1 when it does not end in time. */
int basin_stop(struct basin *b);

#endif
