/* SPDX-License-Identifier: Apache-2.0 */
/* model_sink.h — a sink in every mood, for the model. */
#ifndef MODEL_SINK_H
#define MODEL_SINK_H

#include "agent/sink.h"
#include "base/list.h"

/* REFUSING says no to every batch, ONE_REFUSING only on one partition. */
enum { MODEL_PARTITIONS = 4 };

enum mood { GOOD, SILENT, FULL, DOWN, GIVING_BACK, DOUBTFUL, REFUSING, ONE_REFUSING, MOODS };

extern struct model_sink {
	struct sink sink;
	struct list held; /* of what it took and has not reported on */
	enum mood mood;
	uint64_t unreported;                                        /* arrivals that no report told of */
	void (*arrived)(const struct batch *b);                     /* B is at the far end */
	void (*offered)(const struct batch *b);                     /* the sink is asked to take B */
	void (*refused)(const struct batch *b, uint32_t partition); /* a report of B says no */
	void (*passed)(uint32_t partition, uint64_t offered_us);    /* a report says yes */
	bool (*is_bad)(const struct batch *b);                      /* B is refused for ever */
} model_sink;

/* A sink that holds nothing, in its best mood. */
void model_sink_init(void (*arrived)(const struct batch *b));
/* Another process: what the sink held is nobody's any more. */
void model_sink_begin(void);
/* Reports on some of what it holds, as its mood is. */
void model_sink_report(void);

/* A number below N from the world's own sequence. */
unsigned model_roll(unsigned n);

#endif
