/* SPDX-License-Identifier: Apache-2.0 */
/* A token bucket: limits the average rate of spans, in whole batches. */
#ifndef TOKEN_BUCKET_H
#define TOKEN_BUCKET_H

#include "base/base.h"

/* All zero is the valid initial value. */
struct token_bucket {
	double spans; /* tokens at at_us, one for each span; negative after a batch that was larger than the tokens left */
	uint64_t at_us; /* monotonic; the moment to which tokens have been added */
};

/* Adds the tokens that RATE (spans per second; 0: no limit) gives until NOW_US. Returns the microseconds until a
 * batch may be sent; 0: now. */
uint64_t token_bucket_wait_us(struct token_bucket *b, uint64_t rate, uint64_t now_us);
/* Takes SPANS tokens for a batch that is sent. */
void token_bucket_charge(struct token_bucket *b, uint64_t spans);

#endif
