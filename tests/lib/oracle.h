/* SPDX-License-Identifier: Apache-2.0 */
/* oracle.h — Thrift's own C library does, slowly, what the transcoder does. Tests and the bench
 * hold one against the other. */
#ifndef ORACLE_H
#define ORACLE_H

#include "base/buf.h"
#include <gen/jaeger_jaeger_types.h>

enum oracle_form {
	ORACLE_COMPACT_MESSAGE, /* an emitBatch datagram */
	ORACLE_BINARY_MESSAGE,
	ORACLE_COMPACT_STRUCT, /* the bare Batch */
	ORACLE_BINARY_STRUCT,
};

/* The Batch in BYTES, to be given back with g_object_unref; NULL with a sentence in WHY. */
JaegerBatch *oracle_decode(struct slice bytes, enum oracle_form form, struct why *why);

/* Appends BATCH to OUT. 0 or an error with a sentence in WHY. */
int oracle_encode(JaegerBatch *batch, enum oracle_form form, struct buf *out, struct why *why);

/* Both: BYTES become a bare TBinary Batch with the fields in the IDL's order and without unknown
 * ones. Two that say the same come out the same. */
int oracle_canonical(struct slice bytes, enum oracle_form form, struct buf *out, struct why *why);

/* The message form of a datagram, by its first byte. */
enum oracle_form oracle_form_of(struct slice datagram);

#endif
