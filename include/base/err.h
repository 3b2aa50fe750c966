/* SPDX-License-Identifier: Apache-2.0 */
/* Status codes, their texts, and struct why, a sentence that says what went wrong. */
#ifndef ERR_H
#define ERR_H

#include "base/base.h"

/* Every function that can fail returns 0 or one of these, always negative. Each has one meaning, whatever function
 * returns it: the code, its text for an operator, the meaning. */
#define ERR_CODES(X)                                                                                                   \
	X(E_NOMEM, "out of memory")                   /* an allocation failed */                                       \
	X(E_USAGE, "wrong usage")                     /* no such option, argument or value */                          \
	X(E_MALFORMED, "malformed")                   /* bytes from outside do not follow their format */              \
	X(E_UNKNOWN_METHOD, "unknown method")         /* a whole datagram calls a method that is not taken */          \
	X(E_TOO_LARGE, "too large")                   /* one thing exceeds its bound, and always will */               \
	X(E_INDIVISIBLE, "cannot be divided")         /* what is to be split has one part */                           \
	X(E_CORRUPT, "stored data is corrupt")        /* what this program has stored is not intact */                 \
	X(E_NEWER, "written by a newer version")      /* intact, in a later format */                                  \
	X(E_OLDER, "written by an older version")     /* intact, in a format that is not read any more */              \
	X(E_FOREIGN, "belongs to another spool")      /* intact, with the key of another spool */                      \
	X(E_EMPTY, "nothing is written there yet")    /* a segment without a commit, a blank slot of a state */        \
	X(E_LOCKED, "in use by another process")      /* another process holds the lock */                             \
	X(E_FULL, "no room")                          /* a limit, a queue or the disk has no room now */               \
	X(E_SEGMENT_FULL, "the segment is full")      /* the record fits in a new segment */                           \
	X(E_QUOTA, "the quota is used up")            /* quarantine/ has its whole share of the spool */               \
	X(E_DOWN, "not reachable now")                /* the destination cannot be used now */                         \
	X(E_DENIED, "permission denied")              /* the system refuses this user */                               \
	X(E_LINK, "is a link, which is not followed") /* a symbolic link, or a file of several names */                \
	X(E_READ_ONLY, "read-only file system")       /* the file system takes no write */                             \
	X(E_MISSING, "not found")                     /* no such file, directory, segment, address or name */          \
	X(E_TOO_MANY, "too many open files")          /* no descriptor is left */                                      \
	X(E_IO, "input or output failed")             /* any other error of the system */                              \
	X(E_TIMEOUT, "timed out")                     /* no answer came in time */                                     \
	X(E_STOPPED, "stopped")                       /* the operator ended it */                                      \
	X(E_CHANGED, "changed meanwhile")             /* a file is another than the one that was read */               \
	X(E_END, "no more")                           /* an iteration or a search has nothing further */               \
	X(E_AGAIN, "not yet")                         /* this step had no result: take the next one */                 \
	X(E_FATAL, "not usable any more")             /* the object must be made anew */

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
