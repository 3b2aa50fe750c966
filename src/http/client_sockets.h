/* SPDX-License-Identifier: Apache-2.0 */
/* The sockets of a client's connections. */
#ifndef HTTP_CLIENT_SOCKETS_H
#define HTTP_CLIENT_SOCKETS_H

#include <curl/curl.h>

#include "loop/loop.h"

struct client_sockets;

/* Watches the sockets that MULTI names, and gives MULTI its turn when one of them is ready. ACTED is called
 * after that, outside of MULTI; it may free the sockets. */
int client_sockets_open(
        struct client_sockets **out, struct loop *l, CURLM *multi, void (*acted)(void *arg), void *arg) MUST_USE;

/* After the cleanup of MULTI, which names sockets to the last. NULL is fine. */
void client_sockets_free(struct client_sockets *s);

#endif
