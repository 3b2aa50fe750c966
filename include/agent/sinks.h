/* SPDX-License-Identifier: Apache-2.0 */
/* The two sinks, one for each way out. */
#ifndef SINKS_H
#define SINKS_H

#include "telemetry/health.h"
#include "kafka/producer.h"
#include "exporter/exporter.h"
#include "agent/sink.h"

struct sink_id {
	const char *host; /* of this machine; with boot and sequence the id of a record */
	bool headers;     /* send id and marks along */
};

/* Batches become records of one topic. */
int sink_kafka_open(struct sink **out, struct loop *l, const struct kafka_producer_opts *opts, const struct sink_id *id,
        const struct sink_events *events, struct why *why) MUST_USE;
const struct kafka_producer_stats *sink_kafka_stats(struct sink *s);
const struct kafka_trouble *sink_kafka_trouble(struct sink *s);

/* Batches become POSTs to a collector. Posts "store" on HEALTH. */
int sink_collector_open(struct sink **out, struct loop *l, const struct exporter_opts *opts, const struct sink_id *id,
        const struct sink_events *events, struct health *health, struct why *why) MUST_USE;
struct exporter *sink_collector_exporter(struct sink *s);

#endif
