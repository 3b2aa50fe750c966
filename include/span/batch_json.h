/* SPDX-License-Identifier: Apache-2.0 */
/* Prints a Batch as one line of JSON. */
#ifndef BATCH_JSON_H
#define BATCH_JSON_H

#include "base/buf.h"

/* Validates the Batch VALUE and appends it to TO: {"process":…,"spans":[…]}. Ids are hexadecimal text, times are
 * microseconds as on the wire, binary values base64. The conversion loses fields unknown to the IDL, and invalid
 * UTF-8 becomes U+FFFD. 0, E_MALFORMED with a sentence in WHY (which may be NULL), E_NOMEM. */
int batch_json(struct slice value, struct buf *to, struct why *why) MUST_USE;

#endif
