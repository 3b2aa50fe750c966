/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_help.c — prints the list of commands, or runs a command with --help. */
#include <stdio.h>

#include "cmd/completion.h"
#include "cmd/options.h"

static void list_commands(FILE *to)
{
	fprintf(to, "usage: spanspool COMMAND [options]\n\n"
	            "Takes spans by UDP as jaeger-agent does, and loses none that it accepted, but\n"
	            "for the last milliseconds before a kill -9, and counts every one.\n\n");
	for (const struct command *c = command_first(); c->name != NULL; c++)
		fprintf(to, "  %-10s %s\n", c->name, c->summary);
	fprintf(to, "\nspanspool help COMMAND lists its options.\n");
}

void cmd_help_complete(const struct completion *c)
{
	if (c->n == 2)
		completion_commands(c);
}

int cmd_help(int argc, char **argv)
{
	char help[] = "--help";
	char *command_argv[3] = { NULL, help, NULL };
	const struct command *c;

	if (argc < 2 || argv[1][0] == '-') { /* options are ignored */
		list_commands(stdout);
		return EXIT_FINE;
	}
	c = command_find(argv[1]);
	if (c == NULL)
		return command_unknown(argv[1]);
	if (c->run == cmd_help) {
		list_commands(stdout);
		return EXIT_FINE;
	}
	command_argv[0] = argv[1];
	return command_run(c, 2, command_argv);
}
