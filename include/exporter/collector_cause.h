/* SPDX-License-Identifier: Apache-2.0 */
/* Describes, in one sentence for an operator, why a collector does not accept spans. */
#ifndef COLLECTOR_CAUSE_H
#define COLLECTOR_CAUSE_H

#include "http/client.h"

enum { COLLECTOR_SENTENCE = 320 };

/* Writes to TO the result of a failed request to the collector NAME and the remedy:
 * "http://h:14268 answered 401 Unauthorized (no token): check collector.user, …". It quotes the first line of the
 * body, cut at 80 bytes, or the target of a redirection without secrets. A must not be a 2xx. */
void collector_cause_text(char to[COLLECTOR_SENTENCE], const char *name, const struct http_answer *a);

/* Copies the first line of BODY that is not empty to TO, cut to CAP - 1 bytes. Bytes other than printable ASCII become
 * '?', so that a collector cannot forge log lines. */
void collector_quote(struct slice body, char *to, size_t cap);

/* True when the request was compressed and the answer shows that the collector does not support gzip. */
bool collector_reads_no_gzip(const struct http_answer *a);

/* A number that is equal for answers with the same cause: the HTTP status for most answers, negative when there was no
 * answer. */
int collector_cause_key(const struct http_answer *a);

#endif
