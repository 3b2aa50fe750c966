/* SPDX-License-Identifier: Apache-2.0 */
/* fault_metrics.c — renders the Kafka error counters. A cause that never occurred is shown as 0, because an alert on a
 * missing series would never fire. */
#include <stdio.h>

#include "kafka/fault_metrics.h"
#include "telemetry/metrics.h"

void kafka_fault_metrics(struct buf *to, const struct kafka_fault *t)
{
	const char *help = "Errors that Kafka or the way to it gave, by cause";

	for (int cause = KAFKA_CAUSE_NONE + 1; cause < KAFKA_CAUSE_COUNT; cause++) {
		char label[40];

		snprintf(label, sizeof(label), "cause=\"%s\"", kafka_cause_name((enum kafka_cause)cause));
		metrics_sample(
		        to, "spanspool_", "kafka_errors_total", label, help, METRIC_COUNTER, (double)t->counts[cause]);
		help = NULL;
	}
}
