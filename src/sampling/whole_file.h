/* SPDX-License-Identifier: Apache-2.0 */
/* whole_file.h — a small file that is replaced as a whole. */
#ifndef SAMPLING_WHOLE_FILE_H
#define SAMPLING_WHOLE_FILE_H

#include "base/buf.h"

/* Replaces PATH by TEXT: written beside it, synced, renamed. A kill leaves the old file or the new one. WHY names
 * PATH. */
int whole_file_write(const char *path, struct slice text, struct why *why) MUST_USE;
/* Appends PATH to TO. E_MISSING: there is no such file; E_TOO_LARGE: it has more than MOST bytes. WHY names PATH. */
int whole_file_read(const char *path, size_t most, struct buf *to, struct why *why) MUST_USE;

#endif
