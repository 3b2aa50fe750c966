/* lab: a collector for demo, tests and bench; answers as a real one, or as it is told. */
#ifndef STUB_COLLECTOR_H
#define STUB_COLLECTOR_H

#include "inspect.h"
#include "loop.h"

struct stub_collector_opts {
	uint16_t port; /* of 127.0.0.1; 0 takes a free one */
	/* Called for each span of a batch that is taken, in order; may be NULL. It may take the
	 * collector down, which happens when the batch is through; not free it. */
	void (*each)(void *arg, const struct inspect_span *span);
	/* Called for each batch that is taken, before its spans, with the request's spanspool- headers: ID
	 * and RECEIVED are "" where it has none. May be NULL. */
	void (*batch)(void *arg, const char *id, const char *received, bool maybe_dup);
	void *arg;
	bool close_each; /* "Connection: close" on every answer, as Jaeger 1.76 and 2.x */
};

struct stub_counts {
	uint64_t requests;   /* POSTs to /api/traces that came in whole */
	uint64_t taken;      /* batches */
	uint64_t spans;      /* of the batches taken */
	uint64_t refused;    /* answered 400: not a batch */
	uint64_t scripted;   /* answered as told, nothing taken */
	uint64_t unanswered; /* taken, and the connection closed without a word */
};

struct stub_collector;
int stub_collector_open(struct stub_collector **out, struct loop *l,
        const struct stub_collector_opts *opts, struct why *why) MUST_USE;
/* "http://127.0.0.1:PORT"; the same through down and up. */
const char *stub_collector_url(const struct stub_collector *s);
const struct stub_counts *stub_collector_counts(const struct stub_collector *s);

/* Down: the port is closed, connections are dropped, what hangs or waits too. */
void stub_collector_down(struct stub_collector *s);
/* 0, or the port is taken. */
int stub_collector_up(struct stub_collector *s, struct why *why) MUST_USE;

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

void stub_collector_free(struct stub_collector *s);

#endif
