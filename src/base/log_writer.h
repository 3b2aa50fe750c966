/* SPDX-License-Identifier: Apache-2.0 */
/* log_writer.h — writes a formatted line to stderr, directly or through the writer thread (private). */
#ifndef LOG_WRITER_H
#define LOG_WRITER_H

#include "base/log.h"

enum { LOG_LINE_BYTES = 2176 };

/* Writes LINE, LEN bytes with its newline, at most LOG_LINE_BYTES. Thread-safe. */
void log_write(const char *line, size_t len);

/* Formats MESSAGE as a line of LEVEL, with a newline, in the form that log_setup chose. TO has LOG_LINE_BYTES.
 * Returns the length. */
size_t log_format(char *to, enum log_level level, const char *message);

#endif
