/* SPDX-License-Identifier: Apache-2.0 */
/* conf_yaml.c — reads a YAML file, or a JSON file, which is YAML too, of nested or dotted keys with libyaml.
 *
 * The parser's events are read with the path of keys so far. A scalar sets the option of that path; a sequence is
 * the items of a list; a mapping is one level of the path, and below a list of pairs its keys are the pairs' names.
 * Other features of YAML (anchors, aliases, tags, several documents) are refused, and so is a file too deep to be
 * written by hand. */
#include <string.h>
#include <yaml.h>

#include "conf_internal.h"

enum { DEPTH_MAX = 12, PATH_MAX_BYTES = 256 };

struct yaml_reader {
	struct conf *c;
	yaml_parser_t parser;
	yaml_event_t event; /* the current event; type 0: none */
	struct slice text;
	char path[PATH_MAX_BYTES];
	struct why *why;
};

static unsigned line_of(const struct yaml_reader *r)
{
	return (unsigned)r->event.start_mark.line + 1;
}

static struct conf_source source_here(const struct yaml_reader *r)
{
	return (struct conf_source){ .origin = CONF_FILE, .line = line_of(r) };
}

/* Sets the error "spanspool.yaml:3: SENTENCE". */
static int fail_at(struct yaml_reader *r, unsigned line, const char *sentence)
{
	why_set(r->why, E_USAGE, "%s", sentence);
	return why_wrap(r->why, "%s:%u", r->c->file, line);
}

static int fail_here(struct yaml_reader *r, const char *sentence)
{
	return fail_at(r, line_of(r), sentence);
}

static int fail_yaml(struct yaml_reader *r)
{
	const yaml_parser_t *p = &r->parser;
	unsigned line = (unsigned)p->problem_mark.line + 1;

	if (p->error == YAML_MEMORY_ERROR)
		return why_set(r->why, E_NOMEM, "%s: %s", r->c->file, err_text(E_NOMEM));
	if (p->error == YAML_READER_ERROR) { /* it has the byte offset, not the line */
		line = 1;
		for (size_t i = 0; i < p->problem_offset && i < r->text.len; i++)
			line += r->text.at[i] == '\n';
	}
	why_set(r->why, E_USAGE, "not YAML: %s%s%s", p->context == NULL ? "" : p->context,
	        p->context == NULL ? "" : ": ", p->problem == NULL ? "unreadable" : p->problem);
	return why_wrap(r->why, "%s:%u", r->c->file, line);
}

/* Reads the next event; refuses anchors, aliases and tags. */
static int next_event(struct yaml_reader *r)
{
	const yaml_event_t *e = &r->event;
	bool anchored = false, tagged = false;

	yaml_event_delete(&r->event);
	if (!yaml_parser_parse(&r->parser, &r->event))
		return fail_yaml(r);
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
		return fail_here(r, "anchors and aliases are not taken");
	if (tagged)
		return fail_here(r, "tags are not taken");
	return 0;
}

/* The text of the current scalar; else NULL, with the error ERROR. */
static const char *scalar_text(struct yaml_reader *r, const char *error)
{
	const yaml_event_t *e = &r->event;
	const char *text = (const char *)e->data.scalar.value;

	if (e->type != YAML_SCALAR_EVENT) {
		fail_here(r, error);
		return NULL;
	}
	if (strlen(text) != e->data.scalar.length) {
		fail_here(r, "a text with a NUL in it");
		return NULL;
	}
	return text;
}

