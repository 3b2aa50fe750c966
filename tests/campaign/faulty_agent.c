/* SPDX-License-Identifier: Apache-2.0 */
/* faulty_agent.c — the agent itself, before system calls that a plan may turn against it. The plan is
 * a line in the file "plan" beside the spool's directory, read before main:
 *
 *   CALLS AT COUNT ERRNO KILL HALF AFTER */
#include <stdio.h>
#include <string.h>

#include "fault.h"
#include "tempdir.h"

__attribute__((constructor)) static void take_plan(int argc, char **argv)
{
	static char directory[TEMPDIR_PATH];
	static struct fault_plan plan;
	static const char option[] = "--spool.directory=";
	char path[TEMPDIR_PATH + 16];
	int kill, half, after;
	FILE *f;

	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], option, strlen(option)) == 0)
			snprintf(directory, sizeof(directory), "%s", argv[i] + strlen(option));
	snprintf(path, sizeof(path), "%s/../plan", directory);
	f = fopen(path, "re");
	if (f == NULL)
		return;
	if (fscanf(f, "%u %lu %lu %d %d %d %d", &plan.calls, &plan.at, &plan.count, &plan.err, &kill, &half, &after) ==
	        7) {
		plan.kill = kill != 0;
		plan.half = half != 0;
		plan.after = after != 0;
		plan.path = directory;
		fault_arm(&plan);
	}
	fclose(f);
}
