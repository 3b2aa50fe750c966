/* SPDX-License-Identifier: Apache-2.0 */
/* Reads files that contain a secret or a certificate, with limits on time and size. */
#ifndef SECRET_FILE_H
#define SECRET_FILE_H

#include "base/buf.h"

/* Maximum size of a file with a secret, and of one with certificates or a key. */
enum { SECRET_MOST = 4096, PEM_MOST = 4 << 20 };

/* Time limit for reading a pipe. Pipes are read at the start only, before any port is open. */
enum { SECRET_PIPE_MS = 5000 };

/* Opens PATH without waiting for the writer of a pipe. Returns the descriptor, or E_USAGE: WHY names PATH and
 * says that it cannot be opened or is a directory, a device or a socket. */
int secret_file_open(const char *path, bool *is_pipe, struct why *why) MUST_USE;

/* Both append the content of FD, opened by secret_file_open, to TO, without a UTF-8 byte order mark.
 * secret_file_line appends the first line without its line end, secret_file_pem the whole file. E_NOMEM, or
 * E_USAGE: WHY names PATH and says that it is empty, too long, not a line of text, no PEM, cut short, or a pipe
 * without data. After an error the content of TO is undefined. */
int secret_file_line(int fd, const char *path, struct buf *to, struct why *why) MUST_USE;
int secret_file_pem(int fd, const char *path, struct buf *to, struct why *why) MUST_USE;

#endif
