/* SPDX-License-Identifier: Apache-2.0 */
/* client_sockets.h — watches curl's sockets on the loop. */
#ifndef HTTP_CLIENT_SOCKETS_H
#define HTTP_CLIENT_SOCKETS_H

#include <curl/curl.h>

#include "loop/loop.h"

struct client_sockets;

/* Watches the sockets that MULTI asks for, and calls curl_multi_socket_action() when one is ready. After that,
 * outside of MULTI, it calls ACTED, which may free the client_sockets. */
int client_sockets_open(
        struct client_sockets **out, struct loop *l, CURLM *multi, void (*acted)(void *arg), void *arg) MUST_USE;

/* Call it after curl_multi_cleanup(), which still calls back for sockets. S may be NULL. */
void client_sockets_free(struct client_sockets *s);

#endif