/* True for "key:" and "key: null", which leave the option unchanged. */
static bool is_null(const yaml_event_t *e)
{
	const char *text = (const char *)e->data.scalar.value;

	if (e->type != YAML_SCALAR_EVENT || e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return false;
	return *text == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0;
}

/* True when an option's name begins with PATH and a dot. */
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

/* The list of pairs whose name is the beginning of PATH; the pair's name is put into *REST. */
static struct setting *find_pair_list(const struct conf *c, const char *path, const char **rest)
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

static bool is_other_commands(const struct yaml_reader *r)
{
	return r->c->part && conf_find(r->c, r->path) == NULL;
}

/* The option r->path if it may be set: known, not refused, and not set before in this file; else NULL with an error. */
static struct setting *find_settable(struct yaml_reader *r)
{
	struct setting *s = conf_find(r->c, r->path);

	if (s == NULL) {
		conf_unknown(r->c, source_here(r), r->path, r->why);
		return NULL;
	}
	if (s->row == &conf_file_row) {
		fail_here(r, "config-file: a file cannot name another");
		return NULL;
	}
	if (s->row->type == CONF_TYPE_REFUSED) {
		if (conf_set(r->c, s, source_here(r), "", r->why) == 0)
			fail_here(r, "refused");
		return NULL;
	}
	if (s->source.origin == CONF_FILE) {
		why_set(r->why, E_USAGE, "set twice, first in line %u", s->source.line);
		conf_prefix_source(r->c, source_here(r), s->row->name, r->why);
		return NULL;
	}
	return s;
}

static int add_pair(struct yaml_reader *r, struct setting *s, const char *name, const char *value)
{
	struct buf pair = { 0 };
	int rc;

	buf_printf(&pair, "%s=%s", name, value);
	rc = buf_check(&pair) < 0 ? why_set(r->why, E_NOMEM, "%s: %s", r->c->file, err_text(E_NOMEM))
	                          : conf_add(r->c, s, source_here(r), buf_cstr(&pair), r->why);
	buf_free(&pair);
	return rc;
}

static int read_scalar(struct yaml_reader *r)
{
	const char *name, *text = scalar_text(r, "");
	struct setting *s;

	if (text == NULL)
		return r->why->code;
	if (conf_find(r->c, r->path) == NULL) {
		s = find_pair_list(r->c, r->path, &name);
		if (s != NULL)
			return add_pair(r, s, name, text);
		if (is_section(r->c, r->path))
			return is_null(&r->event) ? 0 : fail_here(r, "options stand below this key, it has no value");
	}
	if (is_other_commands(r))
		return 0;
	s = find_settable(r);
	if (s == NULL)
		return r->why->code;
	return is_null(&r->event) ? 0 : conf_set(r->c, s, source_here(r), text, r->why);
}

/* Skips the rest of a sequence that belongs to another command. */
static int skip_sequence(struct yaml_reader *r)
{
	for (int depth = 1; depth > 0;) {
		if (next_event(r) < 0)
			return r->why->code;
		if (r->event.type == YAML_SEQUENCE_START_EVENT || r->event.type == YAML_MAPPING_START_EVENT)
			depth++;
		else if (r->event.type == YAML_SEQUENCE_END_EVENT || r->event.type == YAML_MAPPING_END_EVENT)
			depth--;
	}
	return 0;
}

static int read_sequence(struct yaml_reader *r)
{
	struct setting *s;
	bool empty = true;

	if (is_other_commands(r))
		return skip_sequence(r);
	s = find_settable(r);
	if (s == NULL)
		return r->why->code;
	if (s->row->type != CONF_TYPE_LIST) {
		why_set(r->why, E_USAGE, "takes one value, not a list");
		return conf_prefix_source(r->c, source_here(r), s->row->name, r->why);
	}
	for (;;) {
		const char *text;

		if (next_event(r) < 0)
			return r->why->code;
		if (r->event.type == YAML_SEQUENCE_END_EVENT)
			break;
		text = scalar_text(r, "an item of a list must be a plain value");
		if (text == NULL || conf_add(r->c, s, source_here(r), text, r->why) < 0)
			return r->why->code;
		empty = false;
	}
	return empty ? conf_add(r->c, s, source_here(r), "", r->why) : 0;
}

/* Appends the current key to the first LEN bytes of the path. */
static int append_key(struct yaml_reader *r, size_t len)
{
	const char *key = scalar_text(r, "a key must be a plain text");
	int n;

	if (key == NULL)
		return r->why->code;
	n = snprintf(r->path + len, sizeof(r->path) - len, "%s%s", len == 0 ? "" : ".", key);
	if (*key == '\0' || n < 0 || (size_t)n >= sizeof(r->path) - len)
		return fail_here(r, *key == '\0' ? "an empty key" : "a key far too long");
	return 0;
}

/* Checks an empty mapping: valid where a mapping could have keys. */
static int check_empty_mapping(struct yaml_reader *r)
{
	const struct setting *s = conf_find(r->c, r->path);
	bool pairs = s != NULL && s->row->choices != NULL && s->row->type == CONF_TYPE_LIST;

	if (*r->path == '\0' || pairs || is_section(r->c, r->path) || is_other_commands(r))
		return 0;
	return conf_unknown(r->c, source_here(r), r->path, r->why);
}

/* Reads a mapping whose start event was read. */
static int read_mapping(struct yaml_reader *r, int depth)
{
	size_t len = strlen(r->path);
	bool empty = true;
	int rc = 0;

	if (depth > DEPTH_MAX)
		return fail_here(r, "nested too deeply");
	while (rc == 0) {
		r->path[len] = '\0';
		if (next_event(r) < 0)
			return r->why->code;
		if (r->event.type == YAML_MAPPING_END_EVENT)
			return empty ? check_empty_mapping(r) : 0;
		empty = false;
		if (append_key(r, len) < 0 || next_event(r) < 0)
			return r->why->code;
		if (r->event.type == YAML_MAPPING_START_EVENT)
			rc = read_mapping(r, depth + 1);
		else if (r->event.type == YAML_SEQUENCE_START_EVENT)
			rc = read_sequence(r);
		else
			rc = read_scalar(r);
	}
	return rc;
}

static int read_document(struct yaml_reader *r)
{
	if (next_event(r) < 0 || next_event(r) < 0) /* stream start, document start */
		return r->why->code;
	if (r->event.type == YAML_STREAM_END_EVENT)
		return 0;
	if (next_event(r) < 0)
		return r->why->code;
	if (r->event.type == YAML_MAPPING_START_EVENT) {
		if (read_mapping(r, 1) < 0)
			return r->why->code;
	} else if (!is_null(&r->event)) {
		return fail_here(r, "options wanted: \"name: value\" lines");
	}
	if (next_event(r) < 0 || next_event(r) < 0) /* document end, stream end */
		return r->why->code;
	if (r->event.type != YAML_STREAM_END_EVENT)
		return fail_here(r, "only one document is taken");
	return 0;
}

int conf_yaml_read(struct conf *c, struct slice text, struct why *why)
{
	struct yaml_reader r = { .c = c, .text = text, .why = why };
	int rc;

	if (!yaml_parser_initialize(&r.parser))
		return why_set(why, E_NOMEM, "%s: %s", c->file, err_text(E_NOMEM));
	yaml_parser_set_input_string(&r.parser, text.at, text.len);
	rc = read_document(&r);
	yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	return rc;
}

const char *conf_libyaml_version(void)
{
	return yaml_get_version_string();
}
