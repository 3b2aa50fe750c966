/* SPDX-License-Identifier: Apache-2.0 */
/* log.c — formats log lines as text or as JSON, and limits repeated ones. */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "log_writer.h"
#include "base/units.h"

enum { MESSAGE_BYTES = 1024, ESCAPED_BYTES = 2048 };

static enum log_level least_level = LOG_LEVEL_INFO;
static bool as_json = true;
static bool to_journal;

static const char *const level_names[] = { "debug", "info", "warn", "error" };
static const int priorities[] = { 7, 6, 4, 3 }; /* of syslog(3) */

/* JOURNAL_STREAM is "DEVICE:INODE" of the stream to the journal. It is inherited, so stderr may be something else. */
static bool is_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char own[64];
	struct stat st;

	if (stream == NULL || fstat(fd, &st) < 0)
		return false;
	snprintf(own, sizeof(own), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(stream, own) == 0;
}

void log_setup(enum log_level least, enum log_form form)
{
	least_level = least;
	as_json = form == LOG_FORM_JSON;
	to_journal = is_journal(STDERR_FILENO);
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

/* "cmd/cmd_agent.c" of "../src/cmd/cmd_agent.c". */
static const char *last_two_parts(const char *path)
{
	const char *slash = strrchr(path, '/');

	while (slash != NULL && slash > path && slash[-1] != '/')
		slash--;
	return slash == NULL ? path : slash;
}

static int format_json(char *to, size_t cap, enum log_level level, const char *file, int line, const char *message)
{
	char escaped[ESCAPED_BYTES];
	uint64_t now = clock_wall_ms();

	json_escape(escaped, sizeof(escaped), message);
	return snprintf(to, cap, "{\"level\":\"%s\",\"ts\":%llu.%03u,\"caller\":\"%s:%d\",\"msg\":\"%s\"}\n",
	        level_names[level], (unsigned long long)(now / 1000), (unsigned)(now % 1000), last_two_parts(file),
	        line, escaped);
}

static int format_text(char *to, size_t cap, enum log_level level, const char *message)
{
	char when[40];

	if (to_journal)
		return snprintf(to, cap, "%s\n", message);
	units_print_time(clock_wall_ms(), when, sizeof(when));
	return snprintf(to, cap, "%s %-5s %s\n", when, level_names[level], message);
}

size_t log_format(char *to, enum log_level level, const char *file, int line, const char *message)
{
	int n = to_journal ? snprintf(to, LOG_LINE_BYTES, "<%d>", priorities[level]) : 0;
	int rest = as_json ? format_json(to + n, LOG_LINE_BYTES - (size_t)n, level, file, line, message)
	                   : format_text(to + n, LOG_LINE_BYTES - (size_t)n, level, message);

	return rest < 0 ? 0 : min_u64((uint64_t)(n + rest), LOG_LINE_BYTES - 1);
}

void log_line_at(enum log_level level, const char *file, int number, const char *fmt, ...)
{
	char message[MESSAGE_BYTES], line[LOG_LINE_BYTES];
	va_list ap;

	if (level < least_level)
		return;
	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	log_write(line, log_format(line, level, file, number, message));
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
