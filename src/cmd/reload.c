/* SPDX-License-Identifier: Apache-2.0 */
/* reload.c — a second reading of the options, compared with the one in use.
 *
 *   IDLE ──reload_start──► READING (a thread) ──read──► compared and applied ──► IDLE, or READING if asked again
 *
 * The reading in use stays: parts borrow its texts. The values of options that a reload may change are exchanged with
 * the new reading's, the whole is checked, and if it does not pass they are exchanged back. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "reload.h"

struct reading {
	struct reload *reload;
	struct options options;
	int rc;
	struct why why;
	max_align_t settings[]; /* of spec->size bytes */
};

static void free_reading(void *arg)
{
	struct reading *n = arg;

	options_close(&n->options);
	free(n);
}

static void run_reading(void *arg)
{
	struct reading *n = arg;
	const struct reload_opts *o = &n->reload->opts;

	n->rc = options_read(&n->options, o->spec, n->settings, o->argc, o->argv, &n->why);
	if (n->rc == 0)
		n->rc = options_check(&n->options, o->spec, n->settings, &n->why);
}

static const struct reload_row *find_row(const struct reload *r, const char *name)
{
	for (const struct reload_row *row = r->opts.rows; row->name != NULL; row++)
		if (strcmp(row->name, name) == 0)
			return row;
	return NULL;
}

/* The names of the options that differ, each followed by a NUL in its list. */
struct changes {
	const struct reload *reload;
	struct buf live, others;
};

static void add_change(void *arg, const char *name)
{
	struct changes *c = arg;

	buf_add(find_row(c->reload, name) != NULL ? &c->live : &c->others, name, strlen(name) + 1);
}

#define each_name(name, list)                                                                                          \
	for (const char *name = (const char *)(list)->at, *end_ = name + (list)->len; name < end_;                     \
	        name += strlen(name) + 1)

static int exchange(struct reload *r, struct reading *n, const struct buf *names, struct why *why)
{
	each_name(
	        name, names) if (conf_exchange(r->opts.options->conf, n->options.conf, name, why) < 0) return why->code;
	return 0;
}

/* Checks the reading in use, after an exchange. */
static int check(struct reload *r, struct why *why)
{
	const struct reload_opts *o = &r->opts;

	if (o->derive != NULL && o->derive(o->options->conf, o->settings, why) < 0)
		return why->code;
	conf_clear_warnings(o->options->conf); /* the new reading has the same ones */
	return options_check(o->options, o->spec, o->settings, why);
}

static void print_names(struct buf *to, const char *title, const struct buf *names)
{
	const char *separator = title;

	each_name(name, names)
	{
		buf_printf(to, "%s%s", separator, name);
		separator = ", ";
	}
}

static void log_failed(const struct reload *r, const struct why *why)
{
	log_error("%s: reload: the options stay as they are: %s", r->opts.spec->command, why->text);
}

static void apply_rows(struct reload *r, const struct changes *c)
{
	struct buf text = { 0 };
	struct why why;

	each_name(name, &c->live) if (find_row(r, name)->apply(r->opts.arg, &why) < 0)
	        log_error("%s: reload: %s cannot be changed now: %s", r->opts.spec->command, name, why.text);
	print_names(&text, "; changed: ", &c->live);
	print_names(&text, "; needs a restart: ", &c->others);
	log_info("%s: reload: the options were read again%s", r->opts.spec->command,
	        text.len == 0 ? ", none has changed" : buf_cstr(&text));
	buf_free(&text);
}

static void log_warning(const char *text)
{
	log_warn("options: %s", text);
}

static void change(struct reload *r, struct reading *n)
{
	struct changes c = { .reload = r };
	struct why why;

	conf_each_change(r->opts.options->conf, n->options.conf, add_change, &c);
	if (buf_check(&c.live) < 0 || buf_check(&c.others) < 0) {
		why_set(&why, E_NOMEM, "%s", err_text(E_NOMEM));
		log_failed(r, &why);
	} else if (exchange(r, n, &c.live, &why) < 0) {
		log_failed(r, &why);
	} else if (check(r, &why) < 0) {
		struct why ignored;

		log_failed(r, &why);
		if (exchange(r, n, &c.live, &ignored) < 0 || check(r, &ignored) < 0)
			log_error("%s: reload: %s", r->opts.spec->command, ignored.text);
	} else {
		conf_each_warning(n->options.conf, log_warning);
		apply_rows(r, &c);
	}
	buf_free(&c.live);
	buf_free(&c.others);
}

static void on_read(void *arg)
{
	struct reading *n = arg;
	struct reload *r = n->reload;

	r->reading = NULL;
	if (n->rc < 0)
		log_failed(r, &n->why);
	else
		change(r, n);
	free_reading(n);
	if (!r->again) {
		r->opts.done(r->opts.done_arg);
		return;
	}
	r->again = false;
	reload_start(r);
}

void reload_start(struct reload *r)
{
	struct reading *n;
	struct why why;

	if (r->reading != NULL) {
		r->again = true;
		return;
	}
	n = calloc(1, sizeof(*n) + r->opts.spec->size);
	if (n != NULL)
		n->reload = r;
	if (n != NULL && detached_start(&r->reading, r->loop, run_reading, on_read, free_reading, n) == 0)
		return;
	free(n);
	why_set(&why, E_NOMEM, "%s", err_text(E_NOMEM));
	log_failed(r, &why);
	r->opts.done(r->opts.done_arg);
}

void reload_close(struct reload *r)
{
	detached_abandon(r->reading);
	r->reading = NULL;
}
