/* SPDX-License-Identifier: Apache-2.0 */
/* TLS of an HTTP server: GnuTLS, which libmicrohttpd is built on. */
#ifndef HTTP_SERVER_TLS_H
#define HTTP_SERVER_TLS_H

#include "base/buf.h"

struct http_tls {
	const char *cert, *key; /* PEM; of a chain the server's own certificate first */
	const char
	        *client_ca; /* PEM: a request without a certificate of these authorities is answered 403; NULL: none */
	const char *priorities; /* as server_tls_priorities() makes them */
};

/* Appends the priority string of GnuTLS for the versions MIN to MAX ("1.0", "1.1", "1.2", "1.3"; "" is 1.2 and 1.3) and
 * the cipher suites SUITES: names of IANA with commas between, as Go has them; "" leaves them to GnuTLS. Suites of TLS
 * 1.3 are allowed in any case, where one of SUITES has the same cipher. E_USAGE names what is wrong. GnuTLS takes key
 * exchanges, ciphers and MACs one by one, so a list that would allow another suite is refused with that suite's name. */
int server_tls_priorities(
        const char *suites, const char *min, const char *max, struct buf *to, struct why *why) MUST_USE;

/* 0 when a server can use TLS, whose priorities may be NULL; else E_USAGE. */
int server_tls_check(const struct http_tls *tls, struct why *why) MUST_USE;

#endif
