/* SPDX-License-Identifier: Apache-2.0 */
/* Looks up the addresses of a host name periodically. */
#ifndef ADDRESSES_H
#define ADDRESSES_H

#include "base/err.h"
#include "loop/loop.h"

/* For a name behind which several collectors stand (a headless service). A lookup runs in a thread of its own, at
 * the start and every ADDRESSES_EVERY_MS; when one fails or hangs, the last list stays in use.
 *
 * A host with IPv4 and IPv6 addresses is one collector: the list has the addresses of one family, that of the
 * address which getaddrinfo puts first, until addresses_turn. RFC 6724 puts addresses without a route last. */

enum {
	ADDRESSES_EVERY_MS = 10000,
	ADDRESSES_MOST = 32, /* of a name with more, the first in sorted order are used; a log line names the rest */
};

struct addresses;

/* HOST is a name or an address, copied. EVERY_MS 0: ADDRESSES_EVERY_MS. CHANGED is called on the loop, never from
 * inside this call, when a lookup returned another list than the last one; it may free the object. */
int addresses_open(struct addresses **out, struct loop *l, const char *host, uint16_t port, uint64_t every_ms,
        void (*changed)(void *arg), void *arg) MUST_USE;
/* Abandons a lookup under way. A may be NULL. */
void addresses_free(struct addresses *a);

/* Lists the addresses of the other family from now on, and calls CHANGED. False: there are none, and nothing changes. */
bool addresses_turn(struct addresses *a);

/* 0 until a lookup has succeeded. Addresses are listed whether or not anything listens there. */
size_t addresses_count(const struct addresses *a);
/* 1]:14268", as http_request.address takes it; :: "10.0.0.7:14268" or "[::1]:14268", as in http_request.address;
 * sorted, no duplicates. Borrowed until CHANGED. */
const char *addresses_at(const struct addresses *a, size_t i);
/* Why the last lookup failed, with the name in the text; "" when it succeeded. */
const char *addresses_error(const struct addresses *a);

#endif
