/* SPDX-License-Identifier: Apache-2.0 */
/* The commands. Each parses its own arguments (argv[0] is the command's word) and returns the
 * exit status: 0 success, 1 failed while running, 2 usage or configuration, 3 the check failed. */
#ifndef CMD_H
#define CMD_H

#include "base/base.h"

struct options_spec;

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;                /* one line */
	const struct options_spec *options; /* NULL for a command that has none */
};

/* Every command of this program, in the order of `spanspool help`; ends with a name of NULL. */
extern const struct command commands[];

/* NULL when there is no such command. */
const struct command *command_find(const char *name);
/* Prints on stderr that there is no command NAME, with the nearest name. Returns 2. */
int command_unknown(const char *name);

int cmd_agent(int argc, char **argv);
int cmd_drain(int argc, char **argv);
int cmd_spool(int argc, char **argv);
int cmd_emit(int argc, char **argv);
int cmd_demo(int argc, char **argv);
int cmd_config(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_version(int argc, char **argv);
int cmd_help(int argc, char **argv);

extern const struct options_spec agent_options;
extern const struct options_spec drain_options;
extern const struct options_spec spool_options;
extern const struct options_spec emit_options;
extern const struct options_spec demo_options;
extern const struct options_spec status_options;

#endif
