/* table: options. Rows describe fields of a module's own struct; the engine fills them. */
#ifndef CONF_H
#define CONF_H

#include <stdio.h>

#include "err.h"

enum conf_type {
	CONF_TYPE_BOOL,     /* bool: true, false, yes, no, 1, 0; the bare flag is true */
	CONF_TYPE_SIZE,     /* uint64_t bytes */
	CONF_TYPE_DURATION, /* uint64_t microseconds */
	CONF_TYPE_COUNT,    /* uint64_t */
	CONF_TYPE_TEXT,     /* const char *, never NULL */
	CONF_TYPE_CHOICE,   /* int, an index into choices */
	CONF_TYPE_LIST,     /* struct conf_list: repeatable, and comma-separated where COMMA is in choices */
};

struct conf_list {
	const char **items;
	size_t n;
};

struct conf_row {
	const char *name;        /* whole, dotted: "spool.max-bytes" */
	enum conf_type type;
	size_t at;
	const char *def;         /* as text; "" is none */
	const char *choices;     /* CHOICE: "commit|interval|off" */
	const char *help;        /* one line */
	bool secret;             /* masked when shown */
};

#define CONF_FIELD(S, f, T) (offsetof(S, f) + 0 * sizeof(char[_Generic(((S *)0)->f, T: 1, default: -1)]))
#define CONF_BOOL(S, f, name, def, help) { name, CONF_TYPE_BOOL, CONF_FIELD(S, f, bool), def, NULL, help, false }
#define CONF_SIZE(S, f, name, def, help) { name, CONF_TYPE_SIZE, CONF_FIELD(S, f, uint64_t), def, NULL, help, false }
#define CONF_DURATION(S, f, name, def, help) \
	{ name, CONF_TYPE_DURATION, CONF_FIELD(S, f, uint64_t), def, NULL, help, false }
#define CONF_COUNT(S, f, name, def, help) { name, CONF_TYPE_COUNT, CONF_FIELD(S, f, uint64_t), def, NULL, help, false }
#define CONF_TEXT(S, f, name, def, help) \
	{ name, CONF_TYPE_TEXT, CONF_FIELD(S, f, const char *), def, NULL, help, false }
#define CONF_CHOICE(S, f, name, choices, def, help) \
	{ name, CONF_TYPE_CHOICE, CONF_FIELD(S, f, int), def, choices, help, false }
#define CONF_LIST(S, f, name, help) \
	{ name, CONF_TYPE_LIST, CONF_FIELD(S, f, struct conf_list), "", NULL, help, false }
#define CONF_END { NULL, CONF_TYPE_BOOL, 0, NULL, NULL, NULL, false }

/* A command's whole surface: each group is one module's rows over one module's struct. */
struct conf_group {
	const char *title;       /* for --help */
	const struct conf_row *rows;
	void *base;
};

enum conf_origin { CONF_DEFAULT, CONF_FILE, CONF_ENVIRONMENT, CONF_FLAG };

struct conf;

/* Defaults, then the file named by --config-file or CONFIG_FILE (YAML, nested or dotted keys), then
 * the environment (name in capitals, '.' and '-' as '_'), then the flags (--name=value, --name value).
 * ARGV holds flags only, without the command word. E_USAGE names option, file and line, and the
 * nearest known name where there is one. GROUPS end with a title of NULL and are borrowed; values
 * point into the conf, which must outlive them. --help is not handled here. */
int conf_read(struct conf **out, const struct conf_group *groups, int argc, char *const *argv,
	struct why *why) MUST_USE;
void conf_free(struct conf *c);

/* Who set option NAME. */
enum conf_origin conf_origin(const struct conf *c, const char *name);

/* "config show": every value with its origin, secrets masked. */
void conf_show(const struct conf *c, FILE *to);
/* --help: the options by group, with defaults. */
void conf_help(const struct conf_group *groups, FILE *to);
/* "config sample": a commented YAML file with every option and its default. */
void conf_sample(const struct conf_group *groups, FILE *to);

/* Calls EACH for every option, for pages that show them. */
void conf_each(const struct conf *c,
	void (*each)(void *arg, const char *name, const char *value, enum conf_origin origin), void *arg);

#endif
