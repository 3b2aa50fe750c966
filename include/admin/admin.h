/* SPDX-License-Identifier: Apache-2.0 */
/* The admin port of agent and drain: health, metrics, ledger, status, configuration. */
#ifndef ADMIN_H
#define ADMIN_H

#include "admin/history.h"
#include "base/buf.h"
#include "config/conf.h"
#include "telemetry/health.h"
#include "http/access.h"
#include "loop/loop.h"
#include "admin/status.h"
#include "base/units.h"

struct admin_opts {
	struct hostport at;
	const char *command;               /* "agent" or "drain" */
	const struct access_settings *set; /* TLS, logins, the path of the metrics; NULL: plain, open to all */
	const struct health *health;
	const struct conf *conf; /* for /config; NULL: no such page */
	/* Each appends to its page; called on the loop for each request. */
	void (*metrics)(void *arg, struct buf *to);     /* the command's own metrics */
	void (*ledger)(void *arg, struct buf *to);      /* JSON, as of ledger_json() */
	void (*status)(void *arg, struct status *page); /* sections of /status; NULL: none */
	/* The charts of /status: at most HISTORY_SERIES, ended by a title of NULL; NULL: none. sample() gives their
	 * values now, and is called on the loop every HISTORY_STEP_MS. */
	const struct history_series *series;
	void (*sample)(void *arg, double values[HISTORY_SERIES]);
	/* Updates the reasons in HEALTH (health_note) before a page shows them; may be NULL. */
	void (*note_health)(void *arg);
	void *arg;
};

/* What jaeger-agent's command version and page /version print, without the figures of a build that are not known. */
#define JAEGER_VERSION_JSON "{\"gitCommit\":\"\",\"gitVersion\":\"v" PACKAGE_VERSION "\",\"buildDate\":\"\"}"

/* Routes: / and /version as jaeger-agent, /health/live, /health/ready, /metrics, /ledger, /status (its style
 * /status.css), /status.json, /config; 404 for others. /metrics begins with figures of the process and the health. */

struct admin;
int admin_open(struct admin **out, struct loop *l, const struct admin_opts *opts, struct why *why) MUST_USE;
/* Checks metrics-http-route and all of access_check. */
int admin_check(const struct conf *c, const struct access_settings *set, struct why *why) MUST_USE;
uint16_t admin_port(const struct admin *a);
/* The address of the pages with the port that is bound, as units_print_hostport() prints it to TO. */
const char *admin_address(const struct admin *a, char to[HOSTPORT_TEXT]);
void admin_free(struct admin *a);

#endif
