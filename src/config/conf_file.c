/* SPDX-License-Identifier: Apache-2.0 */
/* conf_file.c — the door to libyaml: a file of nested or dotted keys becomes settings.
 *
 * The events of the parser are walked with the path of keys so far. A scalar sets the option of that
 * path; a sequence gives a list its items; a mapping goes one level down, and below a list of pairs
 * its keys are the pairs' names. What YAML has beyond that (anchors, aliases, tags, several
 * documents) is refused, and so is a file too large or too deep to have been written by hand. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/buf.h"
#include "conf_internal.h"

enum { FILE_MAX_BYTES = 256 * 1024, DEPTH_MAX = 12, PATH_MAX_BYTES = 256 };

struct reader {
	struct conf *c;
	yaml_parser_t parser;
	yaml_event_t event; /* the current one; type 0 is none */
	struct buf bytes;
	char path[PATH_MAX_BYTES];
	struct why *why;
};

static unsigned line_of(const struct reader *r)
{
	return (unsigned)r->event.start_mark.line + 1;
}

static struct conf_source here(const struct reader *r)
{
	return (struct conf_source){ .origin = CONF_FILE, .line = line_of(r) };
}

/* "spanspool.yaml:3: SENTENCE". */
static int wrong_at(struct reader *r, unsigned line, const char *sentence)
{
	why_set(r->why, E_USAGE, "%s", sentence);
	return why_wrap(r->why, "%s:%u", r->c->file, line);
}

static int wrong_here(struct reader *r, const char *sentence)
{
	return wrong_at(r, line_of(r), sentence);
}

static int not_yaml(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	unsigned line = (unsigned)p->problem_mark.line + 1;

	if (p->error == YAML_MEMORY_ERROR)
		return why_set(r->why, E_NOMEM, "%s: %s", r->c->file, err_text(E_NOMEM));
	if (p->error == YAML_READER_ERROR) { /* it knows the byte, not the line */
		line = 1;
		for (size_t i = 0; i < p->problem_offset && i < r->bytes.len; i++)
			line += r->bytes.at[i] == '\n';
	}
	why_set(r->why, E_USAGE, "not YAML: %s%s%s", p->context == NULL ? "" : p->context,
	        p->context == NULL ? "" : ": ", p->problem == NULL ? "unreadable" : p->problem);
	return why_wrap(r->why, "%s:%u", r->c->file, line);
}

/* The next event; refuses what no option file needs. */
static int next(struct reader *r)
{
	const yaml_event_t *e = &r->event;
	bool anchored = false, tagged = false;

	yaml_event_delete(&r->event);
	if (!yaml_parser_parse(&r->parser, &r->event))
		return not_yaml(r);
	if (e->type == YAML_SCALAR_EVENT) {
		anchored = e->data.scalar.anchor != NULL;
		tagged = e->data.scalar.tag != NULL;
	} else if (e->type == YAML_SEQUENCE_START_EVENT) {
		anchored = e->data.sequence_start.anchor != NULL;
		tagged = e->data.sequence_start.tag != NULL;
	} else if (e->type == YAML_MAPPING_START_EVENT) {
		anchored = e->data.mapping_start.anchor != NULL;
		tagged = e->data.mapping_start.tag != NULL;
	}
	if (anchored || e->type == YAML_ALIAS_EVENT)
		return wrong_here(r, "anchors and aliases are not taken");
	if (tagged)
		return wrong_here(r, "tags are not taken");
	return 0;
}

/* The text of the scalar at hand, or NULL with a sentence. */
static const char *scalar(struct reader *r, const char *otherwise)
{
	const yaml_event_t *e = &r->event;
	const char *text = (const char *)e->data.scalar.value;

	if (e->type != YAML_SCALAR_EVENT) {
		wrong_here(r, otherwise);
		return NULL;
	}
	if (strlen(text) != e->data.scalar.length) {
		wrong_here(r, "a text with a NUL in it");
		return NULL;
	}
	return text;
}

