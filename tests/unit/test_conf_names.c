/* SPDX-License-Identifier: Apache-2.0 */
/* test_conf_names.c — old names of options, options without an effect, and the formats of the file. */
#include "conf_fixture.h"

struct few {
	bool tls;
	const char *at;
	struct conf_list hosts;
	const char *route;
};

static const struct conf_row few_rows[] = {
	CONF_BOOL(struct few, tls, "reporter.tls.enabled", "false", "by TLS"),
	CONF_ADDRESS(struct few, at, "admin.http.host-port", ":14271", "health"),
	CONF_LIST_OF(struct few, hosts, "reporter.host-port", ",", "", false, "where to"),
	CONF_TEXT(struct few, route, "metrics-http-route", "/metrics", "a path"),
	CONF_RENAMED("reporter.tls", "reporter.tls.enabled"),
	CONF_RENAMED("admin-http-port", "admin.http.host-port"),
	CONF_RENAMED("collector.host-port", "reporter.host-port"),
	CONF_IGNORED("reporter.timeout", "has no effect: there is none"),
	CONF_END,
};

static char warnings[1024];

static void note_warning(const char *text)
{
	size_t n = strlen(warnings);

	snprintf(warnings + n, sizeof(warnings) - n, "%s\n", text);
}

/* Reads FLAGS; the warnings are in WARNINGS, one a line. NULL with a sentence when that fails. */
static struct conf *read_few(struct few *set, const char *flags, struct why *why)
{
	static struct conf_group groups[2];
	char *argv[ARGS_MAX], *text = strdup(flags);
	struct conf *c = NULL;

	*set = (struct few){ 0 };
	*why = (struct why){ 0 };
	warnings[0] = '\0';
	groups[0] = (struct conf_group){ "Few", few_rows, set };
	if (conf_read(&c, groups, cut_words(text, argv), argv, why) == 0)
		conf_each_warning(c, note_warning);
	free(text);
	return c;
}

/* The same with CONTENT in a file whose name ends in ENDING. */
static struct conf *read_few_in_file(struct few *set, const char *ending, const char *content, struct why *why)
{
	char path[64] = "/tmp/spanspool-conf-XXXXXX", flags[96];
	struct conf *c;
	FILE *f;

	if (mkdtemp(path) == NULL)
		abort();
	strcat(path, ending);
	f = fopen(path, "w");
	if (f == NULL || fputs(content, f) < 0 || fclose(f) != 0)
		abort();
	snprintf(flags, sizeof(flags), "--config-file=%s", path);
	c = read_few(set, flags, why);
	remove_file(path);
	return c;
}

static void an_old_name_sets_the_new_one_with_a_warning(void)
{
	struct few set;
	struct why why;
	struct conf *c = read_few(&set, "--reporter.tls --admin-http-port=14269 --collector.host-port a:1,b:2", &why);

	ok(c != NULL, "old names are taken %s", why.text);
	ok(set.tls, "a bare one of a bool");
	is_text(set.at, "14269", "one with a value");
	is_text(joined(&set.hosts), "a:1|b:2", "one of a list, in two words");
	is_int(conf_origin(c, "admin.http.host-port"), CONF_FLAG, "the new name has the source");
	is_text(warnings,
	        "--reporter.tls: is an old name of reporter.tls.enabled\n"
	        "--admin-http-port: is an old name of admin.http.host-port\n"
	        "--collector.host-port: is an old name of reporter.host-port\n",
	        "one warning each");
	conf_free(c);
	c = read_few(&set, "--admin-http-port=x", &why);
	ok(c == NULL, "a wrong value is refused");
	is_text(why.text, "--admin-http-port: \"x\" is not an address (try :6831, 127.0.0.1:6831 or [::1]:6831)",
	        "under the name that was written");
	c = read_few(&set, "--reporter.tl", &why);
	ok(c == NULL && strstr(why.text, "--reporter.tls.enabled is") == NULL &&
	                strstr(why.text, "reporter.tls is") == NULL,
	        "an old name is never suggested: %s", why.text);
}

static void old_names_are_not_shown(void)
{
	struct few set;
	struct why why;
	struct conf *c = read_few(&set, "", &why);
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	conf_show(c, f);
	conf_help(&(struct conf_group[]){ { "Few", few_rows, &set }, { NULL, NULL, NULL } }[0], f);
	conf_sample(&(struct conf_group[]){ { "Few", few_rows, &set }, { NULL, NULL, NULL } }[0], f);
	fclose(f);
	ok(strstr(text, "metrics-http-route") != NULL, "a name is listed");
	ok(strstr(text, "admin-http-port") == NULL && strstr(text, "reporter.timeout") == NULL, "an old one is not");
	is_text(warnings, "", "and nothing is warned of");
	free(text);
	conf_free(c);
}

