/* SPDX-License-Identifier: Apache-2.0 */
/* stub_admin.h — the second port of a stub collector, with the metrics page. */
#ifndef STUB_ADMIN_H
#define STUB_ADMIN_H

#include "testkit/stub_collector.h"

/* PORT of the address HOST, 0: a free port; HOST and STORE are borrowed. The port is closed until stub_admin_up(). */
struct stub_admin;
int stub_admin_open(struct stub_admin **out, struct loop *l, const char *host, uint16_t port, enum stub_page page,
        struct stub_store *store, struct why *why) MUST_USE;
void stub_admin_free(struct stub_admin *a);
/* "http://HOST:PORT/metrics"; valid after the first stub_admin_up(). */
const char *stub_admin_url(const struct stub_admin *a);
/* The number of requests answered, in any mode. */
uint64_t stub_admin_requests_answered(const struct stub_admin *a);

/* Opens the port, unless the mode is STUB_METRICS_OFF. */
int stub_admin_up(struct stub_admin *a, struct why *why) MUST_USE;
void stub_admin_down(struct stub_admin *a);
/* Sets the mode; opens or closes the port accordingly, unless the collector is down. */
int stub_admin_set_mode(struct stub_admin *a, enum stub_metrics_mode mode, struct why *why) MUST_USE;
void stub_admin_delay(struct stub_admin *a, uint64_t ms);

#endif
