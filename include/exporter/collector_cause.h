/* SPDX-License-Identifier: Apache-2.0 */
/* Why a collector does not take spans, in one sentence for an operator. */
#ifndef COLLECTOR_CAUSE_H
#define COLLECTOR_CAUSE_H

#include "http/client.h"

enum { COLLECTOR_SENTENCE = 320 };

/* Writes to TO what the request to the collector NAME came to, and what to do about it:
 * "http://h:14268 answered 401 Unauthorized (no token): check collector.user, …". Of the answer only the
 * first line is quoted, cut at 80 bytes, and of a redirection its target, without secrets. A is no 2xx. */
void collector_cause_text(char to[COLLECTOR_SENTENCE], const char *name, const struct http_answer *a);

/* The first line of BODY that is not empty, its printable ASCII alone, cut to CAP - 1 bytes: nothing that could forge
 * a line of a log, or hide one. */
void collector_quote(struct slice body, char *to, size_t cap);

/* The request was compressed, and the answer says that the collector cannot read it. */
bool collector_reads_no_gzip(const struct http_answer *a);

/* The same for answers of one cause, another for any other: the status of most answers, less than 0 where there was
 * none. */
int collector_cause_key(const struct http_answer *a);

#endif
