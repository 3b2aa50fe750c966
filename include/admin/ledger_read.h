/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger that GET /ledger gives, read back; for those who ask an agent from outside. */
#ifndef LEDGER_READ_H
#define LEDGER_READ_H

#include "base/err.h"
#include "policy/ledger.h"
#include "base/slice.h"

/* E_MALFORMED names the key that is missing or no number. The identities are not checked here, and
 * the times of "drops" are not read. */
int ledger_read(struct slice json, struct ledger *l, struct why *why) MUST_USE;

#endif
