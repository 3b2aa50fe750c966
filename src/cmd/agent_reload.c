/* SPDX-License-Identifier: Apache-2.0 */
/* agent_reload.c — the options of the agent that a reload changes, and how. */
#include "agent.h"

static int apply_log(void *arg, struct why *why)
{
	const struct agent *a = arg;

	(void)why;
	log_setup(a->options.log_level, a->options.log_form);
	return 0;
}

static int apply_limits(void *arg, struct why *why)
{
	struct agent *a = arg;
	struct pipeline_limits l = agent_pipeline_limits(&a->set);

	(void)why;
	pipeline_set_limits(a->pipeline, &l);
	return 0;
}

/* The flight first: it must have room for the largest batch before one may come. */
static int apply_tags(void *arg, struct why *why)
{
	struct agent *a = arg;
	struct intake_opts o = agent_intake_opts(&a->set);

	(void)apply_limits(a, why);
	return intake_set_tags(a->intake, &o, why);
}

const struct reload_row agent_reload_rows[] = {
	{ "log-level", apply_log },
	{ "log-encoding", apply_log },
	{ "agent.tags", apply_tags },
	{ "spool.max-bytes", apply_limits },
	{ "spool.min-free", apply_limits },
	{ "spool.max-age", apply_limits },
	{ "spool.on-full", apply_limits },
	{ "spool.on-refused", apply_limits },
	{ "shutdown.timeout", apply_limits },
	{ NULL, NULL },
};
