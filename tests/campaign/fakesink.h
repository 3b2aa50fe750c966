/* SPDX-License-Identifier: Apache-2.0 */
/* fakesink.h — a far end in hand: it takes or not, and reports well, badly, late or not at all. What
 * reaches it is evidence at once, the report comes later. */
#ifndef FAKESINK_H
#define FAKESINK_H

#include "evidence.h"
#include "loop/loop.h"
#include "agent/sink.h"

enum sink_mood { MOOD_GOOD, MOOD_FULL, MOOD_SILENT, MOOD_REFUSING, MOOD_GIVING_BACK, MOOD_DOUBTFUL, MOODS };

enum { FAKESINK_HELD = 4096 };

struct fakesink {
	struct sink sink;
	struct evidence *evidence;
	struct timer *timer;
	enum sink_mood mood;
	uint64_t random;
	struct held {
		struct batch *batch; /* NULL: free */
		bool there;          /* it has arrived, the report has not */
	} held[FAKESINK_HELD];
	size_t first, end; /* a ring */
};

int fakesink_open(struct fakesink *s, struct loop *l, struct evidence *e, uint64_t seed);
void fakesink_close(struct fakesink *s);

#endif
