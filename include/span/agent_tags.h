/* SPDX-License-Identifier: Apache-2.0 */
/* Encodes the value of --agent.tags as Tag structs. */
#ifndef AGENT_TAGS_H
#define AGENT_TAGS_H

#include "span/transcode.h"

/* TEXT is "k=v,k2=${ENV:default}" in jaeger-agent's syntax: a value that is exactly ${NAME} or ${NAME:default} is
 * replaced by LOOKUP(NAME); a variable that is unset or empty and has no default omits the tag; of equal keys the
 * last wins. TAGS points into ENCODED. E_USAGE names a pair without "=" or without a key. */
int agent_tags_encode(const char *text, char *(*lookup)(const char *name), struct buf *encoded,
        struct transcode_tags *tags, struct why *why) MUST_USE;

#endif
