/* SPDX-License-Identifier: Apache-2.0 */
/* The two sinks: Kafka, and a Jaeger collector over HTTP. */
#ifndef SINKS_H
#define SINKS_H

#include "telemetry/health.h"
#include "kafka/producer.h"
#include "exporter/exporter.h"
#include "agent/sink.h"

struct sink_id {
	const char *host; /* this machine's name; host, boot and sequence are a record's id */
	bool headers;     /* send the id, the time of receipt and the mark "maybe duplicate" as headers */
};

/* Sends each batch as one record of opts->topic. */
int sink_kafka_open(struct sink **out, struct loop *l, const struct kafka_producer_opts *opts, const struct sink_id *id,
        struct why *why) MUST_USE;
const struct kafka_producer_stats *sink_kafka_stats(struct sink *s);
const struct kafka_fault *sink_kafka_fault(struct sink *s);

/* Sends batches in POSTs to collectors. Counts in LEDGER the spans that it sends again although they may have arrived;
 * the first sending of a batch with maybe_dup is counted by the batch's owner. Posts the parts "store" and "batches" of
 * HEALTH. */
int sink_collector_open(struct sink **out, struct loop *l, const struct exporter_opts *opts, const struct sink_id *id,
        struct ledger *ledger, struct health *health, struct why *why) MUST_USE;
/* To be called each second: posts the part "batches". */
void sink_collector_tick(struct sink *s);
struct exporter *sink_collector_exporter(struct sink *s);

#endif
