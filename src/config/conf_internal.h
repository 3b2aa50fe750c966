/* SPDX-License-Identifier: Apache-2.0 */
/* conf_internal.h — settings and functions shared by the files of the option engine. */
#ifndef CONF_IMPL_H
#define CONF_IMPL_H

#include "base/buf.h"
#include "config/conf.h"

/* The source of a value. */
struct conf_source {
	enum conf_origin origin;
	unsigned line; /* in the file */
	bool prefixed; /* environment: the variable begins with SPANSPOOL_ */
};

/* One option and its current value. */
struct setting {
	const struct conf_row *row;
	void *field; /* in the module's struct */
	struct conf_source source;
	const char *text;   /* the value as given; unused for a list */
	const char **items; /* of a list; terminated by NULL */
	size_t nitems;
};

struct conf_string;

struct conf {
	const struct conf_group *groups;
	struct setting *settings; /* the first is config-file */
	size_t n;
	const char *file;            /* "": none */
	bool part;                   /* ignore unknown keys of the file */
	bool tool;                   /* read only variables that begin with SPANSPOOL_ */
	struct conf_string *strings; /* the strings that values point to */
	struct buf warnings;         /* each ends with a NUL */
};

enum { CONF_NAME_MAX = 128, VARIABLE_MAX = CONF_NAME_MAX + sizeof("SPANSPOOL_") };

extern const struct conf_row conf_file_row;

/* True when ROW is a name that has no value: it is not listed, shown or suggested. */
static inline bool conf_is_hidden(const struct conf_row *row)
{
	return row->type == CONF_TYPE_REFUSED || row->type == CONF_TYPE_RENAMED || row->type == CONF_TYPE_IGNORED;
}

/* The setting NAME, case-insensitive; NULL when there is none. */
struct setting *conf_find(const struct conf *c, const char *name);
/* The setting that S sets: S, or the one that it was renamed to. */
struct setting *conf_target(const struct conf *c, struct setting *s);
/* Sets WHY: NAME in SOURCE is unknown, with the nearest known name. */
int conf_unknown(const struct conf *c, struct conf_source source, const char *name, struct why *why);
/* Writes the environment variable of option NAME to TO, truncated to CAP. Returns TO. */
const char *conf_variable(const char *name, bool prefixed, char *to, size_t cap);
/* Prefixes WHY's sentence with SOURCE and NAME. */
int conf_prefix_source(const struct conf *c, struct conf_source source, const char *name, struct why *why);

/* Sets S to a copy of TEXT; a list is replaced, or extended when SOURCE has set it already. */
int conf_set(struct conf *c, struct setting *s, struct conf_source source, const char *text, struct why *why) MUST_USE;
/* Adds ITEM to a list without splitting it; as conf_set() otherwise. */
int conf_add(struct conf *c, struct setting *s, struct conf_source source, const char *item, struct why *why) MUST_USE;

/* Reads the flags in ARGV. With ONLY it sets that option and ignores all others. */
int conf_flags_read(struct conf *c, int argc, char *const *argv, const struct setting *only, struct why *why) MUST_USE;
/* Reads c->file: Java properties by its name's ending, else YAML. */
int conf_file_read(struct conf *c, struct why *why) MUST_USE;
/* Read options from TEXT, the content of c->file: YAML or JSON, Java's properties. */
int conf_yaml_read(struct conf *c, struct slice text, struct why *why) MUST_USE;
int conf_properties_read(struct conf *c, struct slice text, struct why *why) MUST_USE;

/* Parses TEXT, which must live as long as the conf, into the field of S. On an error WHY has no source yet. */
int conf_value_store(struct setting *s, const char *text, struct why *why) MUST_USE;
/* Adds ITEM to a list; "" is ignored. */
int conf_value_add(struct setting *s, const char *item, struct why *why) MUST_USE;

/* Copies TEXT; freed with the conf. NULL without memory. */
char *conf_strdup(struct conf *c, const char *text);
/* Frees TEXT at once, if it is such a copy. */
void conf_strfree(struct conf *c, const char *text);

#endif
