/* SPDX-License-Identifier: Apache-2.0 */
/* One line a change of state or decision, to stderr. */
#ifndef LOG_H
#define LOG_H

#include "base/base.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };
enum log_form { LOG_FORM_AUTO, LOG_FORM_TEXT, LOG_FORM_JSON };

/* AUTO is text when stderr is a terminal, JSON otherwise. */
void log_setup(enum log_level least, enum log_form form);

/* A line is "subject: what happened", without a full stop or a newline. Thread-safe. */
void log_line(enum log_level level, const char *fmt, ...) PRINTF(2, 3);

#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_warn(...) log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)

/* A line as it is, without time and level, whatever the least level: for what a command says of
 * itself when it cannot go on. */
void log_plain(const char *fmt, ...) PRINTF(1, 2);

/* For a daemon: from now on no line waits for whoever reads stderr. A thread of its own writes them;
 * lines that find LOG_RING_BYTES waiting are lost, counted, and reported by a line once stderr takes
 * lines again. When the process is ended by a fault of its own, the lines before are still written.
 * 0 or E_NOMEM. Without this call every line is written before log_line returns. */
enum { LOG_RING_BYTES = 64 << 10 };
int log_begin_writer(void) MUST_USE;

/* Waits at most MS until every line so far has been written. Async-signal-safe. */
void log_flush(uint64_t ms);

/* For what may repeat: true at most once in EVERY_MS for this caller's own counter pair. */
struct log_limit {
	uint64_t next_us;   /* monotonic moment from which a line may pass */
	uint64_t swallowed; /* lines held back since the last one that passed */
};
bool log_limit_allows(struct log_limit *g, uint64_t every_ms);

/* For a counter of losses, looked at again and again: how many of its TOTAL to report now, which are then
 * reported. The first at once, what follows together, at most every LOG_COUNT_MS; LAST reports what is
 * left whenever that was. 0: nothing is to be said. Begin with REPORTED as the total was. */
enum { LOG_COUNT_MS = 10000 };
struct log_count {
	uint64_t reported;
	uint64_t next_us; /* moment of NOW_US from which a report may follow */
};
uint64_t log_count_due(struct log_count *c, uint64_t total, uint64_t now_us, bool last);

#endif
