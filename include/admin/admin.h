/* SPDX-License-Identifier: Apache-2.0 */
/* The admin port of agent and drain: health, metrics, ledger, status, configuration. */
#ifndef ADMIN_H
#define ADMIN_H

#include "base/buf.h"
#include "config/conf.h"
#include "telemetry/health.h"
#include "loop/loop.h"
#include "admin/status.h"
#include "base/units.h"

struct admin_opts {
	struct hostport at;
	const char *command; /* "agent" or "drain" */
	const struct health *health;
	const struct conf *conf; /* of /config; NULL leaves that page out */
	/* Each appends its page; called on the loop for each request. */
	void (*metrics)(void *arg, struct buf *to);     /* what admin itself does not know */
	void (*ledger)(void *arg, struct buf *to);      /* JSON: ledger_json, or the drain's own */
	void (*status)(void *arg, struct status *page); /* NULL: health and ledger alone */
	/* Brings sentences of HEALTH up to date (health_note), before a page shows them; NULL for none. */
	void (*note_health)(void *arg);
	void *arg;
};

/* Routes: / as jaeger-agent; 404 for what is not listed here; /health/live, /health/ready, /metrics, /ledger,
 * /status, /status.json, /config. /metrics begins with the process's own figures and the health. */

struct admin;
int admin_open(struct admin **out, struct loop *l, const struct admin_opts *opts, struct why *why) MUST_USE;
uint16_t admin_port(const struct admin *a);
void admin_free(struct admin *a);

#endif
