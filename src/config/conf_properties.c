/* SPDX-License-Identifier: Apache-2.0 */
/* conf_properties.c — reads options from a file in Java's properties format: "name = value" or "name: value" lines,
 * comments with '#' or '!', and a backslash at the end of a line that goes on in the next. Other escapes are refused. */
#include <string.h>

#include "conf_internal.h"

static const char blanks[] = " \t\f\r";

static bool is_comment(const struct buf *line)
{
	size_t i = 0;

	while (i < line->len && memchr(blanks, line->at[i], sizeof(blanks) - 1) != NULL)
		i++;
	return i < line->len && (line->at[i] == '#' || line->at[i] == '!');
}

/* Reads a line of *REST into LINE, and the lines that it goes on in. Returns how many lines that were. */
static unsigned read_line(struct slice *rest, struct buf *line)
{
	unsigned n = 0;

	buf_clear(line);
	do {
		const uint8_t *end = rest->len == 0 ? NULL : memchr(rest->at, '\n', rest->len);
		size_t len = end == NULL ? rest->len : (size_t)(end - rest->at);
		struct slice part = slice_of(rest->at, len);

		*rest = slice_of(rest->at + len + (end != NULL), rest->len - len - (end != NULL));
		if (n > 0)
			line->len--; /* the backslash */
		while (n > 0 && part.len > 0 && memchr(blanks, part.at[0], sizeof(blanks) - 1) != NULL)
			part = slice_of(part.at + 1, part.len - 1);
		while (part.len > 0 && part.at[part.len - 1] == '\r')
			part.len--;
		buf_add(line, part.at, part.len);
		n++;
	} while (!is_comment(line) && line->len > 0 && line->at[line->len - 1] == '\\' && rest->len > 0);
	return n;
}

static int set_option(struct conf *c, struct conf_source source, const char *name, const char *value, struct why *why)
{
	struct setting *s = conf_find(c, name);

	if (s == NULL && c->part)
		return 0;
	if (s == NULL)
		return conf_unknown(c, source, name, why);
	if (s->row == &conf_file_row) {
		why_set(why, E_USAGE, "config-file: a file cannot name another");
		return why_wrap(why, "%s:%u", c->file, source.line);
	}
	if (s->source.origin == CONF_FILE && s->row->type != CONF_TYPE_LIST) {
		why_set(why, E_USAGE, "set twice, first in line %u", s->source.line);
		return conf_prefix_source(c, source, s->row->name, why);
	}
	return conf_set(c, s, source, value, why);
}

/* Sets the option of the line TEXT, which is changed. */
static int read_option(struct conf *c, unsigned line, char *text, struct why *why)
{
	struct conf_source source = { .origin = CONF_FILE, .line = line };
	char *name = text + strspn(text, blanks), *end = name + strcspn(name, "=: \t\f"), *value;

	if (*name == '\0' || *name == '#' || *name == '!')
		return 0;
	value = end + strspn(end, blanks);
	value += *value == '=' || *value == ':';
	value += strspn(value, blanks);
	*end = '\0';
	if (*name == '\0' || strchr(name, '\\') != NULL || strchr(value, '\\') != NULL) {
		why_set(why, E_USAGE,
		        *name == '\0' ? "a line without a name" : "escapes with a backslash are not taken");
		return why_wrap(why, "%s:%u", c->file, line);
	}
	return set_option(c, source, name, value, why);
}

int conf_properties_read(struct conf *c, struct slice text, struct why *why)
{
	struct buf line = { 0 };
	unsigned number = 1;
	int rc = 0;

	if (text.len >= 3 &&
	        memcmp(text.at, "\xef\xbb\xbf", 3) == 0) /* a byte order mark, as editors of Windows write it */
		text = slice_of(text.at + 3, text.len - 3);
	while (rc == 0 && text.len > 0) {
		unsigned n = read_line(&text, &line);

		if (memchr(line.at, '\0', line.len) != NULL) {
			why_set(why, E_USAGE, "a text with a NUL in it");
			rc = why_wrap(why, "%s:%u", c->file, number);
		} else {
			rc = read_option(c, number, (char *)(uintptr_t)buf_cstr(&line), why);
		}
		number += n;
	}
	buf_free(&line);
	return rc;
}
