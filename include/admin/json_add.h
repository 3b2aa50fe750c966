/* SPDX-License-Identifier: Apache-2.0 */
/* JSON objects that fail once and for all. */
#ifndef JSON_ADD_H
#define JSON_ADD_H

#include <jansson.h>

#include "base/buf.h"

/* An object that could not grow becomes NULL, adding to NULL does nothing, and writing it marks the
 * buffer. Takes VALUE. */
void json_add(json_t **object, const char *key, json_t *value);
void json_add_count(json_t **object, const char *key, uint64_t n);
/* Bytes that are no UTF-8 become '?'. */
void json_add_text(json_t **object, const char *key, const char *text);

/* A string for an array, as json_add_text makes it. NULL without memory. */
json_t *json_text(const char *text);

/* Appends OBJECT as text, and takes it. */
void json_write(struct buf *to, json_t *object);

#endif