/* "key:" and "key: null" leave the option as it is. */
static bool is_null(const yaml_event_t *e)
{
	const char *text = (const char *)e->data.scalar.value;

	if (e->type != YAML_SCALAR_EVENT || e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return false;
	return *text == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0;
}

/* Some option's name goes on below this path. */
static bool is_section(const struct conf *c, const char *path)
{
	size_t len = strlen(path);

	for (size_t i = 0; i < c->n; i++) {
		const char *name = c->settings[i].row->name;

		if (strncasecmp(name, path, len) == 0 && name[len] == '.')
			return true;
	}
	return false;
}

/* The list of pairs that this path lies below, with the pair's name in *REST. */
static struct setting *pairs_above(const struct conf *c, const char *path, const char **rest)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct conf_row *row = c->settings[i].row;
		size_t len = strlen(row->name);

		if (row->type != CONF_TYPE_LIST || row->choices == NULL || strchr(row->choices, '=') == NULL)
			continue;
		if (strncasecmp(row->name, path, len) == 0 && path[len] == '.' && path[len + 1] != '\0') {
			*rest = path + len + 1;
			return &c->settings[i];
		}
	}
	return NULL;
}

static bool is_foreign(const struct reader *r)
{
	return r->c->part && conf_find(r->c, r->path) == NULL;
}

/* The option of the path, ready to be set: known, and not set before in this file. */
static struct setting *settle(struct reader *r)
{
	struct setting *s = conf_find(r->c, r->path);

	if (s == NULL) {
		conf_unknown(r->c, here(r), r->path, r->why);
		return NULL;
	}
	if (s->row == &conf_file_row) {
		wrong_here(r, "config-file: a file cannot name another");
		return NULL;
	}
	if (conf_is_refused(s)) {
		if (conf_set(r->c, s, here(r), "", r->why) == 0)
			wrong_here(r, "refused");
		return NULL;
	}
	if (s->source.origin == CONF_FILE) {
		why_set(r->why, E_USAGE, "set twice, first in line %u", s->source.line);
		conf_point(r->c, here(r), s->row->name, r->why);
		return NULL;
	}
	return s;
}

static int take_pair(struct reader *r, struct setting *s, const char *name, const char *value)
{
	struct buf pair = { 0 };
	int rc;

	buf_printf(&pair, "%s=%s", name, value);
	rc = buf_check(&pair) < 0 ? why_set(r->why, E_NOMEM, "%s: %s", r->c->file, err_text(E_NOMEM))
	                          : conf_add(r->c, s, here(r), buf_cstr(&pair), r->why);
	buf_free(&pair);
	return rc;
}

static int take_scalar(struct reader *r)
{
	const char *name, *text = scalar(r, "");
	struct setting *s;

	if (text == NULL)
		return r->why->code;
	if (conf_find(r->c, r->path) == NULL) {
		s = pairs_above(r->c, r->path, &name);
		if (s != NULL)
			return take_pair(r, s, name, text);
		if (is_section(r->c, r->path))
			return is_null(&r->event) ? 0 : wrong_here(r, "options stand below this key, it has no value");
	}
	if (is_foreign(r))
		return 0;
	s = settle(r);
	if (s == NULL)
		return r->why->code;
	return is_null(&r->event) ? 0 : conf_set(r->c, s, here(r), text, r->why);
}

/* From behind the start of a sequence that is another command's to its end. */
static int pass_over(struct reader *r)
{
	for (int depth = 1; depth > 0;) {
		if (next(r) < 0)
			return r->why->code;
		if (r->event.type == YAML_SEQUENCE_START_EVENT || r->event.type == YAML_MAPPING_START_EVENT)
			depth++;
		else if (r->event.type == YAML_SEQUENCE_END_EVENT || r->event.type == YAML_MAPPING_END_EVENT)
			depth--;
	}
	return 0;
}

static int take_sequence(struct reader *r)
{
	struct setting *s;
	bool empty = true;

	if (is_foreign(r))
		return pass_over(r);
	s = settle(r);
	if (s == NULL)
		return r->why->code;
	if (s->row->type != CONF_TYPE_LIST) {
		why_set(r->why, E_USAGE, "takes one value, not a list");
		return conf_point(r->c, here(r), s->row->name, r->why);
	}
	for (;;) {
		const char *text;

		if (next(r) < 0)
			return r->why->code;
		if (r->event.type == YAML_SEQUENCE_END_EVENT)
			break;
		text = scalar(r, "an item of a list must be a plain value");
		if (text == NULL || conf_add(r->c, s, here(r), text, r->why) < 0)
			return r->why->code;
		empty = false;
	}
	return empty ? conf_add(r->c, s, here(r), "", r->why) : 0;
}

