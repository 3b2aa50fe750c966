/* SPDX-License-Identifier: Apache-2.0 */
/* One line on a terminal that is written over while something runs. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdio.h>

#include "base/base.h"

/* Where TO is no terminal nothing is ever written: logs and pipes get results, not motion. */
struct progress {
	FILE *to;
	bool live;
	bool drawn;       /* a line stands there now */
	uint64_t next_us; /* not drawn again before */
};

void progress_init(struct progress *p, FILE *to);

/* Draws a bar that is DONE of WHOLE long (WHOLE 0: none) and the text behind it; a few times a
 * second, more calls cost a clock reading. */
void progress_show(struct progress *p, uint64_t done, uint64_t whole, const char *fmt, ...) PRINTF(4, 5);

/* Takes the line away, so that something else can be printed. */
void progress_clear(struct progress *p);

#endif
