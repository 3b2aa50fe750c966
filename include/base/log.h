/* SPDX-License-Identifier: Apache-2.0 */
/* The log: one line to stderr per change of state or decision. */
#ifndef LOG_H
#define LOG_H

#include "base/base.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };
/* AUTO is text. */
enum log_form { LOG_FORM_AUTO, LOG_FORM_TEXT, LOG_FORM_JSON };

/* When stderr is the journal's socket (JOURNAL_STREAM, see systemd.exec(5)), each line begins with the priority of its
 * level, "<4>", and a line of text has no time, because the journal has its own. */
void log_setup(enum log_level least, enum log_form form);

enum { LOG_LINE_BYTES = 2176 };
/* Formats MESSAGE as a line of LEVEL, with a newline, in the form that log_setup chose. TO has LOG_LINE_BYTES.
 * Returns the length. A line of JSON has the keys of jaeger-agent's log: level, ts (seconds since 1970), caller, of
 * which FILE gives the last folder and name, and msg. */
size_t log_format(char *to, enum log_level level, const char *file, int line, const char *message);

/* A line is "subject: what happened", without a full stop or a newline. Thread-safe. */
void log_line_at(enum log_level level, const char *file, int line, const char *fmt, ...) PRINTF(4, 5);

#define log_line(level, ...) log_line_at(level, __FILE__, __LINE__, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_warn(...) log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)

/* Writes a line without time and level, whatever the least level is: the last words of a command that cannot go
 * on. */
void log_plain(const char *fmt, ...) PRINTF(1, 2);

/* For a daemon: from now on log calls never wait for the reader of stderr. A thread writes the lines. When
 * LOG_RING_BYTES of lines are waiting, further lines are dropped and counted, and a line reports the count once
 * stderr accepts lines again. When the process crashes, waiting lines are still written. 0 or E_NOMEM. Without
 * this call log_line writes the line before it returns. */
enum { LOG_RING_BYTES = 64 << 10 };
int log_begin_writer(void) MUST_USE;

/* Waits at most MS until every line so far has been written. Async-signal-safe. */
void log_flush(uint64_t ms);

/* Rate limit for a line that may repeat: returns true at most once in EVERY_MS for each struct log_limit. */
struct log_limit {
	uint64_t next_us;    /* monotonic time from which the next line may pass */
	uint64_t suppressed; /* lines suppressed since the last one that passed */
};
bool log_limit_allows(struct log_limit *g, uint64_t every_ms);

/* Rate limit for reporting a counter. Returns how much of TOTAL to report now, and counts it as reported: the
 * first increase at once, later ones together, at most once in LOG_COUNT_MS; with LAST all that is left. 0:
 * report nothing. Initialise REPORTED with the current total. */
enum { LOG_COUNT_MS = 10000 };
struct log_count {
	uint64_t reported;
	uint64_t next_us; /* value of NOW_US from which the next report may follow */
};
uint64_t log_count_due(struct log_count *c, uint64_t total, uint64_t now_us, bool last);

#endif
