/* SPDX-License-Identifier: Apache-2.0 */
/* conf_internal.h — what the files of the option engine share. */
#ifndef CONF_IMPL_H
#define CONF_IMPL_H

#include "config/conf.h"

/* Who gave a value. */
struct conf_source {
	enum conf_origin origin;
	unsigned line; /* of the file */
	bool prefixed; /* of the environment: the variable's name begins with SPANSPOOL_ */
};

/* One option of this command, and what it stands at. */
struct setting {
	const struct conf_row *row;
	void *field; /* in the module's struct */
	struct conf_source source;
	const char *text;   /* as it was given; of a list, nothing */
	const char **items; /* of a list, ends with NULL */
	size_t nitems;
};

struct kept;

struct conf {
	const struct conf_group *groups;
	struct setting *settings; /* the first is config-file itself */
	size_t n;
	const char *file;  /* "" without one */
	bool part;         /* passes over keys of the file that it does not know */
	bool tool;         /* reads only variables that begin with SPANSPOOL_ */
	struct kept *kept; /* the texts that values point to */
};

enum { CONF_NAME_MAX = 128, VARIABLE_MAX = CONF_NAME_MAX + sizeof("SPANSPOOL_") };

extern const struct conf_row conf_file_row;

/* S is a name that is refused: it has no value to be shown. */
static inline bool conf_is_refused(const struct setting *s)
{
	return s->row->type == CONF_TYPE_REFUSED;
}

/* The setting called NAME, in any case of letters; NULL without one. */
struct setting *conf_find(const struct conf *c, const char *name);
/* Says in WHY that SOURCE has no option NAME, and which one is nearest. */
int conf_unknown(const struct conf *c, struct conf_source source, const char *name, struct why *why);
/* The name of the variable of option NAME, cut to CAP bytes. Returns TO. */
const char *conf_variable(const char *name, bool prefixed, char *to, size_t cap);
/* Puts SOURCE before WHY's sentence. */
int conf_point(const struct conf *c, struct conf_source source, const char *name, struct why *why);

/* Gives S the value TEXT, copied; to a list it is added when SOURCE has already given it something. */
int conf_set(struct conf *c, struct setting *s, struct conf_source source, const char *text, struct why *why) MUST_USE;
/* The same with one item of a list, which is not split. */
int conf_add(struct conf *c, struct setting *s, struct conf_source source, const char *item, struct why *why) MUST_USE;

/* Reads the flags among ARGC words at ARGV. With ONLY it sets that one and passes over all others. */
int conf_flags_read(struct conf *c, int argc, char *const *argv, const struct setting *only, struct why *why) MUST_USE;
/* Reads c->file. */
int conf_file_read(struct conf *c, struct why *why) MUST_USE;

/* Writes TEXT, which must live as long as the conf, into the field of S. The sentence has no source yet. */
int conf_value_store(struct setting *s, const char *text, struct why *why) MUST_USE;
/* Adds ITEM to a list; "" is passed over. */
int conf_value_add(struct setting *s, const char *item, struct why *why) MUST_USE;

/* Copies TEXT for as long as the conf lives; NULL without memory. */
char *conf_keep(struct conf *c, const char *text);

#endif
