/* SPDX-License-Identifier: Apache-2.0 */
/* main.c — the daemon's program: the commands of commands.c, and jaeger-agent as another name of one of them. */
#include <string.h>

#include "cmd/cmd.h"

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

int main(int argc, char **argv)
{
	bool as_jaeger = argc >= 1 && strcmp(last_part(argv[0]), "jaeger-agent") == 0;

	/* Under the name of the agent whose place it takes, flags are the agent's. */
	return commands_main(commands, as_jaeger && (argc < 2 || argv[1][0] == '-') ? "agent" : NULL, argc, argv);
}
