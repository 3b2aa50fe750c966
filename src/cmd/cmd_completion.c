/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_completion.c — `spanspool completion`: prints the script for a shell, and, for these scripts, the words that
 * complete a command line. They come from the tables of commands and options, so a script needs no change with these. */
#include <stdio.h>
#include <string.h>

#include "cmd/completion.h"
#include "cmd/options.h"
#include "cmd/program.h"

static const struct {
	const char *name;
	const char *script;
} shells[] = { { "bash", completion_bash }, { "zsh", completion_zsh }, { "fish", completion_fish } };
static const char words_verb[] = "words";

void completion_offer(const struct completion *c, const char *word, const char *help)
{
	const char *begun = c->words[c->n - 1];

	if (strncmp(word, begun, strlen(begun)) == 0)
		printf("%s\t%s\n", word, help);
}

void completion_commands(const struct completion *c)
{
	for (const struct command *of = command_first(); of->name != NULL; of++)
		completion_offer(c, of->name, of->summary);
}

void completion_options(const struct completion *c, const struct options_spec *spec)
{
	options_complete(spec, c->words[c->n - 2], c->words[c->n - 1], stdout);
}

void completion_hand_over(const struct completion *c, const char *program)
{
	fflush(stdout);
	program_exec(program, "completion", c->line);
}

void cmd_completion_complete(const struct completion *c)
{
	for (size_t i = 0; c->n == 2 && i < ARRAY_LEN(shells); i++)
		completion_offer(c, shells[i].name, "prints the script for this shell");
}

static void complete_command(const struct completion *c)
{
	const struct command *of = command_find(c->words[0]);

	if (of == NULL)
		return;
	if (of->program != NULL)
		completion_hand_over(c, of->program);
	else if (of->complete != NULL)
		of->complete(c);
	else if (of->options != NULL)
		completion_options(c, of->options);
}

/* WORDS[0] is the program's name. Under the name jaeger-agent a line of options is the agent's. */
static void complete_line(char **words, int n, char **line)
{
	static char agent[] = "agent";
	const char *slash = strrchr(words[0], '/');
	bool as_jaeger = strcmp(slash == NULL ? words[0] : slash + 1, "jaeger-agent") == 0;
	struct completion all = { words, n, line }, command = { words + 1, n - 1, line };

	if (n == 2)
		completion_commands(&all);
	if (as_jaeger && (n == 2 || words[1][0] == '-')) {
		words[0] = agent;
		complete_command(&all);
	} else if (n > 2) {
		complete_command(&command);
	} else {
		completion_offer(&all, "--help", "the commands");
		completion_offer(&all, "--version", "the version");
	}
}

static void usage(FILE *to)
{
	fprintf(to, "usage: spanspool completion bash|zsh|fish\n"
	            "       spanspool completion words PROGRAM [WORD...]\n\n"
	            "  bash, zsh, fish  prints the script that completes command lines in this shell\n"
	            "  words            what completes the last WORD of a command line; for these scripts\n\n"
	            "bash:  source <(spanspool completion bash)\n"
	            "zsh:   source <(spanspool completion zsh)\n"
	            "fish:  spanspool completion fish | source\n");
}

/* The script for the shell NAME; NULL: there is none. */
static const char *find_script(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(shells); i++)
		if (strcmp(shells[i].name, name) == 0)
			return shells[i].script;
	return NULL;
}

int cmd_completion(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	const char *script = find_script(verb);

	if (strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0) {
		usage(stdout);
		return EXIT_FINE;
	}
	if (script != NULL && argc == 2) {
		fputs(script, stdout);
		return EXIT_FINE;
	}
	if (strcmp(verb, words_verb) != 0 || argc < 3) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (argc > 3)
		complete_line(argv + 2, argc - 2, argv);
	return EXIT_FINE;
}
