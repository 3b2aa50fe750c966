/* SPDX-License-Identifier: Apache-2.0 */
/* Builds JSON objects without an error check per call. */
#ifndef JSON_ADD_H
#define JSON_ADD_H

#include <jansson.h>

#include "base/buf.h"

/* Adds VALUE, of which it takes the reference. When memory runs out *OBJECT becomes NULL, adding to NULL does
 * nothing, and json_write() marks the buffer as failed. */
void json_add(json_t **object, const char *key, json_t *value);
void json_add_count(json_t **object, const char *key, uint64_t n);
/* TEXT that is not UTF-8 has its non-ASCII bytes replaced by '?'. */
void json_add_text(json_t **object, const char *key, const char *text);

/* A string as json_add_text() makes it, for arrays. NULL without memory. */
json_t *json_text(const char *text);

/* Appends OBJECT as text to TO, and frees it. */
void json_write(struct buf *to, json_t *object);

#endif
