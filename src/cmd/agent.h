/* SPDX-License-Identifier: Apache-2.0 */
/* agent.h — the agent command: its state, and what cmd_agent.c and agent_*.c share. */
#ifndef AGENT_H
#define AGENT_H

#include "admin/admin.h"
#include "policy/catchup.h"
#include "policy/stall.h"
#include "daemon.h"
#include "takeover.h"
#include "agent/options.h"
#include "agent/pipeline.h"
#include "cmd/options.h"
#include "agent/sinks.h"

enum { AGENT_LOSSES = 12 }; /* counters of the ledger that are reported in the log */

struct agent {
	int argc; /* as given to cmd_agent */
	char **argv;
	struct agent_settings set;
	struct options options;
	struct loop *loop;
	struct health health;
	struct pipeline *pipeline;
	struct sink *sink;
	bool to_kafka;
	struct properties properties;
	struct intake *intake;
	struct admin *admin;
	struct sampling *sampling;
	struct daemon daemon;
	struct takeover takeover;   /* by a successor */
	int predecessor;            /* connection to the agent that this one takes over from; -1: none */
	bool hurried;               /* a second SIGINT came: the stop waits for nothing more */
	struct timer *second_timer; /* once a second: kernel drop counters, and losses to log */

	/* Owned by agent_service.c. */
	struct stall stall;
	bool stall_reported;

	/* Owned by agent_log.c. */
	struct ledger at_start;
	uint64_t started_us;
	struct log_count losses[AGENT_LOSSES];
	struct catchup catchup;
};

/* Callbacks of the admin server: render /metrics, /ledger and /status. ARG is a struct agent. */
void agent_metrics(void *arg, struct buf *to);
void agent_ledger(void *arg, struct buf *to);
void agent_status(void *arg, struct status *page);
extern const struct history_series agent_series[];
void agent_sample(void *arg, double values[HISTORY_SERIES]);
/* Writes the destination and the number of delivered spans into the health notes. ARG is a struct agent. */
void agent_note_health(void *arg);

/* agent_service.c: what the service manager is told; callbacks of struct service_opts. ARG is a struct agent. */
void agent_service_status(void *arg, char *to, size_t cap);
bool agent_is_alive(void *arg, uint64_t limit_us);

/* agent_reload.c. */
extern const struct reload_row agent_reload_rows[];

/* agent_log.c. To be called when the spool is open: the totals of agent_log_stop count from here. */
void agent_log_begin(struct agent *a);
/* Logs the spool, the admin address and the Kafka options. To be called when every part is open. */
void agent_log_start(struct agent *a);
/* Logs losses and a delivered backlog. To be called once a second. */
void agent_log_tick(struct agent *a);
/* Logs the last losses and the totals. To be called when the spool is closed. */
void agent_log_stop(struct agent *a);

#endif
