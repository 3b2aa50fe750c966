/* SPDX-License-Identifier: Apache-2.0 */
/* zipkin_read.h — reads the validated list that transcode_zipkin wrote. Slices point into that list. Times are in
 * microseconds. */
#ifndef ZIPKIN_READ_H
#define ZIPKIN_READ_H

#include "base/slice.h"

/* Values of zipkincore.AnnotationType. */
enum zipkin_type { ZIPKIN_BOOL, ZIPKIN_BYTES, ZIPKIN_I16, ZIPKIN_I32, ZIPKIN_I64, ZIPKIN_DOUBLE, ZIPKIN_STRING };

struct zipkin_endpoint {
	bool is_set;
	bool has_ipv6;
	uint16_t port;
	uint32_t ipv4; /* host byte order; 0: none */
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
	uint64_t trace_low, trace_high; /* trace_high 0: a 64-bit id */
	uint64_t id;
	uint64_t parent;
	int64_t timestamp, duration;
	bool has_parent, has_timestamp, has_duration;
	bool debug;
	struct slice name;
	struct slice annotations; /* lists; empty: the span has none */
	struct slice binary_annotations;
};

/* zipkin_begin skips the header of LIST and returns its number of elements. zipkin_next_* then read one element and
 * advance LIST past it. */
uint32_t zipkin_begin(struct slice *list);
void zipkin_next_span(struct slice *list, struct zipkin_span *s);
void zipkin_next_annotation(struct slice *list, struct zipkin_annotation *a);
void zipkin_next_binary_annotation(struct slice *list, struct zipkin_binary_annotation *a);

#endif