/* Puts the key at hand behind the path, whose length was LEN. */
static int go_down(struct reader *r, size_t len)
{
	const char *key = scalar(r, "a key must be a plain text");
	int n;

	if (key == NULL)
		return r->why->code;
	n = snprintf(r->path + len, sizeof(r->path) - len, "%s%s", len == 0 ? "" : ".", key);
	if (*key == '\0' || n < 0 || (size_t)n >= sizeof(r->path) - len)
		return wrong_here(r, *key == '\0' ? "an empty key" : "a key far too long");
	return 0;
}

/* The end of a mapping with nothing in it: fine where there could be something. */
static int take_nothing(struct reader *r)
{
	const struct setting *s = conf_find(r->c, r->path);
	bool pairs = s != NULL && s->row->choices != NULL && s->row->type == CONF_TYPE_LIST;

	if (*r->path == '\0' || pairs || is_section(r->c, r->path) || is_foreign(r))
		return 0;
	return conf_unknown(r->c, here(r), r->path, r->why);
}

/* From behind a mapping's start to its end. */
static int take_mapping(struct reader *r, int depth)
{
	size_t len = strlen(r->path);
	bool empty = true;
	int rc = 0;

	if (depth > DEPTH_MAX)
		return wrong_here(r, "nested too deeply");
	while (rc == 0) {
		r->path[len] = '\0';
		if (next(r) < 0)
			return r->why->code;
		if (r->event.type == YAML_MAPPING_END_EVENT)
			return empty ? take_nothing(r) : 0;
		empty = false;
		if (go_down(r, len) < 0 || next(r) < 0)
			return r->why->code;
		if (r->event.type == YAML_MAPPING_START_EVENT)
			rc = take_mapping(r, depth + 1);
		else if (r->event.type == YAML_SEQUENCE_START_EVENT)
			rc = take_sequence(r);
		else
			rc = take_scalar(r);
	}
	return rc;
}

static int take_document(struct reader *r)
{
	if (next(r) < 0 || next(r) < 0) /* start of the stream, start of the document */
		return r->why->code;
	if (r->event.type == YAML_STREAM_END_EVENT)
		return 0;
	if (next(r) < 0)
		return r->why->code;
	if (r->event.type == YAML_MAPPING_START_EVENT) {
		if (take_mapping(r, 1) < 0)
			return r->why->code;
	} else if (!is_null(&r->event)) {
		return wrong_here(r, "options wanted: \"name: value\" lines");
	}
	if (next(r) < 0 || next(r) < 0) /* end of the document, and what follows */
		return r->why->code;
	if (r->event.type != YAML_STREAM_END_EVENT)
		return wrong_here(r, "only one document is taken");
	return 0;
}

/* The whole file, or the sentence why not. */
static int load(struct reader *r)
{
	FILE *f = fopen(r->c->file, "re");
	uint8_t *to = buf_reserve(&r->bytes, FILE_MAX_BYTES + 1);
	int rc = 0;

	if (f == NULL) {
		rc = why_set(r->why, E_USAGE, "cannot read \"%.200s\": %s", r->c->file, strerror(errno));
	} else if (to == NULL) {
		rc = why_set(r->why, E_NOMEM, "%s", err_text(E_NOMEM));
	} else {
		r->bytes.len = fread(to, 1, FILE_MAX_BYTES + 1, f);
		if (ferror(f))
			rc = why_set(r->why, E_USAGE, "cannot read \"%.200s\": %s", r->c->file, strerror(errno));
		else if (r->bytes.len > FILE_MAX_BYTES)
			rc = why_set(r->why, E_USAGE, "\"%.200s\" is larger than %d KiB, no file of options is",
			        r->c->file, FILE_MAX_BYTES / 1024);
	}
	if (f != NULL)
		fclose(f);
	return rc == 0 ? 0 : conf_blame(r->c, conf_file_row.name, r->why);
}

int conf_file_read(struct conf *c, struct why *why)
{
	struct reader r = { .c = c, .why = why };
	int rc = load(&r);

	if (rc == 0 && !yaml_parser_initialize(&r.parser)) {
		rc = why_set(why, E_NOMEM, "%s: %s", c->file, err_text(E_NOMEM));
	} else if (rc == 0) {
		yaml_parser_set_input_string(&r.parser, r.bytes.at, r.bytes.len);
		rc = take_document(&r);
		yaml_event_delete(&r.event);
		yaml_parser_delete(&r.parser);
	}
	buf_free(&r.bytes);
	return rc;
}

const char *conf_libyaml_version(void)
{
	return yaml_get_version_string();
}
