/* main.c — finds the command that was asked for and calls it. */
#include <stdio.h>
#include <string.h>

#include "cmd.h"

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* "--version", "--help" and "-h" are what people try first. */
static const char *command_word(const char *arg)
{
	if (strcmp(arg, "--version") == 0)
		return "version";
	if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0)
		return "help";
	return arg;
}

int main(int argc, char **argv)
{
	const struct command *c;
	const char *word;

	if (argc < 1)
		return 2;
	/* Under the name of the agent whose place it takes, flags are the agent's. */
	if (strcmp(last_part(argv[0]), "jaeger-agent") == 0 && (argc < 2 || argv[1][0] == '-')) {
		c = command_find("agent");
		if (c != NULL)
			return c->run(argc, argv);
	}
	if (argc < 2) {
		fprintf(stderr, "spanspool: a command is wanted (see spanspool help)\n");
		return 2;
	}
	word = command_word(argv[1]);
	c = command_find(word);
	return c == NULL ? command_unknown(word) : c->run(argc - 1, argv + 1);
}
