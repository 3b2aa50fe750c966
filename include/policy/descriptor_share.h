/* SPDX-License-Identifier: Apache-2.0 */
/* How many connections each part of a process may keep where few file descriptors are allowed. */
#ifndef DESCRIPTOR_SHARE_H
#define DESCRIPTOR_SHARE_H

#include "base/base.h"

/* Kept back for all that is no connection of these parts. An agent has 26 descriptors open when it starts, four more
 * while it reads one segment of the spool and writes another, and two for each metrics page of a collector; the rest
 * is for Kafka's connections. */
enum { DESCRIPTORS_RESERVED = 40 };

enum descriptor_user {
	DESCRIPTORS_EXPORTER, /* half of what is not reserved */
	DESCRIPTORS_SERVER,   /* an eighth */
};

/* Connections that USER may have under LIMIT (RLIMIT_NOFILE): as many as it has WANTED, at most its part, at the
 * least two. */
uint64_t descriptor_share(uint64_t limit, enum descriptor_user user, uint64_t wanted);

#endif
