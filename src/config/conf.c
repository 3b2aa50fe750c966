/* SPDX-License-Identifier: Apache-2.0 */
/* conf.c — options from four sources, each overriding the one before: default, file, environment, flag.
 *
 * A setting is a row of the table with its value and source. Every source calls conf_set(setting, source, text),
 * which validates the text even if a later source overrides it. */
#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf_internal.h"
#include "config/suggestion.h"

struct conf_string {
	struct conf_string *next;
	char text[];
};

const struct conf_row conf_file_row = { "config-file", CONF_TYPE_TEXT, 0, "", "file",
	"YAML, JSON or .properties file with options, nested or dotted", false };

char *conf_strdup(struct conf *c, const char *text)
{
	size_t len = strlen(text);
	struct conf_string *k = malloc(sizeof(*k) + len + 1);

	if (k == NULL)
		return NULL;
	memcpy(k->text, text, len + 1);
	k->next = c->strings;
	c->strings = k;
	return k->text;
}

void conf_strfree(struct conf *c, const char *text)
{
	for (struct conf_string **at = &c->strings; *at != NULL; at = &(*at)->next) {
		struct conf_string *k = *at;

		if (k->text != text)
			continue;
		*at = k->next;
		free(k);
		return;
	}
}

struct setting *conf_find(const struct conf *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++) {
		if (strcasecmp(c->settings[i].row->name, name) == 0)
			return &c->settings[i];
	}
	return NULL;
}

const char *conf_variable(const char *name, bool prefixed, char *to, size_t cap)
{
	size_t n = (size_t)snprintf(to, cap, "%s", prefixed ? "SPANSPOOL_" : "");

	for (; *name != '\0' && n + 1 < cap; name++)
		to[n++] = *name == '.' || *name == '-' ? '_' : (char)toupper((unsigned char)*name);
	to[n] = '\0';
	return to;
}

int conf_prefix_source(const struct conf *c, struct conf_source source, const char *name, struct why *why)
{
	char variable[VARIABLE_MAX];

	switch (source.origin) {
	case CONF_DEFAULT:
		return why_wrap(why, "%s", name);
	case CONF_FILE:
		return why_wrap(why, "%s:%u: %s", c->file, source.line, name);
	case CONF_ENVIRONMENT:
		return why_wrap(why, "%s", conf_variable(name, source.prefixed, variable, sizeof(variable)));
	case CONF_FLAG:
		return why_wrap(why, "--%s", name);
	}
	return why->code;
}

int conf_add_source(const struct conf *c, const char *name, struct why *why)
{
	const struct setting *s = conf_find(c, name);

	assert(s != NULL);
	return conf_prefix_source(c, s->source, s->row->name, why);
}

struct setting *conf_target(const struct conf *c, struct setting *s)
{
	struct setting *target = s->row->type == CONF_TYPE_RENAMED ? conf_find(c, s->row->help) : s;

	assert(target != NULL);
	return target;
}

/* Adds the warning "SOURCE: SENTENCE" about option NAME. Without memory there is none. */
static void add_warning(struct conf *c, struct conf_source source, const char *name, const char *sentence)
{
	struct why why;

	why_set(&why, E_USAGE, "%s", sentence);
	conf_prefix_source(c, source, name, &why);
	buf_add(&c->warnings, why.text, strlen(why.text) + 1);
}

void conf_warn(struct conf *c, const char *name, const char *sentence)
{
	const struct setting *s = conf_find(c, name);

	assert(s != NULL);
	add_warning(c, s->source, name, sentence);
}

void conf_each_warning(const struct conf *c, void (*each)(const char *text))
{
	const char *at = (const char *)c->warnings.at, *end = at + c->warnings.len;

	if (buf_check(&c->warnings) < 0)
		return;
	for (; at < end; at += strlen(at) + 1)
		each(at);
}

void conf_clear_warnings(struct conf *c)
{
	buf_clear(&c->warnings);
}

/* Warns when S, which is about to be set, is an old name or has no effect. */
static void warn_of_old_name(struct conf *c, const struct setting *s, struct conf_source source)
{
	char sentence[CONF_NAME_MAX + 32];

	if (s->row->type == CONF_TYPE_IGNORED) {
		add_warning(c, source, s->row->name, s->row->help);
	} else if (s->row->type == CONF_TYPE_RENAMED) {
		snprintf(sentence, sizeof(sentence), "is an old name of %s", s->row->help);
		add_warning(c, source, s->row->name, sentence);
	}
}

