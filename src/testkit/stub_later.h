/* SPDX-License-Identifier: Apache-2.0 */
/* stub_later.h — requests of a stub that are not answered at once: held until it is told to go on, or judged
 * and answered after a time. */
#ifndef STUB_LATER_H
#define STUB_LATER_H

#include "http/server.h"

struct stub_later;

/* JUDGE fills the reply to a request. It may end in stub_later_drop, and then there is no reply. */
int stub_later_open(struct stub_later **out, struct loop *l,
        void (*judge)(void *arg, const struct http_call *call, struct http_reply *reply), void *arg) MUST_USE;
void stub_later_free(struct stub_later *l);

/* Called by a route's answer(): judges CALL, now or later. */
void stub_later_request(struct stub_later *l, const struct http_call *call, struct http_reply *reply);
/* While true, requests are held and not judged; then all that came are. */
void stub_later_hang(struct stub_later *l, bool hang);
/* Each reply waits so long after its request was judged, in milliseconds. */
void stub_later_delay(struct stub_later *l, uint64_t ms);
/* The server is freed, and the connections with it: nobody waits for an answer any more. */
void stub_later_drop(struct stub_later *l);

#endif
