/* SPDX-License-Identifier: Apache-2.0 */
/* test_conf_print.c — the options as people see them. */
#include "conf_fixture.h"

/* What PRINT writes, as text; the caller frees it. */
static char *printed(
        const struct conf *c, const struct conf_group *groups, void (*print)(const struct conf_group *groups, FILE *to))
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (f == NULL)
		abort();
	if (c != NULL)
		conf_show(c, f);
	else
		print(groups, f);
	fclose(f);
	return text;
}

/* The line of TEXT that begins with NAME and a blank, words parted by one blank. */
static const char *line_of(const char *text, const char *name)
{
	static char line[512];
	size_t n = 0, len = strlen(name);

	while (text != NULL && (strncmp(text, name, len) != 0 || text[len] != ' '))
		text = strchr(text, '\n') == NULL ? NULL : strchr(text, '\n') + 1;
	/* A row that is too wide goes on in the next line. */
	for (; text != NULL && *text != '\0' && (*text != '\n' || text[1] == ' ') && n + 1 < sizeof(line); text++) {
		if (*text > ' ')
			line[n++] = *text;
		else if (n > 0 && line[n - 1] != ' ')
			line[n++] = ' ';
	}
	line[n] = '\0';
	return line;
}

static void the_table_says_value_and_who_set_it(void)
{
	static const char yaml[] = "\nspool.sync: off\nkafka.property:\n  linger.ms: 5\n  sasl.password: sesame\n";
	char path[64], flags[256], want[128];
	struct set set;
	struct why why;
	struct conf *c;
	char *text;

	make_file(path, yaml, strlen(yaml));
	setenv("SPOOL_EXPOSURE", "250ms", 1);
	snprintf(flags, sizeof(flags), "--config-file=%s --collector.password=sesame --words=a,b", path);
	c = read_set(&set, flags, &why);
	ok(c != NULL, "read %s", why.text);
	text = printed(c, NULL, NULL);
	is_text(line_of(text, "option"), "option value set by", "a heading");
	is_text(line_of(text, "spool.max-bytes"), "spool.max-bytes 8GiB default", "a default");
	snprintf(want, sizeof(want), "spool.sync off %s:2", path);
	is_text(line_of(text, "spool.sync"), want, "a file and its line");
	is_text(line_of(text, "spool.exposure"), "spool.exposure 250ms environment SPOOL_EXPOSURE", "a variable");
	is_text(line_of(text, "words"), "words a, b flag", "a flag, and a list");
	is_text(line_of(text, "spool.directory"), "spool.directory default", "an empty value");
	is_text(line_of(text, "collector.password"), "collector.password ******** flag", "a secret is masked");
	ok(strstr(text, "linger.ms=5, sasl.password=********") != NULL, "secrets among properties are masked");
	ok(strstr(text, "sesame") == NULL, "and stand nowhere");
	ok(strstr(text, "config-file ") != NULL, "the file itself is an option");
	free(text);
	conf_free(c);
	unsetenv("SPOOL_EXPOSURE");
	remove_file(path);
}

