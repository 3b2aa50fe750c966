/* SPDX-License-Identifier: Apache-2.0 */
/* Classifies a collector's HTTP response: what it means for the batch that was posted. */
#ifndef RESPONSE_CLASS_H
#define RESPONSE_CLASS_H

#include "base/slice.h"

enum response {
	RESPONSE_DONE,          /* delivered */
	RESPONSE_RETRY,         /* send the batch again later, without limit */
	RESPONSE_SPLIT,         /* too large: send the batch in parts */
	RESPONSE_REFUSED,       /* the batch may be bad, or the collector refuses all: response_verdict decides */
	RESPONSE_MISCONFIGURED, /* an operator must act; nothing is wrong with the batch */
};

/* STATUS is 0 when no response came; MISCONFIGURED: because of the configuration (URL, TLS, unknown host). BODY is the
 * beginning of the response's body. */
enum response response_class(int status, bool misconfigured, struct slice body);

/* True when the response shows that the collector does not decode gzip: Jaeger 1.x ignores Content-Encoding and takes
 * the first byte of the compressed body, 0x1f, for a Thrift type; the OpenTelemetry Collector names the encoding; RFC
 * 9110 has status 415. The caller must treat it as RESPONSE_MISCONFIGURED for a compressed request, since every other
 * compressed request gets the same response. */
bool response_gzip_unread(int status, struct slice body);

/* True when the batch may have been stored without a 2xx: when no response came and some of the request was sent
 * (WAS_SENT), and after any 5xx. A proxy's 502 or 504 says nothing about the collector behind it, and Jaeger responds 500
 * or 503 after it queued some spans of the batch. */
bool response_may_be_stored(int status, bool was_sent);

/* A word for logs and quarantine headers. */
const char *response_cause(enum response a);

enum refusal_verdict {
	VERDICT_RETRY,  /* send the batch again, to another collector if there is one */
	VERDICT_PROBE,  /* batch or collector may be at fault: send the collector a batch that is known to be good */
	VERDICT_POISON, /* the batch is bad: the collector takes others */
	VERDICT_BLOCK,  /* the collector refuses every batch: stop, or the whole topic would be quarantined */
};

/* The facts about a refusal. */
struct refusal {
	uint32_t times;          /* how often this batch was refused, this time included */
	uint64_t first_us;       /* monotonic moment of its first refusal */
	uint64_t last_good_us;   /* monotonic; when the collector that refused it now took a batch last; 0: never */
	uint32_t refused_in_row; /* refusals by that collector since then, this one included */
};

/* More refusals in a row mean that the collector refuses everything. */
enum { REFUSED_IN_ROW_MAX = 200 };

enum refusal_verdict response_verdict(const struct refusal *r);
/* The verdict on a batch that was refused TIMES times and awaited a probe, when the collector has accepted the probe:
 * VERDICT_POISON, or VERDICT_RETRY when it was refused only once. */
enum refusal_verdict response_verdict_after_probe(uint32_t times);

/* The failures (RESPONSE_RETRY) of a batch, and the results of the other batches since its first failure. */
struct failure_history {
	uint32_t failures; /* of exactly this batch, or part of one */
	uint32_t
	        confirmed; /* failures, also of what this is a part of, before each of which another request was accepted
	                     * since the failure before */
	uint64_t lasted_us;   /* since the first failure */
	uint64_t others_good; /* requests that were accepted */
	uint64_t others_bad;  /* requests that failed once or more: repeats of a bad one say nothing of the collector */
};

/* True when the batch itself causes the failures: it failed often and for long while nearly all others passed. */
bool response_stuck(const struct failure_history *t);

#endif
