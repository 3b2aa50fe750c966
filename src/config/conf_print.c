/* SPDX-License-Identifier: Apache-2.0 */
/* conf_print.c — prints the options: --help, the sample file, and values with their source. */
#include <string.h>

#include "base/buf.h"
#include "conf_internal.h"
#include "base/redact.h"

/* Appends an item of a secret list: a "name=value" of librdkafka, or an HTTP header. */
static void add_secret_item(struct buf *to, const struct setting *s, const char *item)
{
	if (s->row->choices != NULL && strchr(s->row->choices, '=') != NULL)
		redact_property(to, item);
	else
		redact_header(to, item);
}

/* Appends the value of S with secrets masked. */
static void add_value(struct buf *to, const struct setting *s)
{
	if (s->row->type == CONF_TYPE_LIST) {
		for (size_t i = 0; i < s->nitems; i++) {
			if (i > 0)
				buf_text(to, ", ");
			if (s->row->secret)
				add_secret_item(to, s, s->items[i]);
			else
				redact_text(to, s->items[i]);
		}
	} else if (s->row->secret) {
		buf_text(to, *s->text == '\0' ? "" : redact_mask);
	} else {
		redact_text(to, s->text);
	}
}

void conf_each(const struct conf *c,
        void (*each)(void *arg, const char *name, const char *value, enum conf_origin origin), void *arg)
{
	struct buf value = { 0 };

	for (size_t i = 0; i < c->n; i++) {
		if (conf_is_hidden(c->settings[i].row))
			continue;
		buf_clear(&value);
		add_value(&value, &c->settings[i]);
		each(arg, c->settings[i].row->name, buf_cstr(&value), c->settings[i].source.origin);
	}
	buf_free(&value);
}

static void add_source(struct buf *to, const struct conf *c, const struct setting *s)
{
	char variable[VARIABLE_MAX];

	switch (s->source.origin) {
	case CONF_DEFAULT:
		buf_text(to, "default");
		break;
	case CONF_FILE:
		buf_printf(to, "%s:%u", c->file, s->source.line);
		break;
	case CONF_ENVIRONMENT:
		buf_printf(to, "environment %s",
		        conf_variable(s->row->name, s->source.prefixed, variable, sizeof(variable)));
		break;
	case CONF_FLAG:
		buf_text(to, "flag");
		break;
	}
}

enum { LINE_WIDTH = 80, NAME_WIDTH = 30, VALUE_WIDTH = 18, GAP = 2 };

/* Prints TEXT with '?' for control characters, with which a value could forge lines of the table; returns its width. */
static int print_plain(const char *text, FILE *to)
{
	int n = 0;

	for (; *text != '\0'; text++, n++)
		fputc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, to);
	return n;
}

/* Pads from column AT to column WANT, on a new line when AT is beyond it. */
static void pad_to_column(int at, int want, FILE *to)
{
	if (at + GAP > want) {
		fputc('\n', to);
		at = 0;
	}
	fprintf(to, "%*s", want - at, "");
}

static void print_row(const char *name, const char *value, const char *source, FILE *to)
{
	const int value_at = NAME_WIDTH + GAP, source_at = value_at + VALUE_WIDTH + GAP;
	int at = print_plain(name, to), width = (int)strlen(source);

	pad_to_column(at, value_at, to);
	at = value_at + print_plain(value, to);
	/* A source too long for the last column is printed on its own line. */
	pad_to_column(source_at + width <= LINE_WIDTH ? at : LINE_WIDTH,
	        source_at + width <= LINE_WIDTH ? source_at : value_at, to);
	print_plain(source, to);
	fputc('\n', to);
}

void conf_show(const struct conf *c, FILE *to)
{
	struct buf value = { 0 }, source = { 0 };

	print_row("option", "value", "set by", to);
	for (size_t i = 0; i < c->n; i++) {
		if (conf_is_hidden(c->settings[i].row))
			continue;
		buf_clear(&value);
		buf_clear(&source);
		add_value(&value, &c->settings[i]);
		add_source(&source, c, &c->settings[i]);
		print_row(c->settings[i].row->name, buf_cstr(&value), buf_cstr(&source), to);
	}
	buf_free(&value);
	buf_free(&source);
}

