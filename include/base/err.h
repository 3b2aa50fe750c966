/* SPDX-License-Identifier: Apache-2.0 */
/* Status codes, their texts, and struct why, a sentence that says what went wrong. */
#ifndef ERR_H
#define ERR_H

#include "base/base.h"

/* Every function that can fail returns 0 or one of these, always negative. */
#define ERR_CODES(X)                                                                                                   \
	X(E_NOMEM, "out of memory")                                                                                    \
	X(E_USAGE, "wrong usage")                                                                                      \
	X(E_MALFORMED, "malformed")                                                                                    \
	X(E_UNKNOWN_METHOD, "unknown method")                                                                          \
	X(E_TOO_LARGE, "too large")                                                                                    \
	X(E_CORRUPT, "stored data is corrupt")                                                                         \
	X(E_NEWER, "written by a newer version")                                                                       \
	X(E_OLDER, "written by an older version")                                                                      \
	X(E_FOREIGN, "belongs to another spool")                                                                       \
	X(E_LOCKED, "in use by another process")                                                                       \
	X(E_FULL, "no room")                                                                                           \
	X(E_DOWN, "not reachable now")                                                                                 \
	X(E_DENIED, "permission denied")                                                                               \
	X(E_LINK, "is a link, which is not followed")                                                                  \
	X(E_READ_ONLY, "read-only file system")                                                                        \
	X(E_MISSING, "not found")                                                                                      \
	X(E_TOO_MANY, "too many open files")                                                                           \
	X(E_IO, "input or output failed")                                                                              \
	X(E_TIMEOUT, "timed out")                                                                                      \
	X(E_STOPPED, "stopped")                                                                                        \
	X(E_FATAL, "not usable any more")

#define X(code, text) code##_ORDINAL,
enum { ERR_OK_ORDINAL, ERR_CODES(X) };
#undef X
#define X(code, text) code = -(int)code##_ORDINAL,
enum err { ERR_CODES(X) };
#undef X

/* The text of a code; 0 is "ok". Never NULL. */
const char *err_text(int code);

/* An error as one sentence for an operator. Not for hot paths: it is 512 bytes. */
struct why {
	int code;
	char text[508];
};

/* Sets code and sentence, and returns the code. Newlines at the end of the sentence are removed; other control
 * characters in it become '?'. */
int why_set(struct why *why, int code, const char *fmt, ...) PRINTF(3, 4);

/* Adds the formatted prefix and ": " before the sentence, and returns the code, which stays. */
int why_wrap(struct why *why, const char *fmt, ...) PRINTF(2, 3);

/* The E_ code for an errno value: ENOSPC and EDQUOT are E_FULL, EACCES is E_DENIED, …; all others E_IO. */
int err_from_errno(int e);

#endif
