/* SPDX-License-Identifier: Apache-2.0 */
/* command.c — finds the command that was asked for and calls it. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/options.h"
#include "cmd/program.h"
#include "config/suggestion.h"

static const struct command *table; /* of this program; commands_main sets it before anything reads it */

const struct command *command_first(void)
{
	return table;
}

const struct command *command_find(const char *name)
{
	for (const struct command *c = table; c->name != NULL; c++) {
		if (strcmp(c->name, name) == 0)
			return c;
	}
	return NULL;
}

int command_unknown(const char *name)
{
	struct suggestion nearest = { .wrong = name };

	for (const struct command *c = table; c->name != NULL; c++)
		suggestion_consider(&nearest, c->name);
	fprintf(stderr, "spanspool: unknown command \"%s\"", name);
	if (nearest.best != NULL)
		fprintf(stderr, "; is %s meant?\n", nearest.best);
	else
		fprintf(stderr, " (see spanspool help)\n");
	return EXIT_USAGE;
}

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

/* True when stdout is a pipe that nobody reads any more. */
static bool reader_is_gone(void)
{
	struct pollfd out = { .fd = STDOUT_FILENO };

	return poll(&out, 1, 0) > 0 && (out.revents & POLLERR) != 0;
}

int command_run(const struct command *c, int argc, char **argv)
{
	return c->program == NULL ? c->run(argc, argv) : program_exec(c->program, c->name, argv);
}

/* As --help does, --version among any command's arguments asks for nothing else. */
static int run_or_print_version(const struct command *c, int argc, char **argv)
{
	const struct command *version = command_find("version");
	char *word[] = { argv[0], NULL };

	for (int i = 1; version != NULL && i < argc; i++)
		if (asks_for_version(argv[i]))
			return version->run(1, word);
	return command_run(c, argc, argv);
}

/* What could not be written, to a full disk say, was not done. A reader that has gone, as `head` does,
 * wanted no more: nothing is said then, as nothing is said where SIGPIPE ends the program. */
static int run_and_flush(const struct command *c, int argc, char **argv)
{
	int rc = run_or_print_version(c, argc, argv);

	if (fflush(stdout) == 0 && !ferror(stdout))
		return rc;
	if (rc != EXIT_FAILED && !reader_is_gone()) /* EXIT_FAILED: the command has printed what it could not do */
		fprintf(stderr, "spanspool %s: the output could not be written\n", c->name);
	return rc == EXIT_FINE ? EXIT_FAILED : rc;
}

int commands_main(const struct command *of_program, const char *named, int argc, char **argv)
{
	const struct command *c;
	const char *word;

	table = of_program;
	if (argc < 1 || !fill_standard_descriptors())
		return EXIT_USAGE;
	c = named == NULL ? NULL : command_find(named);
	if (c != NULL)
		return run_and_flush(c, argc, argv);
	if (argc < 2) {
		fprintf(stderr, "spanspool: a command is wanted (see spanspool help)\n");
		return EXIT_USAGE;
	}
	word = command_word(argv[1]);
	c = command_find(word);
	return c == NULL ? command_unknown(word) : run_and_flush(c, argc - 1, argv + 1);
}
