/* SPDX-License-Identifier: Apache-2.0 */
/* Command-line, file and environment options. A table of rows describes the fields of a module's struct, which
 * conf_read() fills in. */
#ifndef CONF_H
#define CONF_H

#include <stdio.h>

#include "base/err.h"

enum conf_type {
	CONF_TYPE_BOOL,     /* bool: true, false, yes, no, on, off, 1, 0; the bare flag is true */
	CONF_TYPE_SIZE,     /* uint64_t bytes */
	CONF_TYPE_DURATION, /* uint64_t microseconds */
	CONF_TYPE_COUNT,    /* uint64_t */
	CONF_TYPE_TEXT,     /* const char *, never NULL; a path where choices is "file" or "directory" */
	CONF_TYPE_ADDRESS,  /* const char *, "" or an address for units_hostport(); also "none" if choices is "none" */
	CONF_TYPE_CHOICE,   /* int or an enum, an index into choices */
	CONF_TYPE_REFUSED,  /* no field: a removed or foreign name; help says what to use instead */
	CONF_TYPE_RENAMED,  /* no field: an old name; help is the name that it sets, with a warning */
	CONF_TYPE_IGNORED,  /* no field: a removed name that any value may be given to; help says why, as a warning */
	/* struct conf_list: repeatable. choices may have ',': split values at commas, and '=': each item must be
	 * NAME=VALUE, or with "=file" NAME=FILE. */
	CONF_TYPE_LIST,
};

struct conf_list {
	const char **items;
	size_t n;
};

