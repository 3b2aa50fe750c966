/* SPDX-License-Identifier: Apache-2.0 */
/* The addresses of a host name, looked up again and again. */
#ifndef ADDRESSES_H
#define ADDRESSES_H

#include "base/err.h"
#include "loop/loop.h"

/* Behind one name stand several collectors (a headless service). A lookup runs in a thread of its own, at the
 * start and every ADDRESSES_EVERY_MS; one that fails or hangs leaves the last list in use.
 *
 * A host with IPv4 and IPv6 has an address of each, and is one collector: the list has the addresses of one family,
 * that of the address which getaddrinfo puts first. RFC 6724 puts addresses without a route last. */

enum {
	ADDRESSES_EVERY_MS = 10000,
	ADDRESSES_MOST = 32, /* of a name with more, the first in the order of the list; a log line names the rest */
};

struct addresses;

/* HOST is a name or an address, copied. EVERY_MS 0 takes ADDRESSES_EVERY_MS. CHANGED is called on the loop, never
 * from inside this call, when a lookup gave another list than the one before; it may free the object. */
int addresses_open(struct addresses **out, struct loop *l, const char *host, uint16_t port, uint64_t every_ms,
        void (*changed)(void *arg), void *arg) MUST_USE;
/* A lookup under way is given up. NULL is fine. */
void addresses_free(struct addresses *a);

/* 0 until a lookup has succeeded. An address where nobody listens is in the list too. */
size_t addresses_count(const struct addresses *a);
/* "10.0.0.7:14268" or "[::1]:14268", as http_request.address takes it; sorted, each once. Borrowed until CHANGED. */
const char *addresses_at(const struct addresses *a, size_t i);
/* Why the last lookup gave no list, a sentence with the name in it; "" when it gave one. */
const char *addresses_error(const struct addresses *a);

#endif