int conf_unknown(const struct conf *c, struct conf_source source, const char *name, struct why *why)
{
	struct suggestion nearest = { .wrong = name };
	bool flag = source.origin == CONF_FLAG;
	const char *dashes = flag ? "--" : "";

	for (size_t i = 0; i < c->n; i++)
		if (!conf_is_hidden(c->settings[i].row))
			suggestion_consider(&nearest, c->settings[i].row->name);
	why_set(why, E_USAGE, "unknown %s %s%.80s", flag ? "option" : "key", dashes, name);
	if (nearest.best != NULL)
		why_set(why, E_USAGE, "unknown %s %s%.80s; is %s%s meant?", flag ? "option" : "key", dashes, name,
		        dashes, nearest.best);
	if (!flag)
		why_wrap(why, "%s:%u", c->file, source.line);
	return E_USAGE;
}

/* Drops trailing newlines: a value from $(cat file) or from a secret's file often ends in one. */
static void cut_newlines(char *text)
{
	size_t len = strlen(text);

	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		text[--len] = '\0';
}

static int set_with(struct conf *c, struct setting *s, struct conf_source source, const char *text,
        int (*store)(struct setting *s, const char *text, struct why *why), struct why *why)
{
	const char *name = s->row->name;
	char *copy = conf_strdup(c, text);
	bool first;

	if (copy == NULL)
		return why_set(why, E_NOMEM, "options: %s", err_text(E_NOMEM));
	cut_newlines(copy);
	warn_of_old_name(c, s, source);
	s = conf_target(c, s);
	first = s->source.origin != source.origin || source.origin == CONF_DEFAULT;
	if (first)
		s->nitems = 0;
	s->source = source;
	if (store(s, copy, why) < 0)
		return conf_prefix_source(c, source, name, why);
	s->text = copy;
	return 0;
}

int conf_set(struct conf *c, struct setting *s, struct conf_source source, const char *text, struct why *why)
{
	return set_with(c, s, source, text, conf_value_store, why);
}

int conf_add(struct conf *c, struct setting *s, struct conf_source source, const char *item, struct why *why)
{
	return set_with(c, s, source, item, conf_value_add, why);
}

static int add_setting(struct conf *c, const struct conf_row *row, void *field, struct why *why)
{
	struct setting *s = &c->settings[c->n];

	assert(conf_find(c, row->name) == NULL && strlen(row->name) < CONF_NAME_MAX);
	c->n++;
	s->row = row;
	s->field = field;
	/* Without a default a type that has no empty value keeps the value in the module's struct. */
	if (conf_is_hidden(row) || (*row->def == '\0' && row->type != CONF_TYPE_TEXT &&
	                                   row->type != CONF_TYPE_ADDRESS && row->type != CONF_TYPE_LIST)) {
		s->text = "";
		return 0;
	}
	return conf_set(c, s, (struct conf_source){ .origin = CONF_DEFAULT }, row->def, why);
}

static int add_settings(struct conf *c, struct why *why)
{
	size_t n = 1;

	for (const struct conf_group *g = c->groups; g->title != NULL; g++) {
		for (const struct conf_row *r = g->rows; r->name != NULL; r++)
			n++;
	}
	c->settings = calloc(n, sizeof(*c->settings));
	if (c->settings == NULL)
		return why_set(why, E_NOMEM, "options: %s", err_text(E_NOMEM));
	if (add_setting(c, &conf_file_row, &c->file, why) < 0)
		return why->code;
	for (const struct conf_group *g = c->groups; g->title != NULL; g++) {
		for (const struct conf_row *r = g->rows; r->name != NULL; r++) {
			if (add_setting(c, r, (char *)g->base + r->at, why) < 0)
				return why->code;
		}
	}
	return 0;
}

/* Jaeger's names without a section; other programs use the same variables. */
static const char *const shared_names[] = { "config-file", "log-level", "log-encoding", "metrics-backend",
	"metrics-http-route" };

static bool is_shared(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(shared_names); i++)
		if (strcmp(name, shared_names[i]) == 0)
			return true;
	return false;
}

/* True when only the variable with SPANSPOOL_ counts: LIMIT, RATE or DRY_RUN may belong to another program; a name
 * with a section, such as KAFKA_PRODUCER_BROKERS, hardly does. */
