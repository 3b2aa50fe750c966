/* SPDX-License-Identifier: Apache-2.0 */
/* A collector for demo, tests and bench: it answers as a real one, or as it is told, stores what it took
 * as fast as it is told, and has a metrics page that knows. */
#ifndef STUB_COLLECTOR_H
#define STUB_COLLECTOR_H

#include "span/inspect.h"
#include "loop/loop.h"
#include "testkit/stub_store.h"

/* Whose metrics page it has. */
enum stub_page {
	STUB_PAGE_JAEGER,    /* Jaeger 1.x; as on its port 14269 */
	STUB_PAGE_OTEL,      /* Jaeger 2.x and OpenTelemetry Collector; as on their port 8888 */
	STUB_PAGE_OTEL_BARE, /* the same without "_total" */
};

/* How a GET of the metrics page is answered. */
enum stub_metrics_mode {
	STUB_METRICS_SERVED,
	STUB_METRICS_OFF, /* the port is closed */
	STUB_METRICS_404,
	STUB_METRICS_500,
	STUB_METRICS_HANGS,   /* no answer until the mode changes */
	STUB_METRICS_FOREIGN, /* the page of another collector, whose counters do not move */
};

struct stub_collector_opts {
	const char *host;      /* address of both ports, borrowed; NULL is 127.0.0.1 */
	uint16_t port;         /* 0 takes a free one */
	uint16_t metrics_port; /* the same */
	/* Called for each batch that is taken, before its spans, with the request's spanspool- headers: ID
	 * and RECEIVED are "" where it has none. May be NULL. */
	void (*batch)(void *arg, const char *id, const char *received, bool maybe_dup);
	/* Called for each span that is in the store, in the order of saving: without a queue when it is taken,
	 * otherwise later, or never. May be NULL. It may take the collector down, or restart the store. */
	void (*stored)(void *arg, const struct stub_span *span);
	void *arg;
	struct stub_store_opts store; /* all zero: what is taken is stored at once */
	enum stub_page page;
	enum stub_metrics_mode metrics;
	bool close_each; /* "Connection: close" on every answer, as Jaeger 1.76 and 2.x */
};

struct stub_counts {
	uint64_t requests;   /* POSTs to /api/traces that came in whole */
	uint64_t taken;      /* batches */
	uint64_t spans;      /* of the batches taken */
	uint64_t refused;    /* answered 400: not a batch */
	uint64_t scripted;   /* answered as told, nothing taken */
	uint64_t unanswered; /* taken, and the connection closed without a word */
	uint64_t pages;      /* GETs of the metrics page that were answered, however */
};

struct stub_collector;
int stub_collector_open(
        struct stub_collector **out, struct loop *l, const struct stub_collector_opts *opts, struct why *why) MUST_USE;
/* "http://HOST:PORT"; the same through down and up. */
const char *stub_collector_url(const struct stub_collector *s);
/* "http://HOST:PORT/metrics", of another port; the same through everything. */
const char *stub_collector_metrics_url(const struct stub_collector *s);
/* Counts of the requests over HTTP, since the stub was opened; a restart does not reset them. */
const struct stub_counts *stub_collector_counts(struct stub_collector *s);
/* To make it slow, away or full, and for its counters; borrowed. */
struct stub_store *stub_collector_store(struct stub_collector *s);

/* Down: both ports are closed, connections are dropped, what hangs or waits too. The process goes on: what is
 * queued is stored. */
void stub_collector_down(struct stub_collector *s);
/* 0, or a port is taken. */
int stub_collector_up(struct stub_collector *s, struct why *why) MUST_USE;
/* Killed and started: down, a new process with an empty queue and counters at 0, and up. */
int stub_collector_restart(struct stub_collector *s, struct why *why) MUST_USE;

enum { STUB_FOR_EVER = -1 };
/* The next N requests are answered STATUS and not taken; RETRY_AFTER_S below 0 sends no header.
 * N = 0 ends it. */
void stub_collector_script(struct stub_collector *s, int status, int n, int retry_after_s);
/* The body of scripted answers, copied; "" for a collector's usual words. */
void stub_collector_script_text(struct stub_collector *s, const char *text);
/* The next N requests are taken, then the connection is closed without an answer. */
void stub_collector_swallow(struct stub_collector *s, int n);
/* The next N requests are taken, and answered STATUS all the same, as by a proxy whose patience ends. */
void stub_collector_deny(struct stub_collector *s, int status, int n);
/* Each answer waits this long after its batch was taken. */
void stub_collector_delay(struct stub_collector *s, uint64_t ms);
/* While true, requests are read and nothing happens; then all that came are taken. */
void stub_collector_hang(struct stub_collector *s, bool hang);

/* 0, or its port is taken when it opens again. */
int stub_collector_metrics(struct stub_collector *s, enum stub_metrics_mode mode, struct why *why) MUST_USE;
/* Each page is made when it is asked for, and answered so much later. */
void stub_collector_metrics_delay(struct stub_collector *s, uint64_t ms);

void stub_collector_free(struct stub_collector *s);

#endif
