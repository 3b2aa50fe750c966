/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics of the agent's parts. */
#ifndef AGENT_METRICS_H
#define AGENT_METRICS_H

#include "agent/options.h"
#include "agent/pipeline.h"

/* Each appends metrics in the text format of Prometheus. */
void pipeline_metrics(struct buf *to, const struct pipeline_stats *s);
void intake_metrics(struct buf *to, const struct intake_stats *s);
/* The limits that the options set, so that alerts can compare use with them. */
void agent_limit_metrics(struct buf *to, const struct agent_settings *set);

#endif
