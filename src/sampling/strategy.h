/* SPDX-License-Identifier: Apache-2.0 */
/* strategy.h — sampling strategies as the JSON that jaeger-agent answers with. */
#ifndef SAMPLING_STRATEGY_H
#define SAMPLING_STRATEGY_H

#include "base/buf.h"

/* Checks TEXT, a collector's answer, and appends it to TO as jaeger-agent 1.62 prints it: strategyType is a name, all
 * numbers of operationSampling are there, perOperationStrategies is a list. TEXT may have a number for strategyType, or
 * lack it and numbers that are 0, as Jaeger 2.x and the OpenTelemetry Collector write it. 0; E_MALFORMED: WHY says what
 * is wrong with it; E_NOMEM. */
int strategy_normalize(struct slice text, struct buf *to, struct why *why) MUST_USE;

/* Appends STRATEGY, from strategy_normalize, as the older path "/" has it: strategyType is a number. E_TOO_LARGE:
 * maxTracesPerSecond does not fit into the 16 bits of that format. */
int strategy_legacy(struct slice strategy, struct buf *to) MUST_USE;

/* For strategies that do not come from a collector: the same JSON. */
enum strategy_type { STRATEGY_PROBABILISTIC, STRATEGY_RATE_LIMITING };

struct strategy_operation {
	const char *name;
	double rate;
};

struct strategy_operations {
	double default_rate;
	double lower_bound, upper_bound; /* traces per second */
	const struct strategy_operation *at;
	size_t n;
};

/* OPERATIONS may be NULL. PARAM is a rate between 0 and 1, or traces per second. */
void strategy_print(
        struct buf *to, enum strategy_type type, double param, const struct strategy_operations *operations);

#endif
