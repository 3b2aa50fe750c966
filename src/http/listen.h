/* SPDX-License-Identifier: Apache-2.0 */
/* A listening TCP socket. */
#ifndef HTTP_LISTEN_H
#define HTTP_LISTEN_H

#include "base/units.h"

/* Opens it, non-blocking; *FD is the caller's. No host is every address, both families where the
 * kernel has both. *PORT is the one it got. */
int listen_on(const struct hostport *at, int *fd, uint16_t *port, struct why *why) MUST_USE;

#endif