struct conf_row {
	const char *name; /* full name: "spool.max-bytes" */
	enum conf_type type;
	size_t at;
	const char *def;     /* as text; "": none */
	const char *choices; /* of CHOICE "commit|off" or with synonyms "warn=warning|…"; LIST and ADDRESS: above */
	const char *help;    /* one line */
	bool secret;         /* masked when shown; items of a LIST by redact_property() or redact_header() */
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
#define CONF_FILE_NAME(S, f, name, def, help)                                                                          \
	{                                                                                                              \
		name, CONF_TYPE_TEXT, CONF_FIELD(S, f, const char *), def, "file", help, false                         \
	}
#define CONF_DIRECTORY(S, f, name, def, help)                                                                          \
	{                                                                                                              \
		name, CONF_TYPE_TEXT, CONF_FIELD(S, f, const char *), def, "directory", help, false                    \
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
/* A list with a default, a FORM of "", ",", "=" or ",=", and perhaps secret items. */
#define CONF_LIST_OF(S, f, name, form, def, secret, help)                                                              \
	{                                                                                                              \
		name, CONF_TYPE_LIST, CONF_FIELD(S, f, struct conf_list), def, form, help, secret                      \
	}
/* Setting NAME is an error with the text SENTENCE, which says what replaces it. NAME is not in the help, the sample
 * file or conf_show(). */
#define CONF_REFUSED(name, sentence)                                                                                   \
	{                                                                                                              \
		name, CONF_TYPE_REFUSED, 0, "", NULL, sentence, false                                                  \
	}
/* NAME sets the option NEW of the same command, with a warning. It is hidden as CONF_REFUSED is, as the next. */
#define CONF_RENAMED(name, new)                                                                                        \
	{                                                                                                              \
		name, CONF_TYPE_RENAMED, 0, "", NULL, new, false                                                       \
	}
/* Setting NAME has no effect but a warning with the text SENTENCE. */
#define CONF_IGNORED(name, sentence)                                                                                   \
	{                                                                                                              \
		name, CONF_TYPE_IGNORED, 0, "", NULL, sentence, false                                                  \
	}
#define CONF_END                                                                                                       \
	{                                                                                                              \
		NULL, CONF_TYPE_BOOL, 0, NULL, NULL, NULL, false                                                       \
	}

/* All options of a command are an array of groups: the rows of one module and its struct. */
struct conf_group {
	const char *title; /* for --help */
	const struct conf_row *rows;
	void *base;
};

enum conf_origin { CONF_DEFAULT, CONF_FILE, CONF_ENVIRONMENT, CONF_FLAG };

struct conf;

/* Reads the options; each source overrides those before: defaults; the file of --config-file or CONFIG_FILE (YAML or
 * JSON with nested or dotted keys, or Java properties); the environment (SPANSPOOL_ and the name in capitals with '_' for '.' and '-'; without
 * SPANSPOOL_ too when the name has a section or is Jaeger's; one item of a list per line); flags (--name=value,
 * --name value). A list replaces that of an earlier source. ARGV has flags only, without the command word; --help is
 * not handled. E_USAGE names option, file and line, and suggests the nearest known name. GROUPS end with a title of
 * NULL and are borrowed; values point into the conf, which must outlive them. */
int conf_read(
        struct conf **out, const struct conf_group *groups, int argc, char *const *argv, struct why *why) MUST_USE;
/* conf_read() for a tool: only variables that begin with SPANSPOOL_ are read. */
int conf_read_tool(
        struct conf **out, const struct conf_group *groups, int argc, char *const *argv, struct why *why) MUST_USE;
/* conf_read_tool() that also ignores unknown keys of the file, which belong to other commands. */
int conf_read_part(
        struct conf **out, const struct conf_group *groups, int argc, char *const *argv, struct why *why) MUST_USE;
void conf_free(struct conf *c);

/* The source of the value of option NAME. */
enum conf_origin conf_origin(const struct conf *c, const char *name);

/* Sets a default for NAME that depends on the host; no effect when the option was set. E_USAGE when VALUE is invalid
 * for the option. */
int conf_default(struct conf *c, const char *name, const char *value, struct why *why) MUST_USE;

/* Forgets the warnings, which were printed. */
void conf_clear_warnings(struct conf *c);

/* Two readings of the same rows: calls EACH for every option whose value differs. */
void conf_each_change(const struct conf *a, const struct conf *b, void (*each)(void *arg, const char *name), void *arg);
/* Exchanges the values of NAME, which is no list, between A and B, and their sources. E_NOMEM: neither has changed. */
int conf_exchange(struct conf *a, struct conf *b, const char *name, struct why *why) MUST_USE;

/* Prefixes WHY's sentence with the source of option NAME, as conf_read() does: "--spool.exposure: ",
 * "SPOOL_EXPOSURE: ", "spanspool.yaml:12: spool.exposure: ". Returns the code. */
int conf_add_source(const struct conf *c, const char *name, struct why *why);

/* Adds the warning SENTENCE about option NAME, with the option's source before it. */
void conf_warn(struct conf *c, const char *name, const char *sentence);
/* Calls EACH for every warning in the order in which they were found: old names, options without an effect, and those
 * of conf_warn. */
void conf_each_warning(const struct conf *c, void (*each)(const char *text));

/* Prints every value with its origin, secrets masked ("config show"). */
void conf_show(const struct conf *c, FILE *to);
/* Prints the options by group, with defaults (--help). */
void conf_help(const struct conf_group *groups, FILE *to);
/* Prints one line for each word that may take WORD's place, which it begins with: the word, a tab, a description. WORD is
 * an option, "--name=value" or, behind the word BEFORE, an option's value. A line ":file" or ":directory" stands for
 * the names of files or directories. */
void conf_complete(const struct conf_group *groups, const char *before, const char *word, FILE *to);
/* Prints a YAML file with every option commented out at its default ("config sample"). */
void conf_sample(const struct conf_group *groups, FILE *to);

/* Calls EACH for every option, secrets masked. */
void conf_each(const struct conf *c,
        void (*each)(void *arg, const char *name, const char *value, enum conf_origin origin), void *arg);

/* The version of libyaml that this process runs with. */
const char *conf_libyaml_version(void);

#endif
