/* SPDX-License-Identifier: Apache-2.0 */
/* retry_after.h — parses the Retry-After header. */
#ifndef HTTP_RETRY_AFTER_H
#define HTTP_RETRY_AFTER_H

#include "base/slice.h"

/* Milliseconds to wait from NOW_MS (since 1970), within 0 and HTTP_RETRY_AFTER_MAX_MS. VALUE is a number of seconds
 * or a date; -1 when it is neither. */
int64_t retry_after_ms(struct slice value, uint64_t now_ms);

#endif
