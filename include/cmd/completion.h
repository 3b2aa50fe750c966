/* SPDX-License-Identifier: Apache-2.0 */
/* Completes command lines for a shell. A candidate is a line on stdout: the word, a tab, and a description that may be
 * empty; ":file" and ":directory" stand for the names of files and directories. */
#ifndef COMPLETION_H
#define COMPLETION_H

#include "base/base.h"

struct options_spec;

/* A command line up to the cursor. */
struct completion {
	char **words; /* the first is the command's word; the last is to be completed and may be empty */
	int n;        /* of words, at least 2 */
	char **line;  /* arguments of `spanspool completion` for the same, for another program; ends with NULL */
};

/* Prints WORD when it begins with the last word. */
void completion_offer(const struct completion *c, const char *word, const char *help);
/* Offers the commands of this program. */
void completion_commands(const struct completion *c);
/* Offers the options of SPEC, or the values of one. */
void completion_options(const struct completion *c, const struct options_spec *spec);
/* Has the program named PROGRAM (cmd/program.h) complete the line. Does not return, unless it cannot be run. */
void completion_hand_over(const struct completion *c, const char *program);

/* The scripts for shells, the files of etc/completion. */
extern const char completion_bash[], completion_zsh[], completion_fish[];

#endif
