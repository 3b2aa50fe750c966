/* SPDX-License-Identifier: Apache-2.0 */
/* loglines.h — counts the lines of a process's log. */
#ifndef LOGLINES_H
#define LOGLINES_H

#include <stdio.h>
#include <string.h>

/* Returns how many lines of the file PATH contain TEXT; 0 also where it cannot be opened. A line of 4096 bytes or more
 * counts as several. */
static inline int log_lines_with(const char *path, const char *text)
{
	FILE *f = fopen(path, "r");
	char line[4096];
	int n = 0;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		n += strstr(line, text) != NULL;
	if (f != NULL)
		fclose(f);
	return n;
}

#endif
