/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_config.c — `spanspool config`: checks the options of a command, shows each value and where it was set,
 * or prints a sample file, without running the command. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/completion.h"
#include "config/suggestion.h"
#include "cmd/options.h"
#include "cmd/program.h"

enum verb { CHECK, SHOW, SAMPLE, VERBS };
static const char *const verbs[VERBS] = { "check", "show", "sample" };

static void usage(FILE *to)
{
	fprintf(to, "usage: spanspool config check|show|sample [COMMAND] [options of the command]\n\n"
	            "  check   says what is wrong with the options, and starts nothing (exit 2)\n"
	            "  show    every value, and who set it; secrets are masked\n"
	            "  sample  a file with every option and its default\n\n"
	            "COMMAND is agent when it is left out. It may be");
	for (const struct command *c = command_first(); c->name != NULL; c++) {
		if (c->options != NULL || c->program != NULL)
			fprintf(to, " %s", c->name);
	}
	fprintf(to, ".\n");
}

static int find_verb(const char *word)
{
	struct suggestion nearest = { .wrong = word };

	for (int i = 0; i < VERBS; i++) {
		if (strcmp(word, verbs[i]) == 0)
			return i;
		suggestion_consider(&nearest, verbs[i]);
	}
	fprintf(stderr, "spanspool config: \"%s\" is not check, show or sample", word);
	if (nearest.best != NULL)
		fprintf(stderr, "; is %s meant?", nearest.best);
	fputc('\n', stderr);
	return -1;
}

/* NULL, and an error on stderr, when NAME is not a command with options. */
static const struct command *find_command(const char *name)
{
	const struct command *c = command_find(name);

	if (c == NULL) {
		command_unknown(name);
		return NULL;
	}
	if (c->options != NULL || c->program != NULL)
		return c;
	fprintf(stderr, "spanspool config: the command %s has no options in a file\n", name);
	return NULL;
}

static void print_warning(const char *text)
{
	fprintf(stderr, "spanspool config: warning: %s\n", text);
}

static int check_or_show(enum verb verb, const struct options_spec *spec, int argc, char **argv)
{
	void *settings = calloc(1, spec->size);
	struct options o;
	struct why why;
	int status = EXIT_FINE;

	if (settings == NULL) {
		why_set(&why, E_NOMEM, "%s", err_text(E_NOMEM));
		return options_fail("config", &why);
	}
	if (options_read(&o, spec, settings, argc, argv, &why) < 0) {
		free(settings);
		return options_fail("config", &why);
	}
	if (verb == CHECK && options_check(&o, spec, settings, &why) < 0)
		status = options_fail("config", &why);
	else if (verb == SHOW)
		conf_show(o.conf, stdout);
	else
		printf("the options of %s are fine\n", spec->command);
	conf_each_warning(o.conf, print_warning);
	options_close(&o);
	free(settings);
	return status;
}

/* The command whose options follow the verb; the agent when none is named. */
static void complete_options(const struct completion *c)
{
	bool named = c->n > 3 && c->words[2][0] != '-';
	const struct command *of = command_find(named ? c->words[2] : "agent");

	if (of != NULL && of->program != NULL)
		completion_hand_over(c, of->program);
	else if (of != NULL && of->options != NULL)
		completion_options(c, of->options);
}

void cmd_config_complete(const struct completion *c)
{
	if (c->n == 2) {
		completion_offer(c, verbs[CHECK], "says what is wrong with the options");
		completion_offer(c, verbs[SHOW], "every value, and who set it");
		completion_offer(c, verbs[SAMPLE], "a file with every option and its default");
		return;
	}
	for (const struct command *of = command_first(); c->n == 3 && of->name != NULL; of++)
		if (of->options != NULL || of->program != NULL)
			completion_offer(c, of->name, of->summary);
	complete_options(c);
}

int cmd_config(int argc, char **argv)
{
	const struct command *c;
	bool named = argc > 2 && argv[2][0] != '-';
	int verb;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			usage(stdout);
			return EXIT_FINE;
		}
	}
	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	verb = find_verb(argv[1]);
	if (verb < 0)
		return EXIT_USAGE;
	c = find_command(named ? argv[2] : "agent");
	if (c == NULL)
		return EXIT_USAGE;
	if (c->program != NULL)
		return program_exec(c->program, argv[0], argv);
	if (verb == SAMPLE) {
		options_sample(c->options, stdout);
		return EXIT_FINE;
	}
	/* options_read expects the command's word in argv[0]; here that is the verb or COMMAND. */
	return check_or_show(verb, c->options, argc - (named ? 2 : 1), argv + (named ? 2 : 1));
}