static void an_option_without_effect_takes_any_value(void)
{
	struct few set;
	struct why why;
	struct conf *c = read_few(&set, "--reporter.timeout 250ms --metrics-http-route=/m", &why);

	ok(c != NULL, "it is taken %s", why.text);
	is_text(warnings, "--reporter.timeout: has no effect: there is none\n", "with a warning");
	is_text(set.route, "/m", "and the next option is read");
	conf_warn(c, "metrics-http-route", "is odd");
	warnings[0] = '\0';
	conf_each_warning(c, note_warning);
	ok(strstr(warnings, "\n--metrics-http-route: is odd\n") != NULL, "a check may add a warning: %s", warnings);
	conf_free(c);
}

static void warnings_name_variable_and_line(void)
{
	struct few set;
	struct why why;
	struct conf *c;

	setenv("REPORTER_TLS", "true", 1);
	c = read_few_in_file(&set, "/a.yaml", "reporter:\n  timeout: 3s\n", &why);
	unsetenv("REPORTER_TLS");
	ok(c != NULL && set.tls, "variable and file are read %s", why.text);
	ok(strstr(warnings, "a.yaml:2: reporter.timeout: has no effect") != NULL, "the file's line");
	ok(strstr(warnings, "REPORTER_TLS: is an old name") != NULL, "the variable");
	conf_free(c);
}

static void a_jaeger_name_without_a_section_counts_without_the_prefix(void)
{
	struct few set;
	struct why why;
	struct conf *c;

	setenv("METRICS_HTTP_ROUTE", "/m", 1);
	c = read_few(&set, "", &why);
	unsetenv("METRICS_HTTP_ROUTE");
	is_text(set.route, "/m", "METRICS_HTTP_ROUTE");
	conf_free(c);
}

static void a_file_may_be_json(void)
{
	static const char json[] =
	        "{\n\t\"reporter\": {\"HOST-PORT\": [\"a:1\", \"b:2\"], \"tls\": {\"enabled\": true}},\n"
	        "\t\"metrics-http-route\": \"\\/m\"\n}\n";
	struct few set;
	struct why why;
	struct conf *c = read_few_in_file(&set, "/a.json", json, &why);

	ok(c != NULL, "nested, with tabs, keys in any case %s", why.text);
	if (c == NULL)
		return;
	is_text(joined(&set.hosts), "a:1|b:2", "a list");
	ok(set.tls, "a bool");
	is_text(set.route, "/m", "an escaped slash");
	conf_free(c);
}

static void a_file_may_be_java_properties(void)
{
	static const char text[] = "\xef\xbb\xbf# one\\\n! two\n\n reporter.host-port = a:1,\\\r\n    b:2\r\n"
	                           "Reporter.TLS.enabled: true\nmetrics-http-route /m = n\n";
	struct few set;
	struct why why;
	struct conf *c = read_few_in_file(&set, "/a.properties", text, &why);

	ok(c != NULL, "a byte order mark, comments, three separators, a line that goes on %s", why.text);
	if (c == NULL)
		return;
	is_text(joined(&set.hosts), "a:1|b:2", "a list over two lines");
	ok(set.tls, "a bool, by a name in capitals");
	is_text(set.route, "/m = n", "the first separator counts");
	conf_free(c);
}

static void wrong_files_are_refused_with_the_way_out(void)
{
	static const struct {
		const char *ending, *content, *want;
	} cases[] = {
		{ "/a.toml", "[reporter]\n", "a.toml\" is not read: write its options as \"name: value\" lines" },
		{ "/a.HCL", "x = 1\n", "a.HCL\" is not read" },
		{ "/a.properties", "\nreporter.tls.enable=1\n",
		        "a.properties:2: unknown key reporter.tls.enable; is reporter.tls.enabled meant?" },
		{ "/a.properties", "reporter.tls.enabled=perhaps\n",
		        "a.properties:1: reporter.tls.enabled: \"perhaps\" is not" },
		{ "/a.properties", "metrics-http-route=/a\nmetrics-http-route=/b\n",
		        "a.properties:2: metrics-http-route: set twice" },
		{ "/a.properties", "metrics-http-route=\\u002fa\n",
		        "a.properties:1: escapes with a backslash are not taken" },
		{ "/a.properties", "=x\n", "a.properties:1: a line without a name" },
		{ "/a.properties", "config-file=x\n", "a.properties:1: config-file: a file cannot name another" },
		{ "/a.json", "{\"reporter.tls.enable\": true}", "a.json:1: unknown key reporter.tls.enable; is" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct few set;
		struct why why;
		struct conf *c = read_few_in_file(&set, cases[i].ending, cases[i].content, &why);

		ok(c == NULL && strstr(why.text, cases[i].want) != NULL, "%s: %s", cases[i].ending, why.text);
		conf_free(c);
	}
}

int main(void)
{
	an_old_name_sets_the_new_one_with_a_warning();
	old_names_are_not_shown();
	an_option_without_effect_takes_any_value();
	warnings_name_variable_and_line();
	a_jaeger_name_without_a_section_counts_without_the_prefix();
	a_file_may_be_json();
	a_file_may_be_java_properties();
	wrong_files_are_refused_with_the_way_out();
	return tap_done();
}
