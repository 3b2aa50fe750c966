/* SPDX-License-Identifier: Apache-2.0 */
/* main.c — spanspool-testkit, the program that has the commands `spanspool demo` and `spanspool emit`. `config` and
 * `completion` are here because they read the options of these commands. */
#include "cmd/cmd.h"
#include "commands.h"

static const struct command testkit_commands[] = {
	{ "demo", cmd_demo, "the fault-tolerance demonstration, self-contained", &demo_options, NULL, NULL },
	{ "emit", cmd_emit, "numbered test spans at a set rate", &emit_options, NULL, NULL },
	{ "config", cmd_config, "check the options of a command, show them, print a sample file", NULL, NULL,
	        cmd_config_complete },
	{ "completion", cmd_completion, "completes command lines in bash, zsh and fish", NULL, NULL, NULL },
	{ NULL, NULL, NULL, NULL, NULL, NULL },
};

int main(int argc, char **argv)
{
	return commands_main(testkit_commands, NULL, argc, argv);
}