static void secrets_are_known_by_their_names(void)
{
	static const struct {
		const char *flag, *want; /* masked or not */
	} cases[] = {
		{ "--collector.header=Authorization:x", "Authorization:********" },
		{ "--collector.header=X-Api-Key:x", "X-Api-Key:********" },
		{ "--collector.header=X-Scope-OrgID:1", "X-Scope-OrgID:********" },
		{ "--collector.header=justasecret", "********" },
		{ "--kafka.property=SASL.Password=x=y", "SASL.Password=********" },
		{ "--kafka.property=ssl.key.pem=x", "ssl.key.pem=********" },
		{ "--kafka.property=sasl.oauthbearer.config=x", "sasl.oauthbearer.config=********" },
		{ "--kafka.property=sasl.jaas.config=x", "sasl.jaas.config=********" },
		{ "--kafka.property=acks=all", "acks=all" },
		{ "--kafka.property=linger.ms=5", "linger.ms=5" },
		{ "--kafka.property=sasl.username=x", "sasl.username=********" },
		{ "--kafka.property=ssl.ca.location=/x", "ssl.ca.location=/x" },
		{ "--kafka.property=not.known=x", "not.known=********" },
		{ "--collector.url=http://u:sesame@h:1/x", "http://********@h:1/x" },
		{ "--collector.url=http://u:se@same@h:1/x", "http://********@h:1/x" },
		{ "--collector.url=http://u:se/same@h:1/x", "http://********@h:1/x" },
		{ "--collector.url=http://u@h:1/x", "http://********@h:1/x" },
		{ "--collector.url=http://h:1/x?key=sesame", "http://h:1/x?********" },
		{ "--collector.url=http://h:1/api/traces?format=jaeger.thrift",
		        "http://h:1/api/traces?format=jaeger.thrift" },
		{ "--spool.directory=http://u:p@h", "http://********@h" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct set set;
		struct why why;
		struct conf *c = read_set(&set, cases[i].flag, &why);
		char want[128], *text = printed(c, NULL, NULL);

		snprintf(want, sizeof(want), " %s", cases[i].want);
		ok(strstr(text, want) != NULL, "%s is shown as%s", cases[i].flag, want);
		free(text);
		conf_free(c);
	}
}

static void a_value_cannot_forge_a_line(void)
{
	struct set set;
	struct why why;
	struct conf *c;
	char *text;

	setenv("SPOOL_DIRECTORY", "/a\nspool.sync off flag\x1b[2J", 1);
	c = read_set(&set, "", &why);
	text = printed(c, NULL, NULL);
	ok(strstr(text, "/a?spool.sync off flag?[2J") != NULL, "control characters are shown as ?");
	free(text);
	conf_free(c);
	unsetenv("SPOOL_DIRECTORY");
}

struct seen {
	int n, flags;
	bool leaked;
};

static void see(void *arg, const char *name, const char *value, enum conf_origin origin)
{
	struct seen *seen = arg;

	seen->n++;
	seen->flags += origin == CONF_FLAG;
	seen->leaked = seen->leaked || strstr(value, "sesame") != NULL || name == NULL;
}

static void pages_see_every_option_once(void)
{
	struct set set;
	struct why why;
	struct conf *c = read_set(&set, "--collector.password=sesame --kafka.property=sasl.password=sesame", &why);
	struct seen seen = { 0 };

	conf_each(c, see, &seen);
	is_int(seen.n, ARRAY_LEN(set_rows) - 1, "every row but the refused one, and config-file in place of the end");
	is_int(seen.flags, 2, "with its origin");
	ok(!seen.leaked, "and no secret");
	conf_free(c);
}

static void the_help_lists_every_option(void)
{
	struct set set;
	const struct conf_group groups[] = { { "Everything", set_rows, &set }, { NULL, NULL, NULL } };
	char *text = printed(NULL, groups, conf_help);

	for (const struct conf_row *r = set_rows; r->name != NULL; r++) {
		char want[64];

		snprintf(want, sizeof(want), "  --%s", r->name);
		if (r->type == CONF_TYPE_REFUSED)
			ok(strstr(text, want) == NULL, "but not the refused --%s", r->name);
		else
			ok(strstr(text, want) != NULL && strstr(text, r->help) != NULL, "--%s", r->name);
	}
	ok(strstr(text, "--config-file=FILE") != NULL, "--config-file");
	ok(strstr(text, "--spool.sync=commit|off\n        when it is durable [commit]") != NULL,
	        "choices, help and default");
	ok(strstr(text, "--kafka.property=K=V …") != NULL && strstr(text, "--agent.tags=K=V,…") != NULL,
	        "the forms of lists");
	ok(strstr(text, "--compact.host-port=ADDRESS|none") != NULL, "what may be switched off");
	free(text);
}

/* Takes away the '#' before names, not before sentences. */
static void uncomment(char *text)
{
	char *to = text;

	for (char *p = text; *p != '\0'; p++) {
		bool starts = p == text || p[-1] == '\n';

		if (!(starts && *p == '#' && p[1] != ' '))
			*to++ = *p;
	}
	*to = '\0';
}

static void the_sample_is_a_file_that_sets_every_default(void)
{
	struct set set, again;
	const struct conf_group groups[] = { { "Everything", set_rows, &set }, { NULL, NULL, NULL } };
	char path[64], flags[96], *text = printed(NULL, groups, conf_sample);
	struct why why;
	struct conf *c, *d;

	make_file(path, text, strlen(text));
	snprintf(flags, sizeof(flags), "--config-file=%s", path);
	c = read_set(&set, flags, &why);
	ok(c != NULL && conf_origin(c, "spool.sync") == CONF_DEFAULT, "as it is, it sets nothing %s", why.text);
	remove_file(path);

	uncomment(text);
	make_file(path, text, strlen(text));
	snprintf(flags, sizeof(flags), "--config-file=%s", path);
	d = read_set(&again, flags, &why);
	ok(d != NULL, "without the '#' it is read %s", why.text);
	for (const struct conf_row *r = set_rows; d != NULL && r->name != NULL; r++)
		is_int(conf_origin(d, r->name), r->type == CONF_TYPE_REFUSED ? CONF_DEFAULT : CONF_FILE, r->name);
	ok(d != NULL && again.max_bytes == set.max_bytes && again.exposure == set.exposure && again.urls.n == 1 &&
	                again.words.n == 0 && strcmp(again.port, set.port) == 0,
	        "to the same values");
	remove_file(path);
	free(text);
	conf_free(c);
	conf_free(d);
}

int main(void)
{
	the_table_says_value_and_who_set_it();
	secrets_are_known_by_their_names();
	a_value_cannot_forge_a_line();
	pages_see_every_option_once();
	the_help_lists_every_option();
	the_sample_is_a_file_that_sets_every_default();
	return tap_done();
}
