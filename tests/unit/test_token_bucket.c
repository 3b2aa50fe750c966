/* SPDX-License-Identifier: Apache-2.0 */
/* test_token_bucket.c — an average over whole batches, and what idleness gathers. */
#include "policy/token_bucket.h"
#include "tap.h"

#define S UINT64_C(1000000)

static void a_rate_is_an_average_of_whole_batches(void)
{
	struct token_bucket b = { 0 };
	uint64_t sent = 0, now = S;

	while (now < 11 * S) {
		uint64_t wait = token_bucket_wait_us(&b, 1000, now);

		if (wait == 0) {
			token_bucket_charge(&b, 333);
			sent += 333;
		}
		now += wait;
	}
	ok(sent >= 10000 - 333 && sent <= 10000 + 2 * 333, "ten seconds of 1,000 are 10,000 (%u)", (unsigned)sent);
	is_int(token_bucket_wait_us(&b, 0, now), 0, "no rate, no waiting");
}

static void idleness_gathers_a_tenth_of_a_second(void)
{
	struct token_bucket b = { 0 };
	uint64_t sent = 0;

	(void)token_bucket_wait_us(&b, 1000, S);
	while (token_bucket_wait_us(&b, 1000, 3600 * S) == 0) {
		token_bucket_charge(&b, 10);
		sent += 10;
	}
	is_int(sent, 110, "after an hour 100 spans, and the batch that ends them");
}

int main(void)
{
	a_rate_is_an_average_of_whole_batches();
	idleness_gathers_a_tenth_of_a_second();
	return tap_done();
}
