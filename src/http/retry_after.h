/* SPDX-License-Identifier: Apache-2.0 */
/* The Retry-After header. */
#ifndef HTTP_RETRY_AFTER_H
#define HTTP_RETRY_AFTER_H

#include "base/slice.h"

/* Milliseconds to wait, from seconds or from a date, at NOW_MS since 1970; within 0 and
 * HTTP_RETRY_AFTER_MAX_MS. -1 when VALUE is neither. */
int64_t retry_after_ms(struct slice value, uint64_t now_ms);

#endif
