/* SPDX-License-Identifier: Apache-2.0 */
/* A datagram of any Jaeger client becomes a bare Batch in TBinaryProtocol, in one pass. */
#ifndef TRANSCODE_H
#define TRANSCODE_H

#include "base/buf.h"

enum {
	/* No datagram grows beyond this many times its size, whatever is in it: the worst is an
	 * unknown list of one-byte i64. The tags that the agent adds come on top, once. */
	TRANSCODE_GROWTH = 8,
	/* Levels of structs, lists and maps taken, the Batch being the first. What is unknown in a
	 * Batch is then never deeper than Thrift's Go library will skip, which refuses 64. */
	TRANSCODE_DEPTH = 64,
};

/* Tags that --agent.tags adds to each Process: already encoded as TBinary Tag structs, one behind
 * the other. All zero adds none. */
struct transcode_tags {
	struct slice encoded;
	uint32_t count;
};

/* What was learned on the way. Slices point into the output. */
struct transcode_facts {
	uint32_t spans;       /* of the last span list, which is the one that readers keep */
	size_t size;          /* bytes of output */
	struct slice service; /* of the last Process */
	bool compact;         /* the datagram's protocol */
};

/* Reads the message in DATAGRAM, protocol found by its first byte, and writes its Batch to OUT.
 * CAP must be at least transcode_bound(). Allocates nothing.
 * 0; E_MALFORMED; E_UNKNOWN_METHOD (emitZipkinBatch too, until it has a reader of its own);
 * E_TOO_LARGE when OUT is too small, which is a bug of the caller. */
int transcode_datagram(struct slice datagram, const struct transcode_tags *tags, uint8_t *out, size_t cap,
        struct transcode_facts *facts) MUST_USE;

/* Bytes of output that suffice for any datagram of DATAGRAM_SIZE bytes with these tags. */
size_t transcode_bound(size_t datagram_size, const struct transcode_tags *tags);

/* Appends one STRING tag in the form transcode_tags wants. */
void transcode_encode_tag(struct buf *to, const char *key, const char *value);

#endif
