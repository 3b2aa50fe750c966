/* SPDX-License-Identifier: Apache-2.0 */
/* listen.h — opens a listening TCP socket. */
#ifndef HTTP_LISTEN_H
#define HTTP_LISTEN_H

#include "base/units.h"

/* Opens a non-blocking listening socket, or one of listeners.h; *FD is the caller's, to be closed by listeners_close. An empty host means every address, of both families
 * where the kernel supports both. *PORT is the port bound. */
int listen_on(const struct hostport *at, int *fd, uint16_t *port, struct why *why) MUST_USE;

#endif
