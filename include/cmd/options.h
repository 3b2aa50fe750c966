/* SPDX-License-Identifier: Apache-2.0 */
/* options.h — the options of a command: a table that describes them and one call that fills its settings.
 *
 *	struct emit_settings { struct emit_opts emit; … };
 *
 *	static const struct options_group groups[] = {
 *		{ "What is sent", emit_rows, offsetof(struct emit_settings, emit) },
 *		{ NULL, NULL, 0 },
 *	};
 *	const struct options_spec emit_options = {
 *		.command = "emit", .summary = "numbered test spans at a set rate", .manual = "spanspool-emit(1)",
 *		.groups = groups, .size = sizeof(struct emit_settings),
 *	};
 *
 *	int cmd_emit(int argc, char **argv)
 *	{
 *		struct emit_settings set;
 *		struct options o;
 *		int rc = options_open(&o, &emit_options, &set, argc, argv);
 *
 *		if (rc != OPTIONS_GO)
 *			return rc;
 *		…
 *		options_close(&o);
 *		return EXIT_FINE;
 *	}
 *
 * The spec is declared in cmd.h and named in the command's row of commands.c: `spanspool help`,
 * `config` and the documentation checks find it there. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "cmd/cmd.h"
#include "config/conf.h"
#include "base/log.h"

/* The exit statuses of every command. */
enum { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_WANTING = 3 };

enum { OPTIONS_GROUPS = 16, OPTIONS_GO = -1 };

/* Rows whose fields are in one member of the command's settings. */
struct options_group {
	const char *title;           /* heading in --help */
	const struct conf_row *rows; /* end with CONF_END */
	size_t at;                   /* offset of the member */
};

struct options_spec {
	const char *command;
	const char *summary;                /* one line */
	const char *synopsis;               /* what may follow the command; NULL is "[options]" */
	const char *manual;                 /* "spanspool-agent(8)" */
	const struct options_group *groups; /* end with a title of NULL; at most OPTIONS_GROUPS - 2 */
	size_t size;                        /* of the settings */
	bool daemon;                        /* environment variables have no prefix, as in Jaeger */
	bool tool; /* reads the file of another command and ignores options that it does not know */
	/* May be NULL. Sets defaults that depend on the host (conf_default), and checks one value against another
	 * (why_set, then conf_add_source). 0 or E_USAGE. */
	int (*finish)(struct conf *c, void *settings, struct why *why);
	/* May be NULL. Refuses what a start would refuse, without opening sockets, the spool or a connection.
	 * options_open and `config check` call it; `config show` does not. conf_add_source names the option.
	 * options_check turns every error but E_NOMEM into E_USAGE. */
	int (*check)(const struct conf *c, const void *settings, struct why *why);
};

struct options {
	struct conf *conf; /* for the /config page */
	struct conf_group groups[OPTIONS_GROUPS];
	enum log_level log_level;
	enum log_form log_form;
};

/* Zeroes SETTINGS, fills it from the defaults, the file, the environment and ARGV (argv[0] is the
 * command's word) and sets up the log. OPTIONS_GO, or the status to exit with at once: --help was
 * printed, or an option is wrong and the error was written to stderr. Texts in SETTINGS live until options_close. */
int options_open(struct options *o, const struct options_spec *spec, void *settings, int argc, char **argv) MUST_USE;
void options_close(struct options *o);

/* The spec's check of SETTINGS as options_read has filled them. 0, E_USAGE or E_NOMEM. */
int options_check(
        const struct options *o, const struct options_spec *spec, const void *settings, struct why *why) MUST_USE;

/* As options_open without the check, without printing and without touching the log; --help is an unknown option here. */
int options_read(struct options *o, const struct options_spec *spec, void *settings, int argc, char **argv,
        struct why *why) MUST_USE;

void options_help(const struct options_spec *spec, FILE *to);
void options_sample(const struct options_spec *spec, FILE *to);
/* conf_complete() with the options of SPEC and those that every command has. */
void options_complete(const struct options_spec *spec, const char *before, const char *word, FILE *to);

/* Sets the default of spool.directory for this host and user. To be called by a finish callback. */
int options_spool_directory(struct conf *c, struct why *why) MUST_USE;

/* "spanspool COMMAND: sentence" on stderr; returns EXIT_USAGE for E_USAGE, else EXIT_FAILED. */
int options_fail(const char *command, const struct why *why);

#endif
