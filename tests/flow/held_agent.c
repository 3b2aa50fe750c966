/* SPDX-License-Identifier: Apache-2.0 */
/* held_agent.c — the agent itself, on a disk that a test can hold: while the file "hold" stands beside
 * the spool's directory, a sync does not return. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LOOK_AGAIN_US = 1000 };

static char hold[512];

__attribute__((constructor)) static void find_directory(int argc, char **argv)
{
	static const char option[] = "--spool.directory=";

	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], option, strlen(option)) == 0)
			snprintf(hold, sizeof(hold), "%s/../hold", argv[i] + strlen(option));
}

static int sync_with(const char *name, int fd)
{
	int (*call)(int fd) = (int (*)(int fd))dlsym(RTLD_NEXT, name);

	while (hold[0] != '\0' && access(hold, F_OK) == 0)
		usleep(LOOK_AGAIN_US);
	return call(fd);
}

int fsync(int fd)
{
	return sync_with("fsync", fd);
}

int fdatasync(int fd)
{
	return sync_with("fdatasync", fd);
}
