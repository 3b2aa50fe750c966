/* SPDX-License-Identifier: Apache-2.0 */
/* commands.c — the table of commands. To add a command: a row here, a file cmd_NAME.c and a manual page. A row with
 * the name of a program instead of a function is a command that this program has; src/testkit/main.c has its row. */
#include "cmd/cmd.h"
#include "cmd/program.h"

const struct command commands[] = {
	{ "agent", cmd_agent, "spans from UDP to Kafka or a collector, over the spool", &agent_options, NULL, NULL },
	{ "drain", cmd_drain, "spans from Kafka to a collector", &drain_options, NULL, NULL },
	{ "spool", cmd_spool, "look at, take out and mend a spool", &spool_options, NULL, cmd_spool_complete },
	{ "demo", NULL, "the fault-tolerance demonstration, self-contained", NULL, PROGRAM_TESTKIT, NULL },
	{ "emit", NULL, "numbered test spans at a set rate", NULL, PROGRAM_TESTKIT, NULL },
	{ "config", cmd_config, "check the options of a command, show them, print a sample file", NULL, NULL,
	        cmd_config_complete },
	{ "status", cmd_status, "what a running agent or drain says of itself", &status_options, NULL,
	        cmd_status_complete },
	{ "completion", cmd_completion, "completes command lines in bash, zsh and fish", NULL, NULL,
	        cmd_completion_complete },
	{ "version", cmd_version, "the version of this program", NULL, NULL, NULL },
	{ "help", cmd_help, "this, or the options of a command", NULL, NULL, cmd_help_complete },
	{ NULL, NULL, NULL, NULL, NULL, NULL },
};