/* The value's syntax in the help. */
static const char *value_syntax(const struct conf_row *row)
{
	switch (row->type) {
	case CONF_TYPE_BOOL:
	case CONF_TYPE_REFUSED:
	case CONF_TYPE_RENAMED:
	case CONF_TYPE_IGNORED:
		return "";
	case CONF_TYPE_SIZE:
		return "=SIZE";
	case CONF_TYPE_DURATION:
		return "=DURATION";
	case CONF_TYPE_COUNT:
		return "=N";
	case CONF_TYPE_TEXT:
		if (row->choices == NULL)
			return "=TEXT";
		return strcmp(row->choices, "file") == 0 ? "=FILE" : "=DIRECTORY";
	case CONF_TYPE_ADDRESS:
		return row->choices == NULL ? "=ADDRESS" : "=ADDRESS|none";
	case CONF_TYPE_CHOICE:
		return "=";
	case CONF_TYPE_LIST:
		if (row->choices != NULL && strchr(row->choices, '=') != NULL)
			return strchr(row->choices, ',') != NULL ? "=K=V,…"
			       : row->choices[1] == '\0'         ? "=K=V …"
			                                         : "=K=FILE …";
		return row->choices != NULL && strchr(row->choices, ',') != NULL ? "=TEXT,…" : "=TEXT …";
	}
	return "";
}

/* Prints choices without synonyms: "warn|error" for "warn=warning|error=fatal". */
static void print_choices(const char *choices, FILE *to)
{
	while (*choices != '\0') {
		size_t len = strcspn(choices, "|");

		fprintf(to, "%.*s%s", (int)strcspn(choices, "|="), choices, choices[len] == '\0' ? "" : "|");
		choices += len + (choices[len] == '|');
	}
}

static void print_help(const struct conf_row *row, FILE *to)
{
	fprintf(to, "  --%s%s", row->name, value_syntax(row));
	if (row->type == CONF_TYPE_CHOICE)
		print_choices(row->choices, to);
	fputc('\n', to);
	fprintf(to, "        %s", row->help);
	if (*row->def != '\0')
		fprintf(to, " [%s]", row->def);
	fputc('\n', to);
}

void conf_help(const struct conf_group *groups, FILE *to)
{
	for (const struct conf_group *g = groups; g->title != NULL; g++) {
		fprintf(to, "%s%s:\n", g == groups ? "" : "\n", g->title);
		for (const struct conf_row *r = g->rows; r->name != NULL; r++)
			if (!conf_is_hidden(r))
				print_help(r, to);
	}
	print_help(&conf_file_row, to);
}

/* Prints the default, quoted unless it is a plain YAML value. */
static void print_default(const struct conf_row *row, FILE *to)
{
	bool quote = *row->def == '\0' || row->type == CONF_TYPE_TEXT || row->type == CONF_TYPE_ADDRESS;

	const char *open = quote ? "\"" : "", *close = open;

	if (row->type == CONF_TYPE_LIST) {
		open = *row->def == '\0' ? "[" : "[\"";
		close = *row->def == '\0' ? "]" : "\"]";
	}
	fprintf(to, "%s%s%s", open, row->def, close);
}

void conf_sample(const struct conf_group *groups, FILE *to)
{
	for (const struct conf_group *g = groups; g->title != NULL; g++) {
		fprintf(to, "\n# --- %s ---\n", g->title);
		for (const struct conf_row *r = g->rows; r->name != NULL; r++) {
			if (conf_is_hidden(r))
				continue;
			fprintf(to, "\n# %s", r->help);
			if (r->type == CONF_TYPE_CHOICE) {
				fputs(" (", to);
				print_choices(r->choices, to);
				fputc(')', to);
			}
			fprintf(to, "\n#%s: ", r->name);
			print_default(r, to);
			fputc('\n', to);
		}
	}
}
