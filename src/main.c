/* SPDX-License-Identifier: Apache-2.0 */
/* main.c — finds the command that was asked for and calls it. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"

/* A descriptor that was closed by whoever started this process would be given to the next file that is
 * opened, which then takes what is written to stdout or stderr. /dev/null is opened so that reading
 * stdin and writing the others fails, as it does with a closed descriptor: output that nobody gets is
 * an error. False: there is no /dev/null. */
static bool fill_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* The lowest free descriptor is the one that is given: FD. */
		if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return false;
	}
	return true;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

static bool asks_for_version(const char *arg)
{
	return strcmp(arg, "--version") == 0 || strcmp(arg, "-V") == 0;
}

/* "--version", "--help" and their short forms are what people try first. */
static const char *command_word(const char *arg)
{
	if (asks_for_version(arg))
		return "version";
	if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0)
		return "help";
	return arg;
}

/* As --help does, --version among any command's arguments asks for nothing else. */
static int call(const struct command *c, int argc, char **argv)
{
	char *word[] = { argv[0], NULL };

	for (int i = 1; i < argc; i++)
		if (asks_for_version(argv[i]))
			return command_find("version")->run(1, word);
	return c->run(argc, argv);
}

/* True when stdout is a pipe that nobody reads any more. */
static bool reader_is_gone(void)
{
	struct pollfd out = { .fd = STDOUT_FILENO };

	return poll(&out, 1, 0) > 0 && (out.revents & POLLERR) != 0;
}

/* What could not be written, to a full disk say, was not done. A reader that has gone, as `head` does,
 * wanted no more: nothing is said then, as nothing is said where SIGPIPE ends the program. */
static int run(const struct command *c, int argc, char **argv)
{
	int rc = call(c, argc, argv);

	if (fflush(stdout) == 0 && !ferror(stdout))
		return rc;
	if (rc != 1 && !reader_is_gone()) /* 1: the command has said what it could not do */
		fprintf(stderr, "spanspool %s: the output could not be written\n", c->name);
	return rc == 0 ? 1 : rc;
}

int main(int argc, char **argv)
{
	const struct command *c;
	const char *word;

	if (argc < 1 || !fill_standard_descriptors())
		return 2;
	/* Under the name of the agent whose place it takes, flags are the agent's. */
	if (strcmp(last_part(argv[0]), "jaeger-agent") == 0 && (argc < 2 || argv[1][0] == '-')) {
		c = command_find("agent");
		if (c != NULL)
			return run(c, argc, argv);
	}
	if (argc < 2) {
		fprintf(stderr, "spanspool: a command is wanted (see spanspool help)\n");
		return 2;
	}
	word = command_word(argv[1]);
	c = command_find(word);
	return c == NULL ? command_unknown(word) : run(c, argc - 1, argv + 1);
}
