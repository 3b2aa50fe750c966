/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_spool.c — finds the verb of `spanspool spool`, reads its options and runs it; and functions that the verbs
 * share. To add a verb: a row here, a file spool_NAME.c, its options, and its section in the manual. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd/completion.h"
#include "config/suggestion.h"
#include "spool_verbs.h"
#include "status_text.h"
#include "base/units.h"

static const struct spool_verb verbs[] = {
	{ "stat", spool_stat, "what waits, on what disk, and the ledger", &spool_stat_options, NULL, NULL },
	{ "ls", spool_ls, "the segments", &spool_ls_options, NULL, NULL },
	{ "export", spool_export, "the batches that wait, as JSON lines or TBinary files", &spool_export_options, NULL,
	        NULL },
	{ "verify", spool_verify, "reads everything; exit 3 on damage", &spool_verify_options, NULL, NULL },
	{ "repair", spool_repair, "mends what is damaged; says first what it would do", &spool_repair_options, NULL,
	        NULL },
	{ "quarantine", NULL, "ls, export, retry: what was set aside", NULL, NULL, spool_quarantine_verbs },
	{ NULL, NULL, NULL, NULL, NULL, NULL },
};

const struct spool_verb spool_quarantine_verbs[] = {
	{ "ls", spool_quarantine_ls, "what was set aside, and why", &spool_quarantine_ls_options, NULL, NULL },
	{ "export", spool_quarantine_export, "the records there, as JSON lines or TBinary files",
	        &spool_quarantine_export_options, "NAME...", NULL },
	{ "retry", spool_quarantine_retry, "puts records back into the spool", &spool_quarantine_retry_options,
	        "NAME...", NULL },
	{ NULL, NULL, NULL, NULL, NULL, NULL },
};

static void usage(const char *command, const struct spool_verb *table, FILE *to)
{
	fprintf(to, "usage: spanspool %s VERB [options]\n\n", command);
	for (const struct spool_verb *v = table; v->name != NULL; v++)
		fprintf(to, "  %-10s %s\n", v->name, v->summary);
	fprintf(to, "\nspanspool %s VERB --help lists its options. See spanspool-spool(8).\n", command);
}

static const struct spool_verb *find_verb(const char *command, const struct spool_verb *table, const char *word)
{
	struct suggestion nearest = { .wrong = word };

	for (const struct spool_verb *v = table; v->name != NULL; v++) {
		if (strcmp(v->name, word) == 0)
			return v;
		suggestion_consider(&nearest, v->name);
	}
	if (word[0] == '-') {
		fprintf(stderr, "spanspool %s: a verb is wanted before \"%s\" (see spanspool %s --help)\n", command,
		        word, command);
		return NULL;
	}
	fprintf(stderr, "spanspool %s: unknown verb \"%s\"", command, word);
	if (nearest.best != NULL)
		fprintf(stderr, "; is %s meant?\n", nearest.best);
	else
		fprintf(stderr, " (see spanspool %s --help)\n", command);
	return NULL;
}

/* Words before C are verbs of TABLE or lead to it. */
static void complete_verb(const struct spool_verb *table, int at, const struct completion *c)
{
	for (const struct spool_verb *v = table; v->name != NULL; v++) {
		if (at == c->n - 1)
			completion_offer(c, v->name, v->summary);
		else if (strcmp(v->name, c->words[at]) != 0)
			continue;
		else if (v->verbs != NULL)
			complete_verb(v->verbs, at + 1, c);
		else
			completion_options(c, v->options);
	}
}

void cmd_spool_complete(const struct completion *c)
{
	complete_verb(verbs, 1, c);
}

/* Runs V. ARGV[0] is the verb; the names that V takes follow it, then the options. */
static int run_verb(const struct spool_verb *v, int argc, char **argv)
{
	struct spool_settings set;
	struct spool_call c = { .command = v->options->command, .set = &set, .names = argv + 1 };
	struct options o;
	int rc;

	while (v->names != NULL && c.nnames + 1 < argc && argv[c.nnames + 1][0] != '-')
		c.nnames++;
	/* options_open expects the command's word in argv[0]; here that is the verb or the last name. */
	rc = options_open(&o, v->options, &set, argc - c.nnames, argv + c.nnames);
	if (rc != OPTIONS_GO)
		return rc;
	rc = v->run(&c);
	options_close(&o);
	return rc;
}

static int dispatch_verb(const char *command, const struct spool_verb *table, int argc, char **argv)
{
	const struct spool_verb *v;
	char prefix[64];

	if (argc < 2) {
		usage(command, table, stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		usage(command, table, stdout);
		return EXIT_FINE;
	}
	v = find_verb(command, table, argv[1]);
	if (v == NULL)
		return EXIT_USAGE;
	if (v->verbs == NULL)
		return run_verb(v, argc - 1, argv + 1);
	snprintf(prefix, sizeof(prefix), "%s %s", command, v->name);
	return dispatch_verb(prefix, v->verbs, argc - 1, argv + 1);
}

int cmd_spool(int argc, char **argv)
{
	return dispatch_verb("spool", verbs, argc, argv);
}

int spool_fail(const struct spool_call *c, const struct why *why)
{
	if (why->code != E_LOCKED)
		return options_fail(c->command, why);
	fprintf(stderr, "spanspool %s: %s; stop it first (stat, ls and export look at it live)\n", c->command,
	        why->text);
	return EXIT_FAILED;
}

/* Ends an open of *L that returned RC: applies --unverified. 0, or the exit status after an error. */
static int finish_open(const struct spool_call *c, int rc, struct spool_inspect *l, const struct why *why)
{
	if (rc < 0)
		return spool_fail(c, why);
	if (c->set->unverified)
		spool_inspect_unverified(l);
	return 0;
}

int spool_open_as(const struct spool_call *c, enum spool_inspect_how how, struct spool_inspect **l)
{
	struct why why;
	int rc = spool_inspect_open(l, c->set->directory, how, &why);

	return finish_open(c, rc, *l, &why);
}

int spool_open_any(const struct spool_call *c, struct spool_inspect **l)
{
	struct why why;
	int rc = spool_inspect_open(l, c->set->directory, SPOOL_INSPECT_REST, &why);

	if (rc == E_LOCKED)
		return spool_open_as(c, SPOOL_INSPECT_LIVE, l);
	return finish_open(c, rc, *l, &why);
}

int spool_print(const struct spool_call *c, json_t *v)
{
	struct why why;

	if (v == NULL) {
		why_set(&why, E_NOMEM, "%s", err_text(E_NOMEM));
		return spool_fail(c, &why);
	}
	if (c->set->json) {
		json_dumpf(v, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
		putchar('\n');
	} else {
		status_text_print(v, stdout);
	}
	json_decref(v);
	return EXIT_FINE;
}

json_t *spool_moment(uint64_t ms)
{
	char text[40];

	return ms == 0 ? json_null() : json_string(units_print_time(ms, text, sizeof(text)));
}

bool spool_state_is_broken(const struct spool_summary *seen, char what[SPOOL_FINDING])
{
	size_t broken = 0, all = ARRAY_LEN(seen->slots);

	for (size_t i = 0; i < all; i++)
		broken += seen->slots[i] == E_CORRUPT;
	snprintf(what, SPOOL_FINDING, "%zu of the %zu slots of the state file are not whole%s", broken, all,
	        broken == all ? "; the segments say what is known" : "");
	return broken > 0;
}
