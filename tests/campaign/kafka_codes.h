/* SPDX-License-Identifier: Apache-2.0 */
/* kafka_codes.h — what the two files of the campaign share. */
#ifndef KAFKA_CODES_H
#define KAFKA_CODES_H

#include "agent_process.h"

enum { SPANS = 40, SHARES = 12 /* of the codes: one is answered for ever in each round */ };

struct round {
	struct agent_process *s;
	uint64_t accepted;
};

/* For agent_process_until: all that was sent has arrived, or has its place in the quarantine. */
bool is_over(void *arg);

/* Every produce request is answered with CODE until the agent has asked for some time, and none after. */
void refused_for_ever(int code, const char *name);
/* The leader of one partition answers with CODE, and goes on while everything else is delivered. */
void one_partition_for_ever(int code, const char *name);

#endif
