/* SPDX-License-Identifier: Apache-2.0 */
/* admin_query.h — asks a running agent or drain for pages of its admin port. */
#ifndef ADMIN_QUERY_H
#define ADMIN_QUERY_H

#include "base/buf.h"
#include "http/client.h"

struct admin_page {
	const char *path;
	int status;      /* set by admin_query; 0: not asked */
	struct buf body; /* set by admin_query; the caller frees it */
};

struct admin_query_opts {
	const char *host_port; /* no host: this one */
	bool tls;
	uint64_t timeout_ms; /* of each page */
	struct http_client_opts client;
};

enum { ADMIN_BASE = 320 };

/* Asks for the N PAGES in turn. Sets BASE to "http://127.0.0.1:14271". An answer with any status is an answer. E_DOWN
 * or another code when there is none, or when it is longer than 1 MiB; the caller frees the bodies in any case. */
int admin_query(const struct admin_query_opts *o, struct admin_page *pages, size_t n, char base[ADMIN_BASE],
        struct why *why) MUST_USE;

#endif
