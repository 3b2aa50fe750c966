/* SPDX-License-Identifier: Apache-2.0 */
/* Kafka metrics shared by agent and drain. */
#ifndef FAULT_METRICS_H
#define FAULT_METRICS_H

#include "base/buf.h"
#include "kafka/fault.h"

/* Appends the counter spanspool_kafka_errors_total{cause}. */
void kafka_fault_metrics(struct buf *to, const struct kafka_fault *t);

#endif
