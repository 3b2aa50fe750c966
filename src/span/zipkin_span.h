/* SPDX-License-Identifier: Apache-2.0 */
/* zipkin_span.h — what jaeger-agent concludes from a Zipkin span: its times, its side of the call and its service. */
#ifndef ZIPKIN_SPAN_H
#define ZIPKIN_SPAN_H

#include "zipkin_read.h"

/* Core annotations, which mark the two ends of a call on both sides. */
enum zipkin_core { ZIPKIN_CS, ZIPKIN_CR, ZIPKIN_SR, ZIPKIN_SS, ZIPKIN_CORES };

enum zipkin_side { ZIPKIN_NO_SIDE, ZIPKIN_CLIENT, ZIPKIN_SERVER };

struct zipkin_times {
	int64_t start;    /* microseconds since 1970 */
	int64_t duration; /* microseconds */
};

struct zipkin_conclusion {
	struct zipkin_times times;
	enum zipkin_side side; /* of the first core annotation: the tag span.kind */
	bool is_both;          /* the span has both sides and becomes two, the second with OTHER and OTHER_TIMES */
	enum zipkin_side other;
	struct zipkin_times other_times;
	bool has_parent;
	bool had_zero_parent;       /* parent_id was 0, which stands for none */
	bool had_negative_duration; /* it is replaced by 1 µs; GIVEN_DURATION is what the span said */
	int64_t given_duration;
	struct slice service; /* empty: no annotation names one */
	uint32_t ipv4;        /* of the endpoint that named the service; 0: none */
};

void zipkin_conclude(const struct zipkin_span *s, struct zipkin_conclusion *c);

/* The core annotation that TEXT is; ZIPKIN_CORES: another one. */
enum zipkin_core zipkin_core_of(struct slice text);

#endif
