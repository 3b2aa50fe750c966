/* SPDX-License-Identifier: Apache-2.0 */
/* Exponential backoff with jitter: the pause before the next attempt. */
#ifndef BACKOFF_H
#define BACKOFF_H

#include "base/base.h"

struct backoff {
	uint64_t base_ms; /* the first pause is at most this long */
	uint64_t cap_ms;  /* and none is longer */
};

/* The longest Retry-After that is honoured, ten minutes. */
#define BACKOFF_RETRY_AFTER_MAX_MS UINT64_C(600000)

/* Full jitter: evenly between 0 and base * 2^ATTEMPT, at most the cap. ATTEMPT counts from 0, RANDOM
 * is any number. */
uint64_t backoff_ms(const struct backoff *b, uint32_t attempt, uint64_t random);

/* RETRY_AFTER_MS, at most BACKOFF_RETRY_AFTER_MAX_MS, plus the jitter of attempt 0. Where the server asked for no pause
 * (0 or -1) it is backoff_ms. */
uint64_t backoff_after_ms(const struct backoff *b, uint32_t attempt, int64_t retry_after_ms, uint64_t random);

#endif
