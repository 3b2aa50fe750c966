/* SPDX-License-Identifier: Apache-2.0 */
/* commands.c — the table of commands. To add a command: a row here, a file cmd_NAME.c and a manual page. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "config/suggestion.h"
#include "cmd/options.h"

const struct command commands[] = {
	{ "agent", cmd_agent, "spans from UDP to Kafka or a collector, over the spool", &agent_options },
	{ "drain", cmd_drain, "spans from Kafka to a collector", &drain_options },
	{ "spool", cmd_spool, "look at, take out and mend a spool", &spool_options },
	{ "demo", cmd_demo, "the fault-tolerance demonstration, self-contained", &demo_options },
	{ "emit", cmd_emit, "numbered test spans at a set rate", &emit_options },
	{ "config", cmd_config, "check the options of a command, show them, print a sample file", NULL },
	{ "status", cmd_status, "what a running agent or drain says of itself", &status_options },
	{ "version", cmd_version, "the version of this program", NULL },
	{ "help", cmd_help, "this, or the options of a command", NULL },
	{ NULL, NULL, NULL, NULL },
};

const struct command *command_find(const char *name)
{
	for (const struct command *c = commands; c->name != NULL; c++) {
		if (strcmp(c->name, name) == 0)
			return c;
	}
	return NULL;
}

int command_unknown(const char *name)
{
	struct suggestion nearest = { .wrong = name };

	for (const struct command *c = commands; c->name != NULL; c++)
		suggestion_consider(&nearest, c->name);
	fprintf(stderr, "spanspool: unknown command \"%s\"", name);
	if (nearest.best != NULL)
		fprintf(stderr, "; is %s meant?\n", nearest.best);
	else
		fprintf(stderr, " (see spanspool help)\n");
	return EXIT_USAGE;
}
