/* SPDX-License-Identifier: Apache-2.0 */
/* A Batch as one line of JSON, for people and their tools. */
#ifndef BATCH_JSON_H
#define BATCH_JSON_H

#include "base/buf.h"

/* Appends the Batch VALUE, which is checked first: {"process":…,"spans":[…]}. Ids are hexadecimal text,
 * times are microseconds as on the wire, binary values base64. Text that is no UTF-8 and fields that
 * the IDL does not know do not survive: what must be exact stays TBinary. 0, E_MALFORMED with a
 * sentence in WHY (which may be NULL), E_NOMEM. */
int batch_json(struct slice value, struct buf *to, struct why *why) MUST_USE;

#endif
