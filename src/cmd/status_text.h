/* SPDX-License-Identifier: Apache-2.0 */
/* status_text.h — prints the pages of an admin port as one JSON object or as text. */
#ifndef STATUS_TEXT_H
#define STATUS_TEXT_H

#include <jansson.h>
#include <stdio.h>

#include "base/err.h"
#include "base/slice.h"

/* Prints STATUS and LEDGER, the two pages, and READY as one object. E_MALFORMED: a page is not a JSON object. */
int status_print(struct slice status, struct slice ledger, bool ready, bool json, FILE *to, struct why *why) MUST_USE;

/* Prints TEXT with each control character replaced by '?'. */
void status_text_plain(const char *text, FILE *to);

/* Prints any JSON value as text. */
void status_text_print(const json_t *v, FILE *to);

#endif
