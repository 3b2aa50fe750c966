/* SPDX-License-Identifier: Apache-2.0 */
/* Texts with secrets in them, for people to read without the secrets. */
#ifndef REDACT_H
#define REDACT_H

#include "base/buf.h"

/* Stands where a secret stood. */
extern const char redact_mask[];

/* Appends URL to TO. User and password are masked, up to the last '@' wherever it stands, for a password
 * that was not encoded may hold any character; and so is the query, but for a collector's own
 * "format=jaeger.thrift". */
void redact_url(struct buf *to, const char *url);

/* Appends TEXT to TO: masked by redact_url when it contains "://", unchanged when it does not. */
void redact_text(struct buf *to, const char *text);

/* Appends "Name: value" to TO, the value masked whatever its name: keys travel under any. Without a colon
 * all of it is masked. */
void redact_header(struct buf *to, const char *header);

/* Appends librdkafka's "name=value" to TO. The value is shown, by redact_text, where the name is on the list of
 * properties that hold no secret, and masked where it is not. Without '=' all of it is masked. */
void redact_property(struct buf *to, const char *property);

#endif
