/* SPDX-License-Identifier: Apache-2.0 */
/* The files that tell a server who we are, and us who it is; read again when they change. */
#ifndef CREDENTIALS_H
#define CREDENTIALS_H

#include "base/buf.h"
#include "loop/loop.h"

enum credential {
	CREDENTIAL_PASSWORD, /* the first line of the file */
	CREDENTIAL_BEARER,   /* the same */
	CREDENTIAL_CA,       /* the whole file, PEM */
	CREDENTIAL_CERT,
	CREDENTIAL_KEY,
	CREDENTIALS_N
};

/* 0 when PATH can be read, else E_USAGE (secret_file.h): a regular file is read, of a pipe only the name is looked
 * at. */
int credential_check(enum credential kind, const char *path, struct why *why) MUST_USE;

/* Holds the contents of the files, and looks after them in a worker thread, so that a hung mount holds up
 * nobody. A file that cannot be read, or holds nothing that can be used (secret_file.h), leaves what was read before in
 * use; that is logged. */
struct credentials;

/* Reads FILES, of which NULL is none, now. CHANGED is called on the loop after a look has found new
 * contents, never from inside a call. */
int credentials_open(struct credentials **out, struct loop *l, const char *const files[CREDENTIALS_N],
        void (*changed)(void *arg), void *arg, struct why *why) MUST_USE;

/* The contents of file KIND of FILES, as read last; an empty buffer where FILES names none. Borrowed until control
 * returns to the loop, which may then replace them. */
const struct buf *credentials_get(const struct credentials *c, enum credential kind);

/* Looks whether a file has another identity, size or time than when it was read, at most once a second. */
void credentials_look(struct credentials *c);

/* NULL is fine. */
void credentials_free(struct credentials *c);

#endif
