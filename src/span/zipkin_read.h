/* SPDX-License-Identifier: Apache-2.0 */
/* zipkin_read.h — reads the spans of transcode_zipkin, which are validated, in place. */
#ifndef ZIPKIN_READ_H
#define ZIPKIN_READ_H

#include "base/slice.h"

/* Values of zipkincore.AnnotationType. */
enum zipkin_type { ZIPKIN_BOOL, ZIPKIN_BYTES, ZIPKIN_I16, ZIPKIN_I32, ZIPKIN_I64, ZIPKIN_DOUBLE, ZIPKIN_STRING };

struct zipkin_endpoint {
	bool is_set;
	bool has_ipv6;
	uint16_t port;
	uint32_t ipv4;
	struct slice service;
	struct slice ipv6;
};

struct zipkin_annotation {
	int64_t timestamp;
	struct slice value;
	struct zipkin_endpoint host;
};

struct zipkin_binary_annotation {
	int32_t type; /* enum zipkin_type, or any other number */
	struct slice key, value;
	struct zipkin_endpoint host;
};

struct zipkin_span {
	uint64_t trace_low, trace_high, id;
	uint64_t parent;
	int64_t timestamp, duration;
	bool has_parent, has_timestamp, has_duration;
	bool debug;
	struct slice name;
	struct slice annotations; /* lists; empty: the span has none */
	struct slice binary_annotations;
};

/* Takes the next element of LIST, which is a list of structs in TBinaryProtocol, and moves LIST behind it. LIST has its
 * header until the first call: zipkin_begin skips it and returns the number of elements. */
uint32_t zipkin_begin(struct slice *list);
void zipkin_next_span(struct slice *list, struct zipkin_span *s);
void zipkin_next_annotation(struct slice *list, struct zipkin_annotation *a);
void zipkin_next_binary_annotation(struct slice *list, struct zipkin_binary_annotation *a);

#endif
