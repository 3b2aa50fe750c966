/* conf_print.c — the options for people: the help, the sample file, and what stands and who said so. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "conf_impl.h"

static const char mask[] = "********";

/* What the name in an item of a secret list is searched for: "sasl.password=…", "Authorization: …". */
static const char *const secret_words[] = { "pass", "secret", "token", "key", "auth", "jaas",
	"cookie", "credential", "signature" };

static bool sounds_secret(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(secret_words); i++) {
		size_t n = strlen(secret_words[i]);

		for (size_t at = 0; at + n <= len; at++) {
			if (strncasecmp(name + at, secret_words[i], n) == 0)
				return true;
		}
	}
	return false;
}

/* TEXT, but for the password in "scheme://user:password@host". */
static void add_text(struct buf *to, const char *text)
{
	const char *at = strstr(text, "://"), *colon, *end;

	if (at != NULL) {
		at += 3;
		end = at + strcspn(at, "/?#");
		colon = memchr(at, ':', (size_t)(end - at));
		while (end > at && *end != '@')
			end--;
		if (*end == '@' && colon != NULL && colon < end) {
			buf_add(to, text, (size_t)(colon + 1 - text));
			buf_text(to, mask);
			text = end;
		}
	}
	buf_text(to, text);
}

/* "name=value" or "Name: value"; an item without a name is a secret as a whole. */
static void add_secret_item(struct buf *to, const char *item)
{
	size_t name = strcspn(item, "=:");

	if (item[name] == '\0') {
		buf_text(to, mask);
	} else if (sounds_secret(item, name)) {
		buf_add(to, item, name + 1);
		buf_text(to, mask);
	} else {
		add_text(to, item);
	}
}

/* The value of S as it may be shown. */
static void add_value(struct buf *to, const struct setting *s)
{
	if (s->row->type == CONF_TYPE_LIST) {
		for (size_t i = 0; i < s->nitems; i++) {
			if (i > 0)
				buf_text(to, ", ");
			if (s->row->secret)
				add_secret_item(to, s->items[i]);
			else
				add_text(to, s->items[i]);
		}
	} else if (s->row->secret) {
		buf_text(to, *s->text == '\0' ? "" : mask);
	} else {
		add_text(to, s->text);
	}
}

void conf_each(const struct conf *c,
        void (*each)(void *arg, const char *name, const char *value, enum conf_origin origin),
        void *arg)
{
	struct buf value = { 0 };

	for (size_t i = 0; i < c->n; i++) {
		if (conf_is_refused(&c->settings[i]))
			continue;
		buf_clear(&value);
		add_value(&value, &c->settings[i]);
		each(arg, c->settings[i].row->name, buf_cstr(&value), c->settings[i].source.origin);
	}
	buf_free(&value);
}

static void show_source(const struct conf *c, const struct setting *s, FILE *to)
{
	switch (s->source.origin) {
	case CONF_DEFAULT:
		fputs("default\n", to);
		break;
	case CONF_FILE:
		fprintf(to, "%s:%u\n", c->file, s->source.line);
		break;
	case CONF_ENVIRONMENT:
		fputs("environment ", to);
		for (const char *p = s->row->name; *p != '\0'; p++)
			fputc(*p == '.' || *p == '-' ? '_' : toupper((unsigned char)*p), to);
		fputc('\n', to);
		break;
	case CONF_FLAG:
		fputs("flag\n", to);
		break;
	}
}

/* Bytes of control characters would let a value forge lines of the table. */
static void show_plain(const char *text, int width, FILE *to)
{
	int n = 0;

	for (; *text != '\0'; text++, n++)
		fputc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, to);
	fprintf(to, "%*s", width > n ? width - n : 0, "");
}

void conf_show(const struct conf *c, FILE *to)
{
	enum { WIDEST_VALUE = 32 };
	int name_width = (int)strlen("option"), value_width = (int)strlen("value");
	struct buf value = { 0 };

	for (size_t i = 0; i < c->n; i++) {
		int len = (int)strlen(c->settings[i].row->name);

		if (conf_is_refused(&c->settings[i]))
			continue;
		name_width = len > name_width ? len : name_width;
		buf_clear(&value);
		add_value(&value, &c->settings[i]);
		len = value.len > WIDEST_VALUE ? WIDEST_VALUE : (int)value.len;
		value_width = len > value_width ? len : value_width;
	}
	fprintf(to, "%-*s  %-*s  %s\n", name_width, "option", value_width, "value", "set by");
	for (size_t i = 0; i < c->n; i++) {
		if (conf_is_refused(&c->settings[i]))
			continue;
		fprintf(to, "%-*s  ", name_width, c->settings[i].row->name);
		buf_clear(&value);
		add_value(&value, &c->settings[i]);
		show_plain(buf_cstr(&value), value_width, to);
		fputs("  ", to);
		show_source(c, &c->settings[i], to);
	}
	buf_free(&value);
}

/* What stands behind the '=' in the help. */
static const char *kind_of(const struct conf_row *row)
{
	switch (row->type) {
	case CONF_TYPE_BOOL:
	case CONF_TYPE_REFUSED:
		return "";
	case CONF_TYPE_SIZE:
		return "=SIZE";
	case CONF_TYPE_DURATION:
		return "=DURATION";
	case CONF_TYPE_COUNT:
		return "=N";
	case CONF_TYPE_TEXT:
		return "=TEXT";
	case CONF_TYPE_ADDRESS:
		return row->choices == NULL ? "=ADDRESS" : "=ADDRESS|none";
	case CONF_TYPE_CHOICE:
		return "=";
	case CONF_TYPE_LIST:
		if (row->choices != NULL && strchr(row->choices, '=') != NULL)
			return strchr(row->choices, ',') != NULL ? "=K=V,…" : "=K=V …";
		return row->choices != NULL && strchr(row->choices, ',') != NULL ? "=TEXT,…"
		                                                                 : "=TEXT …";
	}
	return "";
}

static void help_row(const struct conf_row *row, FILE *to)
{
	fprintf(to, "  --%s%s%s\n", row->name, kind_of(row),
	        row->type == CONF_TYPE_CHOICE ? row->choices : "");
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
			if (r->type != CONF_TYPE_REFUSED)
				help_row(r, to);
	}
	help_row(&conf_file_row, to);
}

/* Quoted unless it is plain for every reader of YAML. */
static void sample_value(const struct conf_row *row, FILE *to)
{
	bool quote =
	        *row->def == '\0' || row->type == CONF_TYPE_TEXT || row->type == CONF_TYPE_ADDRESS;

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
			if (r->type == CONF_TYPE_REFUSED)
				continue;
			fprintf(to, "\n# %s", r->help);
			if (r->type == CONF_TYPE_CHOICE)
				fprintf(to, " (%s)", r->choices);
			fprintf(to, "\n#%s: ", r->name);
			sample_value(r, to);
			fputc('\n', to);
		}
	}
}
