/* SPDX-License-Identifier: Apache-2.0 */
/* Files that hold a secret or a certificate, read without waiting and without end. */
#ifndef SECRET_FILE_H
#define SECRET_FILE_H

#include "base/buf.h"

/* Most bytes that are read: a secret's whole file, and a file of certificates or of a key. */
enum { SECRET_MOST = 4096, PEM_MOST = 4 << 20 };

/* How long a pipe may take to give what it holds. Pipes are read at the start only, before any port is open. */
enum { SECRET_PIPE_MS = 5000 };

/* Opens PATH without waiting for the writer of a pipe. Gives the descriptor, or E_USAGE: WHY names PATH and says
 * that it cannot be opened or is a directory, a device or a socket. */
int secret_file_open(const char *path, bool *is_pipe, struct why *why) MUST_USE;

/* Both append what FD, opened as above, holds to TO; after an error TO is to be thrown away. Of a secret that is the
 * first line without its end, of a PEM file the whole; a byte order mark of UTF-8 before it is left out. E_NOMEM, or
 * E_USAGE: WHY names PATH and says that it is empty, too long, not a line of text, no PEM or cut short, or a pipe
 * that gives nothing. */
int secret_file_line(int fd, const char *path, struct buf *to, struct why *why) MUST_USE;
int secret_file_pem(int fd, const char *path, struct buf *to, struct why *why) MUST_USE;

#endif
