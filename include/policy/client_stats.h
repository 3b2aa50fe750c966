/* SPDX-License-Identifier: Apache-2.0 */
/* The losses that clients report of themselves. jaeger-client-go numbers its batches and sends with each the totals of
 * the spans that it dropped; jaeger-agent served their sums as client_stats_*, and so does the agent. */
#ifndef CLIENT_STATS_H
#define CLIENT_STATS_H

#include "base/list.h"
#include "base/slice.h"

enum {
	/* Clients followed at a time, in about 400 KiB that are allocated with the first of them. A host that starts a
	 * new client every second stays below it, since a client is forgotten after CLIENT_STATS_IDLE_S. */
	CLIENT_STATS_MOST = 4096,
	/* A client whose numbers have not advanced for this long is forgotten, as jaeger-agent does. */
	CLIENT_STATS_IDLE_S = 3600,
};

/* Why a client dropped spans; the order is that of the fields of ClientStats in jaeger.thrift. */
enum client_loss { CLIENT_FULL_QUEUE, CLIENT_TOO_LARGE, CLIENT_SEND_FAILURE, CLIENT_LOSSES };

struct client_table;

/* A struct of zeros is valid and follows nobody. No counter ever decreases. */
struct client_stats {
	uint64_t received;               /* batches with a client's id and a number */
	uint64_t sent;                   /* batches that these clients have sent since their first one that arrived */
	uint64_t dropped[CLIENT_LOSSES]; /* spans that they dropped since then */
	uint64_t connected;              /* clients followed now */
	uint64_t unfollowed;             /* batches of RECEIVED whose client was one too many */
	struct client_table *table;      /* NULL until the first client */
};

/* Counts one batch of the client UUID. NUMBER is its seqNo; DROPPED has the client's totals, or is NULL when the batch
 * has none. The first batch of a client only begins its counting; one whose number is not above the last is late, and
 * tells nothing. NOW_US is monotonic. */
void client_stats_add(struct client_stats *c, struct slice uuid, int64_t number, const int64_t dropped[CLIENT_LOSSES],
        uint64_t now_us);

/* Forgets idle clients. To be called before CONNECTED is read. */
void client_stats_expire(struct client_stats *c, uint64_t now_us);
void client_stats_free(struct client_stats *c);

#endif
