/* SPDX-License-Identifier: Apache-2.0 */
/* Options. Rows describe fields of a module's own struct; the engine fills them. */
#ifndef CONF_H
#define CONF_H

#include <stdio.h>

#include "base/err.h"

enum conf_type {
	CONF_TYPE_BOOL,     /* bool: true, false, yes, no, on, off, 1, 0; the bare flag is true */
	CONF_TYPE_SIZE,     /* uint64_t bytes */
	CONF_TYPE_DURATION, /* uint64_t microseconds */
	CONF_TYPE_COUNT,    /* uint64_t */
	CONF_TYPE_TEXT,     /* const char *, never NULL */
	CONF_TYPE_ADDRESS,  /* const char *, "" or what units_hostport takes; "none" where choices is "none" */
	CONF_TYPE_CHOICE,   /* int or an enum, an index into choices */
	CONF_TYPE_REFUSED,  /* no field: a name of another time, or of another program; help says what to use */
	CONF_TYPE_LIST,     /* struct conf_list: repeatable; of choices, ',' splits a value at commas and
			     * '=' wants every item to be NAME=VALUE */
};

struct conf_list {
	const char **items;
	size_t n;
};

struct conf_row {
	const char *name; /* whole, dotted: "spool.max-bytes" */
	enum conf_type type;
	size_t at;
	const char *def;     /* as text; "" is none */
	const char *choices; /* CHOICE: "commit|interval|off", with synonyms "warn=warning|…"; LIST and
				* ADDRESS: see above */
	const char *help;    /* one line */
	bool secret;         /* masked when shown; of a LIST, as redact_property or redact_header does */
};

#define CONF_FIELD(S, f, T) (offsetof(S, f) + 0 * sizeof(char[_Generic(((S *)0)->f, T : 1, default : -1)]))
/* An enum without negative values is an unsigned int. */
#define CONF_ENUM(S, f) (offsetof(S, f) + 0 * sizeof(char[_Generic(((S *)0)->f, int : 1, unsigned : 1, default : -1)]))
#define CONF_BOOL(S, f, name, def, help)                                                                               \
	{                                                                                                              \
		name, CONF_TYPE_BOOL, CONF_FIELD(S, f, bool), def, NULL, help, false                                   \
	}
#define CONF_SIZE(S, f, name, def, help)                                                                               \
	{                                                                                                              \
		name, CONF_TYPE_SIZE, CONF_FIELD(S, f, uint64_t), def, NULL, help, false                               \
	}
#define CONF_DURATION(S, f, name, def, help)                                                                           \
	{                                                                                                              \
		name, CONF_TYPE_DURATION, CONF_FIELD(S, f, uint64_t), def, NULL, help, false                           \
	}
#define CONF_COUNT(S, f, name, def, help)                                                                              \
	{                                                                                                              \
		name, CONF_TYPE_COUNT, CONF_FIELD(S, f, uint64_t), def, NULL, help, false                              \
	}
#define CONF_TEXT(S, f, name, def, help)                                                                               \
	{                                                                                                              \
		name, CONF_TYPE_TEXT, CONF_FIELD(S, f, const char *), def, NULL, help, false                           \
	}
#define CONF_SECRET(S, f, name, def, help)                                                                             \
	{                                                                                                              \
		name, CONF_TYPE_TEXT, CONF_FIELD(S, f, const char *), def, NULL, help, true                            \
	}
#define CONF_ADDRESS(S, f, name, def, help)                                                                            \
	{                                                                                                              \
		name, CONF_TYPE_ADDRESS, CONF_FIELD(S, f, const char *), def, NULL, help, false                        \
	}
#define CONF_ADDRESS_OR_NONE(S, f, name, def, help)                                                                    \
	{                                                                                                              \
		name, CONF_TYPE_ADDRESS, CONF_FIELD(S, f, const char *), def, "none", help, false                      \
	}
