/* SPDX-License-Identifier: Apache-2.0 */
/* A token bucket: limits the average rate of spans, in whole batches. */
#ifndef TOKEN_BUCKET_H
#define TOKEN_BUCKET_H

#include "base/base.h"

/* All zero is the valid initial value. */
struct token_bucket {
	double spans;   /* tokens; negative after a batch larger than what was there */
	uint64_t at_us; /* monotonic; when spans was last brought up to date */
};

/* Microseconds until a batch may be sent at RATE spans per second (0: no limit); 0: it may be sent now. */
uint64_t token_bucket_wait_us(struct token_bucket *b, uint64_t rate, uint64_t now_us);
/* A batch of SPANS is sent. */
void token_bucket_charge(struct token_bucket *b, uint64_t spans);

#endif
