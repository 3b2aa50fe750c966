/* SPDX-License-Identifier: Apache-2.0 */
/* A progress line on a terminal, which is overwritten while a command runs. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdio.h>

#include "base/base.h"

/* If TO is no terminal nothing is written, so logs and pipes get results only. */
struct progress {
	FILE *to;
	bool live;
	bool drawn;       /* a progress line is on the screen */
	uint64_t next_us; /* monotonic time of the next update */
};

void progress_init(struct progress *p, FILE *to);

/* Draws a bar filled to DONE of WHOLE (WHOLE 0: no bar) and the text. Draws at most ten times per second; other
 * calls only read the clock. */
void progress_show(struct progress *p, uint64_t done, uint64_t whole, const char *fmt, ...) PRINTF(4, 5);

/* Erases the line, so that something else can be printed. */
void progress_clear(struct progress *p);

#endif
