/* SPDX-License-Identifier: Apache-2.0 */
/* status.c — collects sections of lines, each with a text for HTML and a value for JSON; when memory runs out,
 * the whole page fails. The caller frees the sections with json_decref (admin.c). */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "admin/json_add.h"
#include "status_internal.h"
#include "base/units.h"

enum { KEY_BYTES = 96 };

/* Builds "oldest_record_seconds" from "oldest record" and "_seconds". */
static void make_key(char *to, const char *name, const char *unit)
{
	size_t n = 0;

	for (; *name != '\0' && n + strlen(unit) + 1 < KEY_BYTES; name++)
		to[n++] = (char)(isalnum((unsigned char)*name) ? tolower((unsigned char)*name) : '_');
	memcpy(to + n, unit, strlen(unit) + 1);
}

static void fail_status(struct status *s)
{
	json_decref(s->sections);
	s->sections = s->lines = NULL;
}

void status_section(struct status *s, const char *title)
{
	json_t *section = json_object(), *lines = json_array();

	s->lines = lines;
	json_add_text(&section, "title", title);
	json_add(&section, "lines", lines);
	if (json_array_append_new(s->sections, section) < 0)
		fail_status(s);
}

static void add_line(struct status *s, const char *name, const char *unit, json_t *value, const char *text)
{
	json_t *line = json_object();
	char key[KEY_BYTES];

	if (s->sections != NULL && s->lines == NULL)
		status_section(s, "");
	make_key(key, name, unit);
	json_add_text(&line, "name", name);
	json_add_text(&line, "key", key);
	json_add(&line, "value", value);
	json_add_text(&line, "text", text);
	if (json_array_append_new(s->lines, line) < 0)
		fail_status(s);
}

void status_text(struct status *s, const char *name, const char *fmt, ...)
{
	char text[STATUS_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	add_line(s, name, "", json_text(text), text);
}

void status_count(struct status *s, const char *name, uint64_t n)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)n);
	add_line(s, name, "", json_integer((json_int_t)n), text);
}

void status_bytes(struct status *s, const char *name, uint64_t bytes)
{
	char text[32];

	units_print_size(bytes, text, sizeof(text));
	add_line(s, name, "_bytes", json_integer((json_int_t)bytes), text);
}

void status_duration(struct status *s, const char *name, uint64_t us)
{
	char text[32];

	units_print_duration(us, text, sizeof(text));
	add_line(s, name, "_seconds", json_real((double)us / 1e6), text);
}

void status_add_json(const struct status *s, json_t **object)
{
	json_t *section, *line;
	size_t i, j;

	if (s->sections == NULL)
		json_add(object, "", NULL); /* marks OBJECT as failed, see json_add.h */
	json_array_foreach(s->sections, i, section)
	{
		json_t *lines = json_object();
		char key[KEY_BYTES];

		json_array_foreach(json_object_get(section, "lines"), j, line)
		{
			json_add(&lines, json_string_value(json_object_get(line, "key")),
			        json_incref(json_object_get(line, "value")));
		}
		make_key(key, json_string_value(json_object_get(section, "title")), "");
		json_add(object, key, lines);
	}
}
