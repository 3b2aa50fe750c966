/* SPDX-License-Identifier: Apache-2.0 */
/* The commands. Each parses its own arguments (argv[0] is the command's word) and returns the
 * exit status: 0 success, 1 failed while running, 2 usage or configuration, 3 the check failed. */
#ifndef CMD_H
#define CMD_H

#include "base/base.h"

struct options_spec;
struct completion;

struct command {
	const char *name;
	int (*run)(int argc, char **argv);  /* NULL for a command of another program */
	const char *summary;                /* one line */
	const struct options_spec *options; /* NULL for a command that has none, or is of another program */
	const char *program;                /* the other program that has it, by a name of cmd/program.h; else NULL */
	/* Offers what completes the last word of a command line that begins with the command's word. NULL: the
	 * options, of a command that has any. */
	void (*complete)(const struct completion *c);
};

/* Every command of `spanspool`, in the order of `spanspool help`; ends with a name of NULL. */
extern const struct command commands[];
/* Those of the program under the name jaeger-agent: that agent's. */
extern const struct command jaeger_commands[];
/* True when the program was started under that name. */
bool command_as_jaeger(void);

/* main() of a program that has these commands (ending with a name of NULL): runs the one that argv[1] names, or NAMED
 * when that is not NULL. Returns the exit status. */
int commands_main(const struct command *of_program, const char *named, int argc, char **argv);

/* The commands of this program, as commands_main was given them. */
const struct command *command_first(void);
/* NULL when there is no such command. */
const struct command *command_find(const char *name);
/* Prints on stderr that there is no command NAME, with the nearest name. Returns 2. */
int command_unknown(const char *name);
/* Runs C with argv[0] as its word. A command of another program replaces this process. */
int command_run(const struct command *c, int argc, char **argv);

int cmd_agent(int argc, char **argv);
int cmd_drain(int argc, char **argv);
int cmd_spool(int argc, char **argv);
int cmd_config(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_completion(int argc, char **argv);
int cmd_version(int argc, char **argv);
int cmd_help(int argc, char **argv);

void cmd_spool_complete(const struct completion *c);
void cmd_config_complete(const struct completion *c);
void cmd_status_complete(const struct completion *c);
void cmd_completion_complete(const struct completion *c);
void cmd_help_complete(const struct completion *c);

extern const struct options_spec agent_options;
extern const struct options_spec drain_options;
extern const struct options_spec spool_options;
extern const struct options_spec status_options;

#endif
