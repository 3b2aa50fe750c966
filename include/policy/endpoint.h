/* SPDX-License-Identifier: Apache-2.0 */
/* Parses a collector's address as an operator writes it, and adds the default path. */
#ifndef ENDPOINT_H
#define ENDPOINT_H

#include "base/buf.h"

/* Appends to URL: "http://host:14268" as "http://host:14268/api/traces?format=jaeger.thrift", an address with another
 * path unchanged. Appends to NAME the form for logs, without user, password, path and query. E_USAGE names the text and
 * a valid form; E_NOMEM. */
int endpoint_read(const char *text, struct buf *url, struct buf *name, struct why *why) MUST_USE;

/* Appends the address of a collector's metrics page to URL: "http://host:14269" as "http://host:14269/metrics", an
 * address with a path unchanged. E_USAGE names the text, without secrets, and a valid form; E_NOMEM. */
int endpoint_page(const char *text, struct buf *url, struct why *why) MUST_USE;

/* The host of URL, an IPv6 address in its brackets, without user and port; borrowed from URL. */
struct slice endpoint_host(const char *url);
/* The port of URL; the scheme's default port when URL has none. */
uint16_t endpoint_port(const char *url);
/* True when HOST, from endpoint_host, is an IP address and not a name. */
bool endpoint_is_address(struct slice host);

#endif
