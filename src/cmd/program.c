/* SPDX-License-Identifier: Apache-2.0 */
/* program.c — finds a program beside this one, or where it was installed, and executes it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "cmd/options.h"
#include "cmd/program.h"

/* Where `make install` puts each program; the directories are absolute paths of configure. */
static const struct installed {
	const char *name;
	const char *directory;
} programs[] = {
	{ PROGRAM_DAEMON, BINDIR },
	{ PROGRAM_TESTKIT, PKGLIBEXECDIR },
};

static const char *installed_directory(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(programs); i++)
		if (strcmp(programs[i].name, name) == 0)
			return programs[i].directory;
	return "";
}

/* Length of the part of DIRECTORY before the directory of an installed program, which is the DESTDIR; 0 when no
 * program is installed in such a directory. */
static size_t destdir_length(const char *directory, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(programs); i++) {
		size_t tail = strlen(programs[i].directory);

		if (len >= tail && memcmp(directory + len - tail, programs[i].directory, tail) == 0)
			return len - tail;
	}
	return 0;
}

void program_path(const char *own, const char *name, char to[PATH_MAX])
{
	const char *slash = strrchr(own, '/');
	size_t directory = slash == NULL ? 0 : (size_t)(slash - own);

	snprintf(to, PATH_MAX, "%.*s/%s", (int)directory, own, name);
	if (access(to, X_OK) != 0)
		snprintf(to, PATH_MAX, "%.*s%s/%s", (int)destdir_length(own, directory), own, installed_directory(name),
		        name);
}

static int fail(const char *name, const char *path, int error, struct why *why)
{
	return why_set(why, err_from_errno(error),
	        "cannot run %s: %s; it belongs to the package %s, and `make install` installs it", path,
	        strerror(error), name);
}

int program_find(const char *name, char to[PATH_MAX], struct why *why)
{
	char own[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);

	if (n < 0)
		return why_set(why, E_IO, "/proc/self/exe: %s", strerror(errno));
	own[n] = '\0';
	program_path(own, name, to);
	return access(to, X_OK) == 0 ? 0 : fail(name, to, errno, why);
}

/* A copy of ARGV with PATH before it; the caller frees it. NULL without memory. */
static char **arguments_after(char *path, char **argv)
{
	size_t n = 0;
	char **all;

	while (argv[n] != NULL)
		n++;
	all = calloc(n + 2, sizeof(*all));
	if (all == NULL)
		return NULL;
	all[0] = path;
	memcpy(all + 1, argv, n * sizeof(*all));
	return all;
}

int program_exec(const char *name, const char *command, char **argv)
{
	char path[PATH_MAX], **arguments;
	struct why why;

	if (program_find(name, path, &why) < 0)
		return options_fail(command, &why);
	arguments = arguments_after(path, argv);
	if (arguments == NULL) {
		why_set(&why, E_NOMEM, "%s", err_text(E_NOMEM));
	} else {
		execv(path, arguments);
		fail(name, path, errno, &why);
		free(arguments);
	}
	return options_fail(command, &why);
}
