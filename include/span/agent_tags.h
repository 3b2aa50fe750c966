/* SPDX-License-Identifier: Apache-2.0 */
/* The text of --agent.tags becomes encoded tags. */
#ifndef AGENT_TAGS_H
#define AGENT_TAGS_H

#include "span/transcode.h"

/* TEXT is "k=v,k2=${ENV:default}", as jaeger-agent takes it: a value of the form ${NAME} or
 * ${NAME:default} as a whole is looked up by LOOKUP; ${NAME} unset or empty leaves the tag out; of
 * equal keys the last counts. ENCODED owns the bytes that TAGS points to.
 * E_USAGE names a pair without "=" or without a key. */
int agent_tags_encode(const char *text, char *(*lookup)(const char *name), struct buf *encoded,
        struct transcode_tags *tags, struct why *why) MUST_USE;

#endif
