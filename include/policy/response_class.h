/* SPDX-License-Identifier: Apache-2.0 */
/* What a collector's answer means for the batch that was posted. */
#ifndef RESPONSE_CLASS_H
#define RESPONSE_CLASS_H

#include "base/slice.h"

enum response {
	RESPONSE_DONE,          /* delivered */
	RESPONSE_RETRY,         /* send it again later, for ever */
	RESPONSE_SPLIT,         /* too large: send it in parts */
	RESPONSE_REFUSED,       /* perhaps this batch is bad, perhaps all are refused: see response_verdict */
	RESPONSE_MISCONFIGURED, /* an operator must look; nothing is wrong with the batch */
};

/* STATUS is 0 when no answer came, because of the configuration (URL, TLS, unknown host) or not. BODY
 * is the beginning of the answer's. */
enum response response_class(int status, bool misconfigured, struct slice body);

/* True when the answer says that the collector does not read gzip: Jaeger 1.x ignores Content-Encoding and takes the
 * first byte of the compressed body, 0x1f, for a Thrift type; the OpenTelemetry Collector names the encoding; 415 is
 * the standard's (RFC 9110). To a request whose body was compressed that is RESPONSE_MISCONFIGURED, for every other
 * compressed request gets the same answer. */
bool answers_gzip_unread(int status, struct slice body);

/* True when the batch may be stored although no 2xx says so. WAS_SENT: some of the request left this host.
 * Without an answer nobody knows; a 502 or 504 of a proxy says nothing of the collector behind it, and
 * Jaeger answers 500 and 503 after it queued some spans of the batch. */
bool response_may_be_stored(int status, bool was_sent);

/* A word for logs and quarantine headers. */
const char *response_cause(enum response a);

enum verdict {
	VERDICT_AGAIN,  /* once more, with another collector if there is one */
	VERDICT_ASK,    /* nothing tells batch and collector apart: ask with a batch known to be good */
	VERDICT_POISON, /* others pass, this one does not */
	VERDICT_HOLD,   /* it refuses whatever it is sent: stop before the topic ends in quarantine */
};

/* What is known when a batch was refused. */
struct refusal {
	uint32_t times;          /* this batch was refused, now included */
	uint64_t first_us;       /* moment of its first refusal */
	uint64_t last_good_us;   /* last moment the collector that refused it now took another; 0 never */
	uint32_t refused_in_row; /* refusals by that collector since then, now included */
};

/* As many refusals in a row are no longer taken for that many bad batches. */
enum { REFUSED_IN_ROW_MAX = 200 };

enum verdict response_verdict(const struct refusal *r);

/* How a batch fares that is always told to try again, and how the others fared since its first failure. */
struct trail {
	uint32_t failures;
	uint64_t lasted_us;
	uint64_t others_good;
	uint64_t others_bad;
};

/* True when the failures stick to this batch: it failed often and long while nearly all others passed. */
bool response_stuck(const struct trail *t);

#endif
