/* SPDX-License-Identifier: Apache-2.0 */
/* scripted_collector.h — an HTTP collector that reads each POST whole and answers as its owner decides: any
 * status, well formed or not, whole or cut off, at once or a byte at a time. */
#ifndef SCRIPTED_COLLECTOR_H
#define SCRIPTED_COLLECTOR_H

#include "looptest.h"

/* The shape of an answer. Where nothing else is said the head is whole and well formed. */
#define SCRIPTED_SHAPES(X)                                                                                             \
	X(SCHEMA_PLAIN, "plain")                                                                                       \
	X(SCHEMA_CLOSING, "Connection: close")                                                                         \
	X(SCHEMA_NONE, "no answer, connection closed")                                                                 \
	X(SCHEMA_CUT_HEAD, "reset within the head")                                                                    \
	X(SCHEMA_CUT_BODY, "reset within the body")                                                                    \
	X(SCHEMA_SLOW, "a byte at a time")                                                                             \
	X(SCHEMA_LENGTH_LONG, "Content-Length larger than the body")                                                   \
	X(SCHEMA_LENGTH_SHORT, "Content-Length smaller, another answer behind")                                        \
	X(SCHEMA_LENGTH_NEGATIVE, "Content-Length: -1")                                                                \
	X(SCHEMA_LENGTH_WORD, "Content-Length: two")                                                                   \
	X(SCHEMA_LENGTH_HUGE, "Content-Length of 20 digits")                                                           \
	X(SCHEMA_CHUNKS_JUNK, "junk instead of chunks")                                                                \
	X(SCHEMA_CHUNKS_CUT, "closed within a chunk")                                                                  \
	X(SCHEMA_BOMB, "16 MiB of zeros in gzip")                                                                      \
	X(SCHEMA_REDIRECT, "Location: the same URL")                                                                   \
	X(SCHEMA_INTERIM, "three 100 Continue before it")                                                              \
	X(SCHEMA_NOT_HTTP, "no HTTP at all")

enum scripted_shape {
#define X(name, text) name,
	SCRIPTED_SHAPES(X)
#undef X
	        SHAPES_N
};
const char *scripted_shape_text(enum scripted_shape s);

struct scripted_answer {
	int status;
	enum scripted_shape shape;
	const char *text;        /* of the body; NULL: none */
	const char *retry_after; /* value of the header; NULL: none */
};

/* Borrowed for the call. */
struct scripted_request {
	const char *head; /* request line and headers */
	struct slice body;
};

struct scripted_events {
	/* The head of a POST is in: true to reset the connection before its body is. Asked once. May be NULL. */
	bool (*cuts)(void *arg, const struct scripted_request *r);
	/* A POST is in whole. TO is 202 and SCHEMA_PLAIN unless it is changed. */
	void (*decide)(void *arg, const struct scripted_request *r, struct scripted_answer *to);
	void *arg;
};

enum { SCRIPTED_CONNECTIONS = 32 };

struct scripted_connection {
	struct raw raw;
	struct scripted_collector *collector; /* NULL: not in use */
	struct timer *slowly;
	struct buf answer; /* of which SENT bytes have gone out slowly */
	size_t sent;
	bool head_seen; /* of the request that is coming in: the owner was asked whether it is cut */
};

struct scripted_collector {
	struct raw_server server;
	struct scripted_events events;
	struct scripted_connection connections[SCRIPTED_CONNECTIONS];
	char wrong[160]; /* the first request that no HTTP server should see; "" none */
};

/* On a free port of 127.0.0.1: s->server.port. */
void scripted_open(struct scripted_collector *s, struct loop *l, const struct scripted_events *events);
/* The same, at 127.0.0.HOST and PORT. */
void scripted_open_at(struct scripted_collector *s, struct loop *l, unsigned host, uint16_t port,
        const struct scripted_events *events);
/* A connection that was made elsewhere; FD becomes the collector's. */
void scripted_adopt(struct scripted_collector *s, int fd);
void scripted_close(struct scripted_collector *s);

#endif
