/* SPDX-License-Identifier: Apache-2.0 */
/* A collector's address as an operator writes it, made whole. */
#ifndef ENDPOINT_H
#define ENDPOINT_H

#include "base/buf.h"

/* "http://host:14268" becomes "http://host:14268/api/traces?format=jaeger.thrift" in URL; a path of
 * its own is left alone. NAME becomes what logs may show: without user, password, path and query.
 * Both are appended. E_USAGE names the text and a right form; E_NOMEM. */
int endpoint_read(const char *text, struct buf *url, struct buf *name, struct why *why) MUST_USE;

/* The address of a collector's metrics page: "http://host:14269" becomes "http://host:14269/metrics", a path of its
 * own is left alone. Appended to URL. E_USAGE names the text, without secrets, and a right form; E_NOMEM. */
int endpoint_page(const char *text, struct buf *url, struct why *why) MUST_USE;

/* The host of URL, an IPv6 address in its brackets, without user and port; borrowed from URL. */
struct slice endpoint_host(const char *url);
/* The port of URL, which is that of its scheme when it names none. */
uint16_t endpoint_port(const char *url);
/* HOST, of endpoint_host, is an address and not a name. */
bool endpoint_is_address(struct slice host);

#endif
