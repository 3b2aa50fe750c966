/* SPDX-License-Identifier: Apache-2.0 */
/* Converts a datagram of any Jaeger client to a Batch in TBinaryProtocol, in one pass. */
#ifndef TRANSCODE_H
#define TRANSCODE_H

#include "base/buf.h"

enum {
	/* Upper bound of the growth of a datagram, without the agent's tags; the worst case is an unknown list of
	 * one-byte i64. */
	TRANSCODE_GROWTH = 8,
	/* Maximum nesting of structs, lists and maps; the Batch is level 1. Thrift's Go library refuses to skip 64
	 * levels, so a reader can skip every unknown field of an accepted Batch. */
	TRANSCODE_DEPTH = 64,
};

/* Tags that --agent.tags adds to each Process: concatenated Tag structs in TBinaryProtocol. All zero: none. */
struct transcode_tags {
	struct slice encoded;
	uint32_t count;
};

/* What a batch says of its client: only jaeger-client-go numbers its batches. */
struct client_report {
	bool numbered;      /* the batch has a seqNo; else all else is zero */
	bool has_dropped;   /* and ClientStats */
	int64_t number;     /* seqNo */
	int64_t dropped[3]; /* totals of spans: fullQueueDroppedSpans, tooLargeDroppedSpans, failedToEmitSpans */
	struct slice uuid;  /* text of the first process tag client-uuid; empty: there is none */
};

/* Facts about the output. Slices point into it. */
struct transcode_facts {
	uint32_t spans;       /* in the last span list, the one that readers use */
	size_t size;          /* bytes of output */
	struct slice service; /* service name of the last Process */
	struct client_report client;
	bool compact; /* the datagram was in compact protocol */
	bool zipkin;  /* with E_UNKNOWN_METHOD: the method is emitZipkinBatch, for zipkin_convert */
};

/* Converts the message in DATAGRAM, whose first byte tells the protocol, and writes its Batch to OUT, of CAP ≥
 * transcode_bound() bytes. Allocates nothing. 0; E_MALFORMED; E_UNKNOWN_METHOD (facts.zipkin is set for
 * emitZipkinBatch); E_TOO_LARGE when CAP is too small, a bug of the caller. */
int transcode_datagram(struct slice datagram, const struct transcode_tags *tags, uint8_t *out, size_t cap,
        struct transcode_facts *facts) MUST_USE;

/* Converts the spans of an emitZipkinBatch message to one list<zipkincore.Span> in TBinaryProtocol, its element type
 * first, validated against the schema. OUT has CAP ≥ DATAGRAM.len × TRANSCODE_GROWTH bytes; SPANS points into it.
 * 0; E_MALFORMED, also without an argument; E_UNKNOWN_METHOD; E_TOO_LARGE as above. */
int transcode_zipkin(struct slice datagram, uint8_t *out, size_t cap, struct slice *spans) MUST_USE;

/* The most bytes that a datagram of DATAGRAM_SIZE bytes with these tags can become. */
size_t transcode_bound(size_t datagram_size, const struct transcode_tags *tags);

/* Appends one STRING tag in the encoding of transcode_tags.encoded. */
void transcode_encode_tag(struct buf *to, const char *key, const char *value);

#endif
