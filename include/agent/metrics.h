/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics of the agent's parts. */
#ifndef AGENT_METRICS_H
#define AGENT_METRICS_H

#include "agent/intake.h"
#include "agent/options.h"
#include "agent/pipeline.h"
#include "sampling/sampling.h"

/* Each appends metrics in the text format of Prometheus. */
void pipeline_metrics(struct buf *to, const struct pipeline_stats *s);
void intake_metrics(struct buf *to, const struct intake_stats *s);
/* The limits that the options set, so that alerts can compare use with them. */
void agent_limit_metrics(struct buf *to, const struct agent_settings *set);

/* What jaeger_metrics() is made of; all borrowed. */
struct jaeger_sources {
	const struct intake_stats *intake; /* NULL: not open yet */
	const struct dispatcher_stats *dispatcher;
	const struct ledger *ledger, *at_start;
	const struct sampling_stats *sampling; /* NULL: there is no sampling server */
};
/* Every metric of jaeger-agent that has a meaning here, by its name. */
void jaeger_metrics(struct buf *to, const struct jaeger_sources *s);

#endif
