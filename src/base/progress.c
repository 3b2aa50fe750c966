/* SPDX-License-Identifier: Apache-2.0 */
/* progress.c — redraws the line by carriage return, bar, text, and erasing the rest of the line. */
#include <stdarg.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/progress.h"

enum { BAR = 24, EVERY_US = 100000, TEXT_MAX = 120 };

void progress_init(struct progress *p, FILE *to)
{
	*p = (struct progress){ .to = to, .live = isatty(fileno(to)) == 1 };
}

static void draw_bar(FILE *to, uint64_t done, uint64_t whole)
{
	uint64_t full = done >= whole ? BAR : done * BAR / whole;

	putc('[', to);
	for (uint64_t i = 0; i < BAR; i++)
		putc(i < full ? '#' : '.', to);
	fputs("] ", to);
}

void progress_show(struct progress *p, uint64_t done, uint64_t whole, const char *fmt, ...)
{
	char text[TEXT_MAX];
	uint64_t now_us;
	va_list ap;

	if (!p->live)
		return;
	now_us = clock_mono_us();
	if (now_us < p->next_us)
		return;
	p->next_us = now_us + EVERY_US;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	putc('\r', p->to);
	if (whole > 0)
		draw_bar(p->to, done, whole);
	fprintf(p->to, "%s\033[K", text);
	fflush(p->to);
	p->drawn = true;
}

void progress_clear(struct progress *p)
{
	if (!p->drawn)
		return;
	fputs("\r\033[K", p->to);
	fflush(p->to);
	p->drawn = false;
	p->next_us = 0;
}
