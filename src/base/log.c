/* SPDX-License-Identifier: Apache-2.0 */
/* log.c — formats log lines as text or as JSON, and limits repeated ones. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "log_writer.h"
#include "base/units.h"

enum { MESSAGE_BYTES = 1024, ESCAPED_BYTES = 2048 };

static enum log_level least_level = LOG_LEVEL_INFO;
static bool as_json = true;

static const char *const level_names[] = { "debug", "info", "warn", "error" };

void log_setup(enum log_level least, enum log_form form)
{
	least_level = least;
	as_json = form == LOG_FORM_JSON || (form == LOG_FORM_AUTO && !isatty(STDERR_FILENO));
}

static size_t json_escape(char *to, size_t cap, const char *from)
{
	size_t n = 0;

	for (; *from != '\0' && n + 7 < cap; from++) {
		unsigned char c = (unsigned char)*from;

		if (c == '"' || c == '\\') {
			to[n++] = '\\';
			to[n++] = (char)c;
		} else if (c < 0x20 || c == 0x7f) {
			n += (size_t)snprintf(to + n, cap - n, "\\u%04x", c);
		} else {
			to[n++] = (char)c;
		}
	}
	to[n] = '\0';
	return n;
}

size_t log_format(char *to, enum log_level level, const char *message)
{
	char escaped[ESCAPED_BYTES], when[40];
	int n;

	units_print_time(clock_wall_ms(), when, sizeof(when));
	if (as_json) {
		json_escape(escaped, sizeof(escaped), message);
		n = snprintf(to, LOG_LINE_BYTES, "{\"ts\":\"%s\",\"level\":\"%s\",\"msg\":\"%s\"}\n", when,
		        level_names[level], escaped);
	} else {
		n = snprintf(to, LOG_LINE_BYTES, "%s %-5s %s\n", when, level_names[level], message);
	}
	return n < 0 ? 0 : min_u64((uint64_t)n, LOG_LINE_BYTES - 1);
}

void log_line(enum log_level level, const char *fmt, ...)
{
	char message[MESSAGE_BYTES], line[LOG_LINE_BYTES];
	va_list ap;

	if (level < least_level)
		return;
	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	log_write(line, log_format(line, level, message));
}

void log_plain(const char *fmt, ...)
{
	char line[LOG_LINE_BYTES];
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	n = strlen(line);
	line[n++] = '\n';
	log_write(line, n);
}

bool log_limit_allows(struct log_limit *g, uint64_t every_ms)
{
	uint64_t now = clock_mono_us();

	if (now < g->next_us) {
		g->suppressed++;
		return false;
	}
	g->next_us = now + every_ms * US_PER_MS;
	g->suppressed = 0;
	return true;
}

uint64_t log_count_due(struct log_count *c, uint64_t total, uint64_t now_us, bool last)
{
	uint64_t increase = total - c->reported;

	if (increase == 0 || (now_us < c->next_us && !last))
		return 0;
	c->reported = total;
	c->next_us = now_us + LOG_COUNT_MS * US_PER_MS;
	return increase;
}
