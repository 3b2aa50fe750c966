/* SPDX-License-Identifier: Apache-2.0 */
/* spool_verbs.h — the verbs of `spanspool spool`: what they are given, and the table of them. */
#ifndef SPOOL_VERBS_H
#define SPOOL_VERBS_H

#include <jansson.h>

#include "base/buf.h"
#include "options.h"
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

	/* What SINCE and UNTIL come to, milliseconds since 1970; filled by the finish. */
	uint64_t since_ms, until_ms;
};

/* What a verb is called with. */
struct spool_call {
	const char *command; /* "spool export", for what goes to stderr */
	const struct spool_settings *set;
	char **names; /* the words before the options */
	int nnames;
};

struct spool_verb {
	const char *name;
	int (*run)(const struct spool_call *c); /* gives the exit status */
	const char *summary;                    /* one line */
	const struct options_spec *options;
	const char *names;              /* what words it takes, for the usage; NULL: none */
	const struct spool_verb *verbs; /* instead of all that: it has verbs of its own */
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

/* Says WHY on stderr; gives the exit status. */
int spool_fail(const struct spool_call *c, const struct why *why);

/* Opens what C names, at rest if that can be had, else live. 0 or the exit status. */
int spool_open_any(const struct spool_call *c, struct spool_inspect **l) MUST_USE;
/* The same with HOW alone. */
int spool_open_as(const struct spool_call *c, enum spool_inspect_how how, struct spool_inspect **l) MUST_USE;

/* Prints V and takes it: as JSON, or else as lines for people. NULL: memory ran out. Gives the status. */
int spool_print(const struct spool_call *c, json_t *v);
/* RFC 3339, or null for 0. */
json_t *spool_moment(uint64_t ms);

enum { SPOOL_FINDING = 128 };
/* True when a slot of the state file is not whole, or when SEG is misnamed; WHAT says so. */
bool spool_state_is_broken(const struct spool_summary *seen, char what[SPOOL_FINDING]);
bool spool_is_misnamed(const struct spool_segment *seg, char what[SPOOL_FINDING]);

/* NAME was given. */
bool spool_is_named(const struct spool_call *c, const char *name);
/* Every name that was given is one of the list's, else E_MISSING. */
int spool_names_are_there(
        const struct spool_call *c, const struct spool_quarantined *list, size_t n, struct why *why) MUST_USE;

/* Where export puts batches: a line each on stdout, or a file each in a directory. */
struct spool_outlet {
	const struct spool_call *c;
	char host[256]; /* for the id */
	int dir;        /* -1: JSON on stdout */
	struct buf line;
	uint64_t records, spans;
	struct why why;
};

/* 0, or a sentence in o->why. */
int spool_outlet_open(struct spool_outlet *o, const struct spool_call *c, const char *host) MUST_USE;
int spool_outlet_put(struct spool_outlet *o, const struct batch *b) MUST_USE;
/* Says on stderr what was put. */
int spool_outlet_close(struct spool_outlet *o) MUST_USE;

#endif
