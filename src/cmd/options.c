/* SPDX-License-Identifier: Apache-2.0 */
/* options.c — fills a command's settings from its table of options, and prints its help. */
#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/options.h"

/* The options that every command has. */
static const struct conf_row log_rows[] = {
	{ "log-level", CONF_TYPE_CHOICE, CONF_ENUM(struct options, log_level), "info",
	        "debug=trace|info|warn=warning|error=fatal=panic=dpanic", "least level of what is logged", false },
	{ "log-encoding", CONF_TYPE_CHOICE, CONF_ENUM(struct options, log_form), "auto", "auto|console|json",
	        "form of the log; auto is console, started as jaeger-agent json", false },
	CONF_END,
};

/* Fills TO with the groups of SPEC, bound to SETTINGS, and the common options, bound to LOG. Both may be NULL when
 * only names and defaults are needed. */
static void collect_groups(const struct options_spec *spec, void *settings, void *log, struct conf_group *to)
{
	size_t n = 0;

	for (const struct options_group *g = spec->groups; g != NULL && g->title != NULL; g++) {
		assert(n < OPTIONS_GROUPS - 2);
		to[n++] = (struct conf_group){ g->title, g->rows, settings == NULL ? NULL : (char *)settings + g->at };
	}
	to[n++] = (struct conf_group){ "General", log_rows, log };
	to[n] = (struct conf_group){ NULL, NULL, NULL };
}

int options_read(
        struct options *o, const struct options_spec *spec, void *settings, int argc, char **argv, struct why *why)
{
	int rc;

	memset(o, 0, sizeof(*o));
	memset(settings, 0, spec->size);
	collect_groups(spec, settings, o, o->groups);
	if (spec->tool)
		rc = conf_read_part(&o->conf, o->groups, argc - 1, argv + 1, why);
	else if (!spec->daemon)
		rc = conf_read_tool(&o->conf, o->groups, argc - 1, argv + 1, why);
	else
		rc = conf_read(&o->conf, o->groups, argc - 1, argv + 1, why);
	if (rc < 0)
		return rc;
	if (spec->finish != NULL && spec->finish(o->conf, settings, why) < 0) {
		options_close(o);
		return why->code;
	}
	return 0;
}

int options_check(const struct options *o, const struct options_spec *spec, const void *settings, struct why *why)
{
	if (spec->check == NULL || spec->check(o->conf, settings, why) == 0)
		return 0;
	if (why->code != E_NOMEM)
		why->code = E_USAGE; /* a missing file, say, is a configuration error: exit 2 */
	return why->code;
}

static bool wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	}
	return false;
}

static void log_warning(const char *text)
{
	log_warn("options: %s", text);
}

int options_open(struct options *o, const struct options_spec *spec, void *settings, int argc, char **argv)
{
	struct why why;

	if (wants_help(argc, argv)) {
		options_help(spec, stdout);
		return EXIT_FINE;
	}
	if (options_read(o, spec, settings, argc, argv, &why) < 0)
		return options_fail(spec->command, &why);
	if (options_check(o, spec, settings, &why) < 0) {
		options_close(o);
		return options_fail(spec->command, &why);
	}
	log_setup(o->log_level, o->log_form);
	conf_each_warning(o->conf, log_warning);
	return OPTIONS_GO;
}

void options_close(struct options *o)
{
	conf_free(o->conf);
	o->conf = NULL;
}

void options_help(const struct options_spec *spec, FILE *to)
{
	struct conf_group groups[OPTIONS_GROUPS];

	collect_groups(spec, NULL, NULL, groups);
	fprintf(to, "usage: spanspool %s %s\n\n%s\n\n", spec->command,
	        spec->synopsis == NULL ? "[options]" : spec->synopsis, spec->summary);
	conf_help(groups, to);
	fprintf(to,
	        "\nEach option may also stand in the file, or in the environment: its name in "
	        "capitals, with\n"
	        "'.' and '-' as '_'%s. A flag wins over the environment, that over the file.",
	        spec->daemon ? "" : ", after SPANSPOOL_");
	if (spec->manual != NULL)
		fprintf(to, " See %s.", spec->manual);
	fputc('\n', to);
}

void options_sample(const struct options_spec *spec, FILE *to)
{
	struct conf_group groups[OPTIONS_GROUPS];

	collect_groups(spec, NULL, NULL, groups);
	fprintf(to,
	        "# spanspool %s: every option with its default. Take away the '#' before a name to "
	        "set it.\n"
	        "# Names may also be nested. The environment and flags win over this file.\n",
	        spec->command);
	conf_sample(groups, to);
}

void options_complete(const struct options_spec *spec, const char *before, const char *word, FILE *to)
{
	struct conf_group groups[OPTIONS_GROUPS];

	collect_groups(spec, NULL, NULL, groups);
	conf_complete(groups, before, word, to);
}

int options_fail(const char *command, const struct why *why)
{
	log_plain("spanspool %s: %s", command, why->text);
	return why->code == E_USAGE ? EXIT_USAGE : EXIT_FAILED;
}

/* Copies the directory in the environment variable NAME to TO, up to the first character of ENDS. TO is "" when the
 * variable is unset or the path is relative: a relative path would depend on the working directory. */
static void directory_from_env(const char *name, const char *ends, char to[PATH_MAX])
{
	const char *value = getenv(name);
	size_t len = value == NULL ? 0 : strcspn(value, ends);

	if (len > 0 && len < PATH_MAX && value[0] == '/')
		snprintf(to, PATH_MAX, "%.*s", (int)len, value);
	else
		to[0] = '\0';
}

/* systemd separates several directories in STATE_DIRECTORY by ':'; the spool uses the first. */
static int find_spool_directory(char to[2 * PATH_MAX], struct why *why)
{
	char state[PATH_MAX], home[PATH_MAX], given[PATH_MAX];

	directory_from_env("STATE_DIRECTORY", ":\r\n", given);
	directory_from_env("XDG_STATE_HOME", "\r\n", state);
	directory_from_env("HOME", "\r\n", home);
	if (given[0] != '\0')
		strcpy(to, given);
	else if (geteuid() == 0)
		strcpy(to, "/var/lib/spanspool");
	else if (state[0] != '\0')
		snprintf(to, 2 * PATH_MAX, "%s/spanspool", state);
	else if (home[0] != '\0')
		snprintf(to, 2 * PATH_MAX, "%s/.local/state/spanspool", home);
	else
		return why_set(why, E_USAGE,
		        "--spool.directory: there is no default, because neither STATE_DIRECTORY, "
		        "XDG_STATE_HOME nor HOME holds an absolute path; name the directory");
	return 0;
}

int options_spool_directory(struct conf *c, struct why *why)
{
	char to[2 * PATH_MAX];

	if (conf_origin(c, "spool.directory") != CONF_DEFAULT)
		return 0;
	if (find_spool_directory(to, why) < 0)
		return why->code;
	return conf_default(c, "spool.directory", to, why);
}
