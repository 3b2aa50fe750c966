/* SPDX-License-Identifier: Apache-2.0 */
/* Parses the JSON of GET /ledger. */
#ifndef LEDGER_READ_H
#define LEDGER_READ_H

#include "base/err.h"
#include "policy/ledger.h"
#include "base/slice.h"

/* E_MALFORMED names the key that is missing or not a count. The ledger's sums are not checked, and "drops" is not
 * read. */
int ledger_read(struct slice json, struct ledger *l, struct why *why) MUST_USE;

#endif
