/* SPDX-License-Identifier: Apache-2.0 */
/* spool_verbs.h — the verbs of `spanspool spool`: their settings, their table, and the functions they share. */
#ifndef SPOOL_VERBS_H
#define SPOOL_VERBS_H

#include <jansson.h>

#include "base/buf.h"
#include "cmd/options.h"
#include "spool/inspect.h"

enum spool_format { SPOOL_FORMAT_JSON, SPOOL_FORMAT_TBINARY };

struct spool_settings {
	const char *directory;
	bool json;
	const char *since, *until;
	uint64_t limit;
	bool delivered;
	enum spool_format format;
	const char *to;
	bool apply;
	bool all;
	bool unverified;

	/* SINCE and UNTIL in milliseconds since 1970; set by the finish callback. */
	uint64_t since_ms, until_ms;
};

/* The arguments of a verb. */
struct spool_call {
	const char *command; /* "spool export", for messages on stderr */
	const struct spool_settings *set;
	char **names; /* the words before the options: files in quarantine/ */
	int nnames;
};

struct spool_verb {
	const char *name;
	int (*run)(const struct spool_call *c); /* returns the exit status */
	const char *summary;                    /* one line */
	const struct options_spec *options;
	const char *names;              /* the words it takes before the options, as the usage has them; NULL: none */
	const struct spool_verb *verbs; /* not NULL: it has verbs of its own, and no RUN and OPTIONS */
};

extern const struct spool_verb spool_quarantine_verbs[];

int spool_stat(const struct spool_call *c);
int spool_ls(const struct spool_call *c);
int spool_export(const struct spool_call *c);
int spool_verify(const struct spool_call *c);
int spool_repair(const struct spool_call *c);
int spool_quarantine_ls(const struct spool_call *c);
int spool_quarantine_export(const struct spool_call *c);
int spool_quarantine_retry(const struct spool_call *c);

extern const struct options_spec spool_stat_options;
extern const struct options_spec spool_ls_options;
extern const struct options_spec spool_export_options;
extern const struct options_spec spool_verify_options;
extern const struct options_spec spool_repair_options;
extern const struct options_spec spool_quarantine_ls_options;
extern const struct options_spec spool_quarantine_export_options;
extern const struct options_spec spool_quarantine_retry_options;

/* Prints WHY on stderr; returns the exit status. */
int spool_fail(const struct spool_call *c, const struct why *why);

/* Opens the spool of C at rest, or live when an agent has locked it. 0 or the exit status. */
int spool_open_any(const struct spool_call *c, struct spool_inspect **l) MUST_USE;
/* Opens the spool of C as HOW says. 0 or the exit status. */
int spool_open_as(const struct spool_call *c, enum spool_inspect_how how, struct spool_inspect **l) MUST_USE;

/* Prints V as JSON or as text, and releases it. V is NULL when memory ran out. Returns the exit status. */
int spool_print(const struct spool_call *c, json_t *v);
/* MS, milliseconds since 1970, as a string of RFC 3339; JSON null for 0. */
json_t *spool_moment(uint64_t ms);

enum { SPOOL_FINDING = 128 };
/* True when a slot of the state file is damaged. WHAT is set to the message in any case. */
bool spool_state_is_broken(const struct spool_summary *seen, char what[SPOOL_FINDING]);

/* True when NAME is among the names of C. */
bool spool_is_named(const struct spool_call *c, const char *name);
/* 0 when every name of C is in LIST, else E_MISSING. */
int spool_names_are_there(
        const struct spool_call *c, const struct spool_quarantined *list, size_t n, struct why *why) MUST_USE;

/* The destination of exported batches: a line each on stdout, or a file each in a directory. */
struct spool_outlet {
	const struct spool_call *c;
	char host[256]; /* of the batch id, printable characters only */
	int dir;        /* -1: JSON on stdout */
	struct buf line;
	uint64_t records, spans;
	struct why why;
};

/* 0, or an error with its message in o->why. */
int spool_outlet_open(struct spool_outlet *o, const struct spool_call *c, const char *host) MUST_USE;
int spool_outlet_put(struct spool_outlet *o, const struct batch *b) MUST_USE;
/* Closes O and prints the number of batches and spans on stderr. */
int spool_outlet_close(struct spool_outlet *o) MUST_USE;

#endif