static bool needs_prefix(const struct conf *c, const struct setting *s)
{
	return c->tool || (strchr(s->row->name, '.') == NULL && !is_shared(s->row->name));
}

/* An invalid value such as LOG_LEVEL=notice may be meant for another program: it is ignored with a warning. */
static int read_shared_variable(struct conf *c, struct setting *s, const char *value, struct why *why)
{
	static const struct conf_source plain = { .origin = CONF_ENVIRONMENT };
	struct conf_source before = s->source;

	if (conf_set(c, s, plain, value, why) == 0)
		return 0;
	if (why->code != E_USAGE || s->row->type != CONF_TYPE_CHOICE)
		return why->code;
	s->source = before;
	buf_printf(&c->warnings, "%s; the variable is ignored", why->text);
	buf_byte(&c->warnings, '\0');
	return 0;
}

/* The value of option NAME's variable; NULL when it is unset, empty or only newlines. */
static const char *variable_value(const char *name, bool prefixed)
{
	char variable[VARIABLE_MAX];
	const char *value = getenv(conf_variable(name, prefixed, variable, sizeof(variable)));

	return value == NULL || value[strspn(value, "\r\n")] == '\0' ? NULL : value;
}

/* Reads the variable with SPANSPOOL_, else the one without. */
static int read_variable(struct conf *c, struct setting *s, struct why *why)
{
	static const struct conf_source ours = { .origin = CONF_ENVIRONMENT, .prefixed = true };
	static const struct conf_source plain = { .origin = CONF_ENVIRONMENT };
	const char *value = variable_value(s->row->name, true);

	if (value != NULL)
		return conf_set(c, s, ours, value, why);
	value = needs_prefix(c, s) ? NULL : variable_value(s->row->name, false);
	if (value == NULL)
		return 0;
	if (is_shared(s->row->name))
		return read_shared_variable(c, s, value, why);
	return conf_set(c, s, plain, value, why);
}

static int read_sources(struct conf *c, int argc, char *const *argv, struct why *why)
{
	if (add_settings(c, why) < 0)
		return why->code;
	if (read_variable(c, &c->settings[0], why) < 0)
		return why->code;
	if (conf_flags_read(c, argc, argv, &c->settings[0], why) < 0)
		return why->code;
	if (*c->file != '\0' && conf_file_read(c, why) < 0)
		return why->code;
	for (size_t i = 1; i < c->n; i++) {
		if (read_variable(c, &c->settings[i], why) < 0)
			return why->code;
	}
	return conf_flags_read(c, argc, argv, NULL, why);
}

static int read_new(struct conf **out, const struct conf *like, int argc, char *const *argv, struct why *why)
{
	struct conf *c = malloc(sizeof(*c));

	if (c == NULL)
		return why_set(why, E_NOMEM, "options: %s", err_text(E_NOMEM));
	*c = *like;
	if (read_sources(c, argc, argv, why) < 0) {
		conf_free(c);
		return why->code;
	}
	*out = c;
	return 0;
}

int conf_read(struct conf **out, const struct conf_group *groups, int argc, char *const *argv, struct why *why)
{
	return read_new(out, &(struct conf){ .groups = groups }, argc, argv, why);
}

int conf_read_tool(struct conf **out, const struct conf_group *groups, int argc, char *const *argv, struct why *why)
{
	return read_new(out, &(struct conf){ .groups = groups, .tool = true }, argc, argv, why);
}

int conf_read_part(struct conf **out, const struct conf_group *groups, int argc, char *const *argv, struct why *why)
{
	struct conf like = { .groups = groups, .part = true, .tool = true };

	return read_new(out, &like, argc, argv, why);
}

void conf_free(struct conf *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n; i++)
		free(c->settings[i].items);
	for (struct conf_string *k = c->strings, *next; k != NULL; k = next) {
		next = k->next;
		free(k);
	}
	buf_free(&c->warnings);
	free(c->settings);
	free(c);
}

enum conf_origin conf_origin(const struct conf *c, const char *name)
{
	const struct setting *s = conf_find(c, name);

	return s == NULL ? CONF_DEFAULT : s->source.origin;
}

int conf_default(struct conf *c, const char *name, const char *value, struct why *why)
{
	struct setting *s = conf_find(c, name);

	assert(s != NULL);
	if (s->source.origin != CONF_DEFAULT || strcmp(s->text, value) == 0)
		return 0;
	return conf_set(c, s, s->source, value, why);
}
