/* SPDX-License-Identifier: Apache-2.0 */
/* status_text.h — the pages of an admin port as one JSON object, or as lines for people. */
#ifndef STATUS_TEXT_H
#define STATUS_TEXT_H

#include <jansson.h>
#include <stdio.h>

#include "base/err.h"
#include "base/slice.h"

/* STATUS and LEDGER are the two pages, JSON objects. E_MALFORMED when one of them is not. */
int status_print(struct slice status, struct slice ledger, bool ready, bool json, FILE *to, struct why *why) MUST_USE;

/* Control characters become '?'. */
void status_text_plain(const char *text, FILE *to);

/* Any JSON value as lines for people. */
void status_text_print(const json_t *v, FILE *to);

#endif
