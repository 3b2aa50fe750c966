/* SPDX-License-Identifier: Apache-2.0 */
/* Credential and certificate files of an HTTP client, reread when they change. */
#ifndef CREDENTIALS_H
#define CREDENTIALS_H

#include "base/buf.h"
#include "loop/loop.h"

enum credential {
	CREDENTIAL_PASSWORD, /* the first line of the file */
	CREDENTIAL_BEARER,   /* the first line of the file */
	CREDENTIAL_CA,       /* the whole file, PEM, as are the next two */
	CREDENTIAL_CERT,
	CREDENTIAL_KEY,
	CREDENTIALS_N
};

/* 0 when PATH holds a usable credential of KIND, else E_USAGE (secret_file.h). A regular file is read; of a pipe
 * only its existence is checked, because it can be read once only. */
int credential_check(enum credential kind, const char *path, struct why *why) MUST_USE;

/* Holds the contents of the files and checks them for changes in a worker thread, so that a hung mount does not
 * block the loop. When a file cannot be read, or has no usable content (secret_file.h), the last contents stay in
 * use, and that is logged. */
struct credentials;

/* Reads FILES now; NULL entries mean none. CHANGED is called on the loop, never from inside a call, when a later
 * check has found new contents. */
int credentials_open(struct credentials **out, struct loop *l, const char *const files[CREDENTIALS_N],
        void (*changed)(void *arg), void *arg, struct why *why) MUST_USE;

/* The contents of file KIND as last read; empty when there is none. Borrowed until control returns to the loop,
 * which may replace them. */
const struct buf *credentials_get(const struct credentials *c, enum credential kind);

/* Begins a check whether the identity, size or times of a file have changed; at most once a second. */
void credentials_refresh(struct credentials *c);

/* C may be NULL. */
void credentials_free(struct credentials *c);

#endif
