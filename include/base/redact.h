/* SPDX-License-Identifier: Apache-2.0 */
/* Masks the secrets in texts that people will read. */
#ifndef REDACT_H
#define REDACT_H

#include "base/buf.h"

/* The text that replaces a secret. */
extern const char redact_mask[];

/* Appends URL to TO. Everything up to the last '@' is masked as user and password, because a password that was
 * not encoded may contain any character. The query is masked too, except a collector's "format=jaeger.thrift". */
void redact_url(struct buf *to, const char *url);

/* Appends TEXT to TO: masked by redact_url when it contains "://", unchanged when it does not. */
void redact_text(struct buf *to, const char *text);

/* Appends "Name: value" to TO and masks the value of every name, as any header may carry a key. Without a colon
 * the whole text is masked. */
void redact_header(struct buf *to, const char *header);

/* Appends librdkafka's "name=value" to TO. If the name is on the list of properties that contain no secret, the
 * value is appended by redact_text; otherwise it is masked. Without '=' the whole text is masked. */
void redact_property(struct buf *to, const char *property);

#endif
