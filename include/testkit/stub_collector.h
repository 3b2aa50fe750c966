/* SPDX-License-Identifier: Apache-2.0 */
/* A stub collector for demo, tests and bench: it answers like a real one or as scripted, stores spans at a set
 * speed, and serves a metrics page with its counters. */
#ifndef STUB_COLLECTOR_H
#define STUB_COLLECTOR_H

#include "span/inspect.h"
#include "loop/loop.h"
#include "testkit/stub_store.h"

/* The product whose metrics page is imitated. */
enum stub_page {
	STUB_PAGE_JAEGER,    /* Jaeger 1.x, port 14269 */
	STUB_PAGE_OTEL,      /* Jaeger 2.x and OpenTelemetry Collector, port 8888 */
	STUB_PAGE_OTEL_BARE, /* like STUB_PAGE_OTEL, without the suffix "_total" */
};

/* How a GET of the metrics page is answered. */
enum stub_metrics_mode {
	STUB_METRICS_SERVED,
	STUB_METRICS_OFF, /* the port is closed */
	STUB_METRICS_404,
	STUB_METRICS_500,
	STUB_METRICS_HANGS,   /* no answer until the mode changes */
	STUB_METRICS_FOREIGN, /* the page of another collector with constant counters */
};

struct stub_collector_opts {
	const char *host;      /* address of both ports, borrowed; NULL: 127.0.0.1 */
	uint16_t port;         /* 0: a free port */
	uint16_t metrics_port; /* 0: a free port */
	/* Called for each accepted batch, before its spans, with the request's spanspool- headers; ID and RECEIVED
	 * are "" when absent. May be NULL. */
	void (*batch)(void *arg, const char *id, const char *received, bool maybe_dup);
	/* Called for each span that is stored, in order: without a queue when its batch is accepted, otherwise later
	 * or never. May be NULL. It may call stub_collector_down() and stub_store_restart(). */
	void (*stored)(void *arg, const struct stub_span *span);
	void *arg;
	struct stub_store_opts store; /* all zero: spans are stored at once */
	enum stub_page page;
	enum stub_metrics_mode metrics;
	bool close_each; /* "Connection: close" on every answer, as Jaeger 1.76 and 2.x */
};

struct stub_counts {
	uint64_t requests;   /* complete POSTs to /api/traces */
	uint64_t taken;      /* accepted batches */
	uint64_t spans;      /* spans in accepted batches */
	uint64_t refused;    /* answered 400: not a batch */
	uint64_t scripted;   /* answered as scripted, not accepted */
	uint64_t unanswered; /* accepted, and the connection closed without an answer */
	uint64_t pages;      /* answered GETs of the metrics page, in any mode */
};

struct stub_collector;
int stub_collector_open(
        struct stub_collector **out, struct loop *l, const struct stub_collector_opts *opts, struct why *why) MUST_USE;
/* "http://HOST:PORT"; does not change with down and up. */
const char *stub_collector_url(const struct stub_collector *s);
/* "http://HOST:PORT/metrics" on another port; never changes. */
const char *stub_collector_metrics_url(const struct stub_collector *s);
/* Counts of the requests over HTTP, since the stub was opened; a restart does not reset them. */
const struct stub_counts *stub_collector_counts(struct stub_collector *s);
/* The store behind it: to make it slow, fail or full, and to read its counters. Borrowed. */
struct stub_store *stub_collector_store(struct stub_collector *s);

/* Down: closes both ports and all connections, also those with hanging or delayed requests. The store runs on:
 * queued spans are stored. */
void stub_collector_down(struct stub_collector *s);
/* Up: opens both ports. 0, or an error when a port is in use. */
int stub_collector_up(struct stub_collector *s, struct why *why) MUST_USE;
/* Kill and start: down, stub_store_restart(), up. */
int stub_collector_restart(struct stub_collector *s, struct why *why) MUST_USE;

enum { STUB_FOR_EVER = -1 };
/* The next N requests are answered STATUS and not accepted, with a Retry-After header unless RETRY_AFTER_S < 0. N =
 * 0 ends that. */
void stub_collector_script(struct stub_collector *s, int status, int n, int retry_after_s);
/* The body of scripted answers, copied; "": a collector's usual text. */
void stub_collector_script_text(struct stub_collector *s, const char *text);
/* Every batch of a service whose name has this BEGINNING, copied, is answered 500; "": none is. */
void stub_collector_fail_services(struct stub_collector *s, const char *beginning);
/* The next N requests are accepted, and the connection is closed without an answer. */
void stub_collector_swallow(struct stub_collector *s, int n);
/* The next N requests are accepted and yet answered STATUS, as by a proxy whose time-out is over. */
void stub_collector_deny(struct stub_collector *s, int status, int n);
/* Each answer is sent MS after its batch was accepted. */
void stub_collector_delay(struct stub_collector *s, uint64_t ms);
/* While HANG, requests are read but not handled; when it ends they all are. */
void stub_collector_hang(struct stub_collector *s, bool hang);

/* 0, or an error when the port cannot be opened again. */
int stub_collector_metrics(struct stub_collector *s, enum stub_metrics_mode mode, struct why *why) MUST_USE;
/* Each page shows the counters at the time of the request and is sent MS later. */
void stub_collector_metrics_delay(struct stub_collector *s, uint64_t ms);

void stub_collector_free(struct stub_collector *s);

#endif
