/* SPDX-License-Identifier: Apache-2.0 */
/* backoff.c — full jitter under a doubling ceiling. */
#include "policy/backoff.h"

static uint64_t ceiling(const struct backoff *b, uint32_t attempt)
{
	uint64_t top = b->base_ms;

	while (attempt-- > 0 && top < b->cap_ms)
		top *= 2;
	return min_u64(top, b->cap_ms);
}

uint64_t backoff_ms(const struct backoff *b, uint32_t attempt, uint64_t random)
{
	return random % (ceiling(b, attempt) + 1);
}

uint64_t backoff_after_ms(const struct backoff *b, uint32_t attempt, int64_t retry_after_ms, uint64_t random)
{
	if (retry_after_ms <= 0)
		return backoff_ms(b, attempt, random);
	/* Jitter on top, or all senders that got the same Retry-After would come back at once. */
	return min_u64((uint64_t)retry_after_ms, BACKOFF_RETRY_AFTER_MAX_MS) + backoff_ms(b, 0, random);
}
