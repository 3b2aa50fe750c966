/* SPDX-License-Identifier: Apache-2.0 */
/* schema.c — the structs of src/idl/jaeger.thrift and src/idl/zipkincore.thrift as tables. */
#include "schema.h"

#define REQUIRED(id) (1u << (id))

static const struct schema schema_tag = {
	.name = "Tag",
	.type = { [1] = T_STRING,
	        [2] = T_I32,
	        [3] = T_STRING,
	        [4] = T_DOUBLE,
	        [5] = T_BOOL,
	        [6] = T_I64,
	        [7] = T_STRING },
	.required = REQUIRED(1) | REQUIRED(2),
	.field = { [1] = "key", [2] = "vType" },
};

static const struct schema schema_log = {
	.name = "Log",
	.type = { [1] = T_I64, [2] = T_LIST },
	.of = { [2] = &schema_tag },
	.required = REQUIRED(1) | REQUIRED(2),
	.field = { [1] = "timestamp", [2] = "fields" },
};

static const struct schema schema_ref = {
	.name = "SpanRef",
	.type = { [1] = T_I32, [2] = T_I64, [3] = T_I64, [4] = T_I64 },
	.required = REQUIRED(1) | REQUIRED(2) | REQUIRED(3) | REQUIRED(4),
	.field = { [1] = "refType", [2] = "traceIdLow", [3] = "traceIdHigh", [4] = "spanId" },
};

static const struct schema schema_span = {
	.name = "Span",
	.type = { [1] = T_I64,
	        [2] = T_I64,
	        [3] = T_I64,
	        [4] = T_I64,
	        [5] = T_STRING,
	        [6] = T_LIST,
	        [7] = T_I32,
	        [8] = T_I64,
	        [9] = T_I64,
	        [10] = T_LIST,
	        [11] = T_LIST },
	.of = { [6] = &schema_ref, [10] = &schema_tag, [11] = &schema_log },
	.required = REQUIRED(1) | REQUIRED(2) | REQUIRED(3) | REQUIRED(4) | REQUIRED(5) | REQUIRED(7) | REQUIRED(8) |
	            REQUIRED(9),
	.field = { [1] = "traceIdLow",
	        [2] = "traceIdHigh",
	        [3] = "spanId",
	        [4] = "parentSpanId",
	        [5] = "operationName",
	        [7] = "flags",
	        [8] = "startTime",
	        [9] = "duration" },
};

static const struct schema schema_process = {
	.name = "Process",
	.kind = SCHEMA_IS_PROCESS,
	.type = { [1] = T_STRING, [2] = T_LIST },
	.of = { [2] = &schema_tag },
	.required = REQUIRED(1),
	.field = { [1] = "serviceName" },
};

static const struct schema schema_stats = {
	.name = "ClientStats",
	.type = { [1] = T_I64, [2] = T_I64, [3] = T_I64 },
	.required = REQUIRED(1) | REQUIRED(2) | REQUIRED(3),
	.field = { [1] = "fullQueueDroppedSpans", [2] = "tooLargeDroppedSpans", [3] = "failedToEmitSpans" },
};

const struct schema schema_batch = {
	.name = "Batch",
	.kind = SCHEMA_IS_BATCH,
	.type = { [1] = T_STRUCT, [2] = T_LIST, [3] = T_I64, [4] = T_STRUCT },
	.of = { [1] = &schema_process, [2] = &schema_span, [4] = &schema_stats },
	.required = REQUIRED(1) | REQUIRED(2),
	.field = { [1] = "process", [2] = "spans" },
};

const struct schema schema_zipkin_endpoint = {
	.name = "Endpoint",
	.type = { [1] = T_I32, [2] = T_I16, [3] = T_STRING, [4] = T_STRING },
};

const struct schema schema_zipkin_annotation = {
	.name = "Annotation",
	.type = { [1] = T_I64, [2] = T_STRING, [3] = T_STRUCT },
	.of = { [3] = &schema_zipkin_endpoint },
};

const struct schema schema_zipkin_binary_annotation = {
	.name = "BinaryAnnotation",
	.type = { [1] = T_STRING, [2] = T_STRING, [3] = T_I32, [4] = T_STRUCT },
	.of = { [4] = &schema_zipkin_endpoint },
};

const struct schema schema_zipkin_span = {
	.name = "zipkincore.Span",
	.type = { [1] = T_I64,
	        [3] = T_STRING,
	        [4] = T_I64,
	        [5] = T_I64,
	        [6] = T_LIST,
	        [8] = T_LIST,
	        [9] = T_BOOL,
	        [10] = T_I64,
	        [11] = T_I64,
	        [12] = T_I64 },
	.of = { [6] = &schema_zipkin_annotation, [8] = &schema_zipkin_binary_annotation },
};

void field_offsets_record(struct field_offsets *m, const struct schema *s, uint16_t id, struct byte_range where)
{
	if (s->kind == SCHEMA_IS_PROCESS) {
		if (id == 1)
			m->service = where;
		else
			m->tags = where;
		return;
	}
	switch (id) {
	case 2:
		m->spans = where;
		return;
	case 3:
		m->number = where;
		return;
	case 4:
		m->stats = where;
		return;
	}
	m->process = where;
	/* Tags before WHERE belong to an earlier Process. */
	if (m->tags.from < where.from)
		m->tags = (struct byte_range){ 0 };
}
