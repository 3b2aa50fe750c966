/* exporter: why a collector does not take spans, in one sentence for an operator. */
#ifndef COLLECTOR_CAUSE_H
#define COLLECTOR_CAUSE_H

#include "http_client.h"

enum { COLLECTOR_SENTENCE = 320 };

/* Writes to TO what the request to the collector NAME came to, and what to do about it:
 * "http://h:14268 answered 401 Unauthorized (no token): check collector.user, …". Of the answer only the
 * first line is quoted, cut at 80 bytes, and of it only printable ASCII. A is no 2xx. */
void collector_cause_text(
        char to[COLLECTOR_SENTENCE], const char *name, const struct http_answer *a);

/* The same for answers of one cause: the status, or less than 0 where there was none. */
int collector_cause_key(const struct http_answer *a);

#endif
