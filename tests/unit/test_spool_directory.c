/* SPDX-License-Identifier: Apache-2.0 */
/* test_spool_directory.c — where the spool is when nobody has said: never in a place that depends on the working
 * directory. */
#include <config.h>

#include <sys/prctl.h>
#include <unistd.h>

#include "cmd/options.h"
#include "tap.h"

struct settings {
	const char *directory;
};

static const struct conf_row rows[] = {
	CONF_TEXT(struct settings, directory, "spool.directory", "", "where the spool is"),
	CONF_END,
};
static const struct options_group groups[] = { { "Spool", rows, 0 }, { NULL, NULL, 0 } };

static int finish(struct conf *c, void *settings, struct why *why)
{
	(void)settings;
	return options_spool_directory(c, why);
}

static const struct options_spec spec = {
	.command = "test",
	.summary = "of a test",
	.groups = groups,
	.size = sizeof(struct settings),
	.finish = finish,
};

static void set(const char *name, const char *value)
{
	if ((value == NULL ? unsetenv(name) : setenv(name, value, 1)) < 0)
		exit(99);
}

static const struct {
	const char *state_directory, *xdg, *home, *flag;
	const char *root, *user; /* the directory; NULL: refused */
} cases[] = {
	{ NULL, NULL, "/home/u", NULL, "/var/lib/spanspool", "/home/u/.local/state/spanspool" },
	{ NULL, "/state", "/home/u", NULL, "/var/lib/spanspool", "/state/spanspool" },
	{ "/var/lib/a", "/state", "/home/u", NULL, "/var/lib/a", "/var/lib/a" },
	{ "/var/lib/a:/var/lib/b", NULL, NULL, NULL, "/var/lib/a", "/var/lib/a" },
	{ "/var/lib/a\n", NULL, NULL, NULL, "/var/lib/a", "/var/lib/a" },
	{ NULL, NULL, NULL, NULL, "/var/lib/spanspool", NULL },
	{ "", "", "", NULL, "/var/lib/spanspool", NULL },
	{ NULL, "state", "home", NULL, "/var/lib/spanspool", NULL },
	{ "a:b", ".", "..", NULL, "/var/lib/spanspool", NULL },
	{ NULL, "state", "/home/u", NULL, "/var/lib/spanspool", "/home/u/.local/state/spanspool" },
	{ NULL, NULL, NULL, "--spool.directory=here", "here", "here" },
};

static void read_case(size_t i, const char *who, const char *want)
{
	struct settings settings;
	char flag[64], word[] = "test";
	char *argv[] = { word, flag, NULL };
	struct options o;
	struct why why;
	int rc;

	set("STATE_DIRECTORY", cases[i].state_directory);
	set("XDG_STATE_HOME", cases[i].xdg);
	set("HOME", cases[i].home);
	snprintf(flag, sizeof(flag), "%s", cases[i].flag == NULL ? "" : cases[i].flag);
	rc = options_read(&o, &spec, &settings, cases[i].flag == NULL ? 1 : 2, argv, &why);
	if (want != NULL) {
		ok(rc == 0, "case %zu as %s has a directory%s%s", i, who, rc == 0 ? "" : ": ", rc == 0 ? "" : why.text);
		is_text(rc == 0 ? settings.directory : "", want, want);
	} else {
		ok(rc == E_USAGE && strstr(why.text, "--spool.directory") != NULL && strstr(why.text, "HOME") != NULL,
		        "case %zu as %s is refused: %s", i, who, rc == 0 ? "" : why.text);
	}
	if (rc == 0)
		options_close(&o);
}

int main(void)
{
	bool root = geteuid() == 0;

	unsetenv("CONFIG_FILE");
	unsetenv("SPOOL_DIRECTORY");
	for (size_t i = 0; root && i < ARRAY_LEN(cases); i++)
		read_case(i, "root", cases[i].root);
	if (root && seteuid(65534) < 0)
		exit(99);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		read_case(i, "a user", cases[i].user);
	/* The leak checker traces this process, which one that has changed its user does not allow. */
	if (root && (seteuid(0) < 0 || prctl(PR_SET_DUMPABLE, 1) < 0))
		exit(99);
	return tap_done();
}
