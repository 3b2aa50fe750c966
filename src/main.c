/* SPDX-License-Identifier: Apache-2.0 */
/* main.c — the daemon's program: the commands of commands.c, and jaeger-agent as another name of one of them. */
#include <string.h>

#include "cmd/options.h"

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

int main(int argc, char **argv)
{
	bool as_jaeger = argc >= 1 && strcmp(last_part(argv[0]), "jaeger-agent") == 0;
	int status;

	if (!as_jaeger)
		return commands_main(commands, NULL, argc, argv);
	/* jaeger-agent without a command is the agent, and every error of its command line ends it with 1. */
	status = commands_main(jaeger_commands, argc < 2 || argv[1][0] == '-' ? "agent" : NULL, argc, argv);
	return status == EXIT_USAGE ? EXIT_FAILED : status;
}
