/* SPDX-License-Identifier: Apache-2.0 */
/* log_writer.h — where a formatted line goes: straight to stderr, or through the writer's thread. */
#ifndef LOG_WRITER_H
#define LOG_WRITER_H

#include "base/log.h"

enum { LOG_LINE_BYTES = 2176 };

/* Writes the LEN bytes of LINE, at most LOG_LINE_BYTES and with their newline. Thread-safe. */
void log_write(const char *line, size_t len);

/* A line of LEVEL that says SAID, with its newline, in the form that log_setup chose. Returns its
 * length. TO holds LOG_LINE_BYTES. */
size_t log_format(char *to, enum log_level level, const char *said);

#endif
