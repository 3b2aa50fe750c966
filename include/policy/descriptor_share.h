/* SPDX-License-Identifier: Apache-2.0 */
/* How many connections each part of a process may keep when the limit of file descriptors is low. */
#ifndef DESCRIPTOR_SHARE_H
#define DESCRIPTOR_SHARE_H

#include "base/base.h"

/* Descriptors reserved for everything but these parts' connections. An agent has 26 open after its start, four more
 * while it reads one segment of the spool and writes another, and two for each collector's metrics page; Kafka's
 * connections get the rest. */
enum { DESCRIPTORS_RESERVED = 40 };

enum descriptor_user {
	DESCRIPTORS_EXPORTER, /* gets half of the descriptors that are not reserved */
	DESCRIPTORS_SERVER,   /* gets an eighth of them */
};

/* The number of connections that USER may have under LIMIT (RLIMIT_NOFILE): WANTED, but at most its share, and a share
 * is never less than two. */
uint64_t descriptor_share(uint64_t limit, enum descriptor_user user, uint64_t wanted);

#endif
