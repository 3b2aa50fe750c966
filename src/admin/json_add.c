/* SPDX-License-Identifier: Apache-2.0 */
/* json_add.c — builds JSON with jansson; an error of any step shows in json_write(). */
#include <stdlib.h>

#include "admin/json_add.h"

void json_add(json_t **object, const char *key, json_t *value)
{
	if (json_object_set_new(*object, key, value) == 0)
		return;
	json_decref(*object);
	*object = NULL;
}

void json_add_count(json_t **object, const char *key, uint64_t n)
{
	json_add(object, key, json_integer((json_int_t)n));
}

json_t *json_text(const char *text)
{
	json_t *v = json_string(text);
	char *plain;

	if (v != NULL)
		return v;
	plain = strdup(text);
	if (plain == NULL)
		return NULL;
	for (char *c = plain; *c != '\0'; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	v = json_string(plain);
	free(plain);
	return v;
}

void json_add_text(json_t **object, const char *key, const char *text)
{
	json_add(object, key, json_text(text));
}

static int on_dump(const char *at, size_t len, void *to)
{
	buf_add(to, at, len);
	return buf_check(to);
}

void json_write(struct buf *to, json_t *object)
{
	if (object == NULL || json_dump_callback(object, on_dump, to, JSON_COMPACT | JSON_REAL_PRECISION(15)) < 0)
		to->failed = true;
	json_decref(object);
}
