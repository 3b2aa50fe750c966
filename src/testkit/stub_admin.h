/* SPDX-License-Identifier: Apache-2.0 */
/* stub_admin.h — the second port of a stub collector, where its metrics page is. */
#ifndef STUB_ADMIN_H
#define STUB_ADMIN_H

#include "testkit/stub_collector.h"

/* A port of the address HOST, 0 takes a free one; HOST and STORE are borrowed. It is closed until stub_admin_up. */
struct stub_admin;
int stub_admin_open(struct stub_admin **out, struct loop *l, const char *host, uint16_t port, enum stub_page form,
        struct stub_store *store, struct why *why) MUST_USE;
void stub_admin_free(struct stub_admin *a);
/* "http://HOST:PORT/metrics", from the first stub_admin_up on. */
const char *stub_admin_url(const struct stub_admin *a);
/* Pages that were answered, of whatever kind. */
uint64_t stub_admin_pages(const struct stub_admin *a);

/* Opens the port, unless the mode is STUB_METRICS_OFF; then it stays closed. */
int stub_admin_up(struct stub_admin *a, struct why *why) MUST_USE;
void stub_admin_down(struct stub_admin *a);
/* Opens or closes the port as the mode demands, unless the collector is down. */
int stub_admin_set_mode(struct stub_admin *a, enum stub_metrics_mode mode, struct why *why) MUST_USE;
void stub_admin_delay(struct stub_admin *a, uint64_t ms);

#endif
