/* SPDX-License-Identifier: Apache-2.0 */
/* reload.h — reads a daemon's options again while it runs, and applies those that can change then. */
#ifndef RELOAD_H
#define RELOAD_H

#include "cmd/options.h"
#include "loop/loop.h"

/* An option that a reload changes. A list cannot be one. */
struct reload_row {
	const char *name;
	/* Applies the new value, which is in the settings. May be called several times. On an error the old value stays
	 * in use. */
	int (*apply)(void *arg, struct why *why);
};

struct reload_opts {
	const struct options_spec *spec;
	struct options *options; /* and its SETTINGS, as options_open has filled them */
	void *settings;
	int argc; /* as given to options_open; borrowed */
	char **argv;
	const struct reload_row *rows; /* end with a name of NULL */
	/* May be NULL. Derives settings from those that a row may change; it may be called again and again. */
	int (*derive)(struct conf *c, void *settings, struct why *why);
	void *arg;                    /* of apply */
	void (*done)(void *done_arg); /* the reload is over */
	void *done_arg;
};

struct reload {
	struct reload_opts opts;
	struct loop *loop;
	struct detached *reading; /* NULL: none is under way */
	bool again;               /* one was asked for meanwhile */
};

/* Reads file and environment again in a thread of its own, since the file system may not answer. Options that are valid
 * together are applied, and one line of the log names what changed and what needs a restart. Otherwise everything stays
 * as it is, and the line names option, file and line. Then DONE is called, on the loop. While one reading is under way
 * further calls cause one more. */
void reload_start(struct reload *r);
void reload_close(struct reload *r);

#endif
