/* SPDX-License-Identifier: Apache-2.0 */
/* corpus.h — the cases of tests/data/corpus; its README says what the files hold. */
#ifndef CORPUS_H
#define CORPUS_H

#include "base/buf.h"

enum corpus_verdict { CORPUS_ACCEPT, CORPUS_REJECT, CORPUS_EITHER };

struct corpus_case {
	char name[64];
	enum corpus_verdict verdict;
	bool malformed; /* is among the causes that are right */
	bool unknown_method;
	bool oversize;
	bool prefixes; /* the case is every shorter prefix */
	bool zipkin;   /* the method is emitZipkinBatch */
	int64_t spans; /* -1: not said */
	struct buf datagram;
	struct buf expected; /* empty where there is none */
	struct buf verbatim;
};

struct corpus {
	struct corpus_case *at;
	size_t count;
};

/* Reads all of them, in the order of their names; the process ends where that fails. */
void corpus_load(struct corpus *c);
void corpus_free(struct corpus *c);

/* Appends the file of that NAME below tests/data. False where it cannot be read. */
bool corpus_file(struct buf *to, const char *name);

/* The one case of that name; the process ends where there is none. */
const struct corpus_case *corpus_find(const struct corpus *c, const char *name);

#endif