#define CONF_CHOICE(S, f, name, choices, def, help)                                                                    \
	{                                                                                                              \
		name, CONF_TYPE_CHOICE, CONF_ENUM(S, f), def, choices, help, false                                     \
	}
#define CONF_LIST(S, f, name, help)                                                                                    \
	{                                                                                                              \
		name, CONF_TYPE_LIST, CONF_FIELD(S, f, struct conf_list), "", NULL, help, false                        \
	}
/* A list with a default, a FORM of "", ",", "=" or ",=", and perhaps secrets in it. */
#define CONF_LIST_OF(S, f, name, form, def, secret, help)                                                              \
	{                                                                                                              \
		name, CONF_TYPE_LIST, CONF_FIELD(S, f, struct conf_list), def, form, help, secret                      \
	}
/* NAME is known and refused, wherever it is set: with SENTENCE, which says what took its place. It is in
 * no help, no sample file and no list of values. */
#define CONF_REFUSED(name, sentence)                                                                                   \
	{                                                                                                              \
		name, CONF_TYPE_REFUSED, 0, "", NULL, sentence, false                                                  \
	}
#define CONF_END                                                                                                       \
	{                                                                                                              \
		NULL, CONF_TYPE_BOOL, 0, NULL, NULL, NULL, false                                                       \
	}

/* A command's whole surface: each group is one module's rows over one module's struct. */
struct conf_group {
	const char *title; /* for --help */
	const struct conf_row *rows;
	void *base;
};

enum conf_origin { CONF_DEFAULT, CONF_FILE, CONF_ENVIRONMENT, CONF_FLAG };

struct conf;

/* Defaults, then the file named by --config-file or CONFIG_FILE (YAML, nested or dotted keys), then
 * the environment (name in capitals, '.' and '-' as '_', after SPANSPOOL_ or, where the option's name has a
 * section or is one of Jaeger's, without that; of a list, one item a line), then the flags
 * (--name=value, --name value). A list given by one of them replaces that of those before.
 * ARGV holds flags only, without the command word. E_USAGE names option, file and line, and the
 * nearest known name where there is one. GROUPS end with a title of NULL and are borrowed; values
 * point into the conf, which must outlive them. --help is not handled here. */
int conf_read(
        struct conf **out, const struct conf_group *groups, int argc, char *const *argv, struct why *why) MUST_USE;
/* The same for a tool, which reads only variables that begin with SPANSPOOL_. */
int conf_read_tool(
        struct conf **out, const struct conf_group *groups, int argc, char *const *argv, struct why *why) MUST_USE;
/* The same for a small tool: in the file, what it does not know belongs to another command. */
int conf_read_part(
        struct conf **out, const struct conf_group *groups, int argc, char *const *argv, struct why *why) MUST_USE;
void conf_free(struct conf *c);

/* Who set option NAME. */
enum conf_origin conf_origin(const struct conf *c, const char *name);

/* Another default for NAME, for those that depend on the host: VALUE stands unless somebody set the
 * option. E_USAGE when it is not a value of the option's kind. */
int conf_default(struct conf *c, const char *name, const char *value, struct why *why) MUST_USE;

/* Puts before WHY's sentence who set option NAME, as conf_read does for what it finds itself:
 * "--spool.exposure: ", "SPOOL_EXPOSURE: ", "spanspool.yaml:12: spool.exposure: ". Returns the code. */
int conf_blame(const struct conf *c, const char *name, struct why *why);

/* "config show": every value with its origin, secrets masked. */
void conf_show(const struct conf *c, FILE *to);
/* --help: the options by group, with defaults. */
void conf_help(const struct conf_group *groups, FILE *to);
/* "config sample": a commented YAML file with every option and its default. */
void conf_sample(const struct conf_group *groups, FILE *to);

/* Calls EACH for every option, for pages that show them. */
void conf_each(const struct conf *c,
        void (*each)(void *arg, const char *name, const char *value, enum conf_origin origin), void *arg);

/* The version of libyaml that this process runs with. */
const char *conf_libyaml_version(void);

#endif
