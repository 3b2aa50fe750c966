/* SPDX-License-Identifier: Apache-2.0 */
/* log_writer.h — writes a formatted line to stderr; with the writer thread, never waits (private). */
#ifndef LOG_WRITER_H
#define LOG_WRITER_H

#include "base/log.h"

/* Writes LINE, LEN bytes with its newline, at most LOG_LINE_BYTES. With the writer thread, never waits; drops and
 * counts LINE when the ring is full. Thread-safe. */
void log_write(const char *line, size_t len);

#endif
