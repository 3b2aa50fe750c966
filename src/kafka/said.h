/* SPDX-License-Identifier: Apache-2.0 */
/* said.h — which lines were logged lately, so that each is logged once. Pure, bounded. */
#ifndef KAFKA_SAID_H
#define KAFKA_SAID_H

#include "base/base.h"

enum { KAFKA_SAID_MOST = 32 };

struct kafka_said {
	uint64_t hash[KAFKA_SAID_MOST];
	uint64_t at_us[KAFKA_SAID_MOST]; /* when it was logged */
	size_t n;
	uint64_t held; /* lines that were no news, since the last one that was */
};

/* True when TEXT was not news within the last AGAIN_US. When KAFKA_SAID_MOST other texts were news in that time,
 * no further one is: a cluster of a thousand unreachable brokers must not fill the log. */
bool kafka_said_is_news(struct kafka_said *s, const char *text, uint64_t again_us, uint64_t now_us);

#endif
