/* SPDX-License-Identifier: Apache-2.0 */
/* The programs of this package, and how one of them finds and becomes another. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <limits.h>

#include "base/err.h"

#define PROGRAM_DAEMON "spanspool"
#define PROGRAM_TESTKIT "spanspool-testkit" /* has demo and emit */

/* Sets TO to the path of the program NAME (one of those above) that belongs to the executable OWN, an absolute path:
 * beside OWN when it is there, as in a build tree, else where `make install` puts it. An installation below a DESTDIR
 * is recognized by its tail, and the program is looked for below the same DESTDIR. */
void program_path(const char *own, const char *name, char to[PATH_MAX]);

/* The path of NAME for this process. E_MISSING, E_DENIED or another code of the system when it cannot be executed;
 * WHY names the path and the package. */
int program_find(const char *name, char to[PATH_MAX], struct why *why) MUST_USE;

/* Becomes the program NAME with the arguments ARGV, argv[0] being a command's word: process id, standard streams
 * and exit status are those of this process. Returns EXIT_FAILED only when that fails; the error was printed on
 * stderr as one of COMMAND. */
int program_exec(const char *name, const char *command, char **argv);

#endif
