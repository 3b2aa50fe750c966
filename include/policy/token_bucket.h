/* SPDX-License-Identifier: Apache-2.0 */
/* An average rate of spans, kept over whole batches. */
#ifndef TOKEN_BUCKET_H
#define TOKEN_BUCKET_H

#include "base/base.h"

/* Lets an average of RATE spans a second through, in whole batches. All zero is valid. */
struct token_bucket {
	double spans;   /* in hand; below zero after a large batch */
	uint64_t at_us; /* when that was so */
};

/* May a batch go now at RATE (0 none)? Else how long from now, in microseconds. */
uint64_t token_bucket_wait_us(struct token_bucket *b, uint64_t rate, uint64_t now_us);
void token_bucket_take(struct token_bucket *b, uint64_t spans);

#endif
