/* SPDX-License-Identifier: Apache-2.0 */
/* stub_later.h — delays a stub's requests: while the stub hangs, requests are queued; with a delay they are handled
 * at once and answered later. */
#ifndef STUB_LATER_H
#define STUB_LATER_H

#include "http/server.h"

struct stub_later;

/* HANDLE fills in the reply to a request. When it calls stub_later_drop() the reply is discarded. */
int stub_later_open(struct stub_later **out, struct loop *l,
        void (*handle)(void *arg, const struct http_call *call, struct http_reply *reply), void *arg) MUST_USE;
void stub_later_free(struct stub_later *l);

/* Called by a route's answer(): handles CALL, now or later. */
void stub_later_request(struct stub_later *l, const struct http_call *call, struct http_reply *reply);
/* While HANG, requests are queued; when it ends all of them are handled. */
void stub_later_hang(struct stub_later *l, bool hang);
/* Each reply is sent MS milliseconds after its request was handled. */
void stub_later_delay(struct stub_later *l, uint64_t ms);
/* Discards all requests without an answer: for when the server was freed, with its connections. */
void stub_later_drop(struct stub_later *l);

#endif
