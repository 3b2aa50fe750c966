/* SPDX-License-Identifier: Apache-2.0 */
/* kafka_pages.h — what agent and drain say alike of Kafka. */
#ifndef KAFKA_PAGES_H
#define KAFKA_PAGES_H

#include "base/buf.h"
#include "kafka/trouble.h"

/* spanspool_kafka_errors_total{cause}. */
void kafka_trouble_metrics(struct buf *to, const struct kafka_trouble *t);

#endif
