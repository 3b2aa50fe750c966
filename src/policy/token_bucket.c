/* SPDX-License-Identifier: Apache-2.0 */
/* token_bucket.c — tokens come with time and go with batches. A batch may overdraw the bucket, and the next one waits
 * until it is no longer negative. */
#include "policy/token_bucket.h"

uint64_t token_bucket_wait_us(struct token_bucket *b, uint64_t rate, uint64_t now_us)
{
	double most = (double)rate / 10; /* the bucket's size: the tokens of a tenth of a second */

	if (rate == 0 || b->at_us == 0) {
		b->spans = 0;
		b->at_us = now_us;
		return 0;
	}
	b->spans += (double)(now_us - b->at_us) * (double)rate / US_PER_S;
	b->at_us = now_us;
	if (b->spans > most)
		b->spans = most;
	return b->spans >= 0 ? 0 : (uint64_t)(-b->spans * US_PER_S / (double)rate) + 1;
}

void token_bucket_charge(struct token_bucket *b, uint64_t spans)
{
	b->spans -= (double)spans;
}
