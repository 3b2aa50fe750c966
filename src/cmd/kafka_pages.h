/* SPDX-License-Identifier: Apache-2.0 */
/* kafka_pages.h — Kafka metrics shared by agent and drain. */
#ifndef KAFKA_PAGES_H
#define KAFKA_PAGES_H

#include "base/buf.h"
#include "kafka/fault.h"

/* Appends the counter spanspool_kafka_errors_total{cause}. */
void kafka_fault_metrics(struct buf *to, const struct kafka_fault *t);

#endif
