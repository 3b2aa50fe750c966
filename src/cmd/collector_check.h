/* collector_check.h — the options collector.* of agent and drain, checked without a connection. */
#ifndef COLLECTOR_CHECK_H
#define COLLECTOR_CHECK_H

#include "conf.h"
#include "http_client.h"

/* Every text of URLS is the address of a collector. */
int collector_check_urls(
        const struct conf *c, const char *const *urls, size_t n, struct why *why) MUST_USE;

/* Credentials that exclude each other, halves of a pair, headers, files that cannot be read. */
int collector_check_client(
        const struct conf *c, const struct http_client_opts *o, struct why *why) MUST_USE;

#endif
