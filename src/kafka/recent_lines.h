/* SPDX-License-Identifier: Apache-2.0 */
/* recent_lines.h — remembers recently logged lines and the clients that had each, so that a line is logged once per
 * period. Pure, bounded. */
#ifndef KAFKA_RECENT_LINES_H
#define KAFKA_RECENT_LINES_H

#include "base/base.h"

enum { KAFKA_RECENT_MOST = 32 };

struct kafka_recent_lines {
	uint64_t hash[KAFKA_RECENT_MOST];
	uint64_t at_us[KAFKA_RECENT_MOST];   /* when the line was logged */
	uint32_t clients[KAFKA_RECENT_MOST]; /* a bit for each client that had the line since */
	size_t n;
	uint64_t suppressed; /* lines refused since the caller last reset this */
};

/* True when TEXT, which CLIENT (one bit) has now, was not logged within the last AGAIN_US. False also when
 * KAFKA_RECENT_MOST other lines were logged in that time: a cluster of a thousand unreachable brokers must not fill the
 * log. */
bool kafka_recent_is_new(
        struct kafka_recent_lines *s, const char *text, uint32_t client, uint64_t again_us, uint64_t now_us);
/* Forgets the lines that CLIENT had and no other client. */
void kafka_recent_forget(struct kafka_recent_lines *s, uint32_t client);

#endif
