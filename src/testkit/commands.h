/* SPDX-License-Identifier: Apache-2.0 */
/* commands.h — the commands of the test kit, as cmd/cmd.h has those of the daemon. */
#ifndef TESTKIT_COMMANDS_H
#define TESTKIT_COMMANDS_H

#include "cmd/options.h"

int cmd_emit(int argc, char **argv);
int cmd_demo(int argc, char **argv);

extern const struct options_spec emit_options;
extern const struct options_spec demo_options;

#endif
