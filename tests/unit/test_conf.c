/* SPDX-License-Identifier: Apache-2.0 */
/* test_conf.c — four sources, the values they give and what is said of wrong ones. */
#include "conf_fixture.h"

static void defaults_stand_when_nobody_says_otherwise(void)
{
	struct set set;
	struct why why;
	struct conf *c = read_set(&set, "", &why);

	ok(c != NULL, "no flags are fine %s", why.text);
	ok(set.headers, "a bool");
	is_int(set.max_bytes, INT64_C(8) << 30, "a size");
	is_int(set.exposure, 100000, "a duration");
	is_int(set.workers, 10, "a count");
	is_text(set.directory, "", "a text without a default is empty, not NULL");
	is_text(set.port, ":14271", "an address");
	is_int(set.sync, SYNC_COMMIT, "a choice");
	is_text(joined(&set.urls), "http://127.0.0.1:14268", "a list");
	ok(set.words.n == 0 && set.words.items != NULL && set.words.items[0] == NULL,
	        "a list without a default is empty and ends with NULL");
	is_int(conf_origin(c, "spool.sync"), CONF_DEFAULT, "and the origin is default");
	conf_free(c);
}

static void each_source_wins_over_the_one_before(void)
{
	static const char yaml[] = "spool:\n  max-bytes: 1KiB\n  exposure: 1s\n  sync: off\n";
	struct set set;
	struct why why;
	struct conf *c;
	char path[64], flags[128];

	make_file(path, yaml, strlen(yaml));
	setenv("SPOOL_MAX_BYTES", "2KiB", 1);
	setenv("SPOOL_EXPOSURE", "2s", 1);
	snprintf(flags, sizeof(flags), "--spool.max-bytes=3KiB --config-file=%s", path);
	c = read_set(&set, flags, &why);
	ok(c != NULL, "all four together %s", why.text);
	if (c != NULL) {
		is_int(set.max_bytes, 3072, "flag over environment");
		is_int(set.exposure, 2000000, "environment over file");
		is_int(set.sync, SYNC_OFF, "file over default");
		is_int(set.workers, 10, "default where none of them speaks");
		is_int(conf_origin(c, "spool.max-bytes"), CONF_FLAG, "a flag is known as such");
		is_int(conf_origin(c, "spool.exposure"), CONF_ENVIRONMENT, "the environment too");
		is_int(conf_origin(c, "spool.sync"), CONF_FILE, "and the file");
	}
	conf_free(c);
	unsetenv("SPOOL_MAX_BYTES");
	unsetenv("SPOOL_EXPOSURE");
	remove_file(path);
}

/* As a secret's file or $(cat file) hands it over. */
static void newlines_at_the_end_of_a_value_are_cut(void)
{
	static const char yaml[] = "spool.directory: |\n  /from/file\n";
	struct set set;
	struct why why;
	struct conf *c;
	char path[64], flags[128];

	make_file(path, yaml, strlen(yaml));
	setenv("SPOOL_MAX_BYTES", "2KiB\r\n", 1);
	setenv("SPOOL_EXPOSURE", "\n", 1);
	snprintf(flags, sizeof(flags), "--config-file=%s", path);
	c = read_set(&set, flags, &why);
	ok(c != NULL, "values that end in newlines are fine %s", why.text);
	if (c != NULL) {
		is_int(set.max_bytes, 2048, "of a variable");
		is_int(set.exposure, 100000, "one of nothing else counts as unset");
		is_text(set.directory, "/from/file", "and of a block in the file");
	}
	conf_free(c);
	unsetenv("SPOOL_MAX_BYTES");
	unsetenv("SPOOL_EXPOSURE");
	remove_file(path);
}

static void the_file_may_be_named_by_the_environment(void)
{
	struct set set;
	struct why why;
	struct conf *c;
	char path[64], flags[128];

	make_file(path, "spool.exposure: 7s\n", 19);
	setenv("CONFIG_FILE", path, 1);
	c = read_set(&set, "", &why);
	ok(c != NULL && set.exposure == 7000000, "CONFIG_FILE is read %s", why.text);
	conf_free(c);
	setenv("CONFIG_FILE", "/nowhere/at/all.yaml", 1);
	snprintf(flags, sizeof(flags), "--config-file %s", path);
	c = read_set(&set, flags, &why);
	ok(c != NULL && set.exposure == 7000000, "and the flag wins over it %s", why.text);
	conf_free(c);
	c = read_set(&set, "", &why);
	ok(c == NULL, "a file that is not there is an error");
	is_text(why.text, "CONFIG_FILE: cannot read \"/nowhere/at/all.yaml\": No such file or directory",
	        "which names the variable and the file");
	setenv("CONFIG_FILE", "", 1);
	c = read_set(&set, "", &why);
	ok(c != NULL, "an empty variable counts as unset");
	conf_free(c);
	unsetenv("CONFIG_FILE");
	remove_file(path);
}

static void an_empty_variable_counts_as_unset(void)
{
	struct set set;
	struct why why;
	struct conf *c;

	setenv("SPOOL_MAX_BYTES", "", 1);
	setenv("AGENT_TAGS", "", 1);
	c = read_set(&set, "", &why);
	ok(c != NULL && set.max_bytes == UINT64_C(8) << 30, "the default stands");
	is_int(conf_origin(c, "agent.tags"), CONF_DEFAULT, "and is said to stand");
	conf_free(c);
	unsetenv("SPOOL_MAX_BYTES");
	unsetenv("AGENT_TAGS");
}

/* LIMIT=5 in an environment is meant for another program. */
static void a_variable_of_one_common_word_counts_with_the_prefix_alone(void)
{
	struct set set;
	struct why why;
	struct conf *c;

	setenv("WORDS", "of,another", 1);
	c = read_set(&set, "", &why);
	ok(c != NULL && set.words.n == 0, "without the prefix it is not read");
	conf_free(c);
	setenv("SPANSPOOL_WORDS", "mine", 1);
	c = read_set(&set, "", &why);
	ok(c != NULL && set.words.n == 1 && strcmp(set.words.items[0], "mine") == 0, "with the prefix it is");
	conf_free(c);
	unsetenv("WORDS");
	unsetenv("SPANSPOOL_WORDS");
	setenv("SPOOL_MAX_BYTES", "1G", 1);
	setenv("SPANSPOOL_SPOOL_MAX_BYTES", "2q", 1);
	c = read_set(&set, "", &why);
	ok(c == NULL && strncmp(why.text, "SPANSPOOL_SPOOL_MAX_BYTES: \"2q\"", 31) == 0,
	        "the prefix wins, and an error names the variable as it is: %s", why.text);
	unsetenv("SPANSPOOL_SPOOL_MAX_BYTES");
	unsetenv("SPOOL_MAX_BYTES");
}

static void a_tool_reads_variables_with_the_prefix_alone(void)
{
	struct set set = { 0 };
	struct why why;
	struct conf_group groups[] = { { "Everything", set_rows, &set }, { NULL, NULL, NULL } };
	struct conf *c;

	setenv("SPOOL_MAX_BYTES", "12q", 1);
	setenv("CONFIG_FILE", "/nowhere.yaml", 1);
	ok(conf_read_tool(&c, groups, 0, NULL, &why) == 0 && set.max_bytes == UINT64_C(8) << 30,
	        "it passes over those of the agent");
	conf_free(c);
	setenv("SPANSPOOL_SPOOL_MAX_BYTES", "3G", 1);
	ok(conf_read_part(&c, groups, 0, NULL, &why) == 0 && set.max_bytes == UINT64_C(3) << 30, "and takes its own");
	conf_free(c);
	unsetenv("SPOOL_MAX_BYTES");
	unsetenv("CONFIG_FILE");
	unsetenv("SPANSPOOL_SPOOL_MAX_BYTES");
}

static void flags_take_their_value_in_two_ways(void)
{
	static const struct {
		const char *flags;
		bool headers;
		const char *directory;
	} cases[] = {
		{ "--kafka.headers=false --spool.directory=/a", false, "/a" },
		{ "--kafka.headers --spool.directory /a", true, "/a" },
		{ "--spool.directory /a --kafka.headers=no", false, "/a" },
		{ "--spool.directory=/a=b", true, "/a=b" },
		{ "--spool.directory /a --spool.directory /b", true, "/b" },
		{ "--spool.directory -", true, "-" },
		{ "--spool.directory=", true, "" },
		{ "--Spool.Directory=/a", true, "/a" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct set set;
		struct why why;
		struct conf *c = read_set(&set, cases[i].flags, &why);

		ok(c != NULL && set.headers == cases[i].headers && strcmp(set.directory, cases[i].directory) == 0,
		        "%s %s", cases[i].flags, why.text);
		conf_free(c);
	}
}

static void wrong_words_are_named(void)
{
	static const struct {
		const char *flags, *said;
	} cases[] = {
		{ "--spool.max-byte=1", "unknown option --spool.max-byte; is --spool.max-bytes meant?" },
		{ "--max-bytes=1", "unknown option --max-bytes; is --spool.max-bytes meant?" },
		{ "--SPOOL_MAX_BYTES=1", "unknown option --SPOOL_MAX_BYTES; is --spool.max-bytes meant?" },
		{ "--nothing.like.it=1", "unknown option --nothing.like.it" },
		{ "-spool.sync=off", "unknown option -spool.sync; options have two dashes, is "
		                     "--spool.sync meant?" },
		{ "-spool.snyc", "unknown option -spool.snyc; options have two dashes, is "
		                 "--spool.sync meant?" },
		{ "-q", "unknown option -q; options have two dashes" },
		{ "--", "unexpected argument \"--\"" },
		{ "-", "unexpected argument \"-\"" },
		{ "start", "unexpected argument \"start\"" },
		{ "--kafka.headers false", "unexpected argument \"false\" (write --kafka.headers=false)" },
		{ "--spool.sync=off off", "unexpected argument \"off\"" },
		{ "--spool.directory", "--spool.directory wants a value (write --spool.directory=…)" },
		{ "--spool.directory --kafka.headers", "--spool.directory wants a value (write --spool.directory=…)" },
		{ "--=1", "unknown option --" },
		{ "--spool.max-bytes=12q", "--spool.max-bytes: \"12q\" is not a size (try 512MiB or 2G)" },
		{ "--spool.exposure=5", "--spool.exposure: \"5\" is not a duration (try 100ms, 3s or 1h30m)" },
		{ "--spool.tail=1", "--spool.tail: is gone: write spool.sync" },
		{ "--spool.tail --kafka.headers", "--spool.tail: is gone: write spool.sync" },
		{ "--SPOOL_TALE=1", "unknown option --SPOOL_TALE" },
		{ "--spool.sync=often", "--spool.sync: \"often\" is not one of commit, off" },
		{ "--processor.workers=-1", "--processor.workers: \"-1\" is not a count (a whole number, 0 or more)" },
		{ "--kafka.headers=maybe", "--kafka.headers: \"maybe\" is not true or false" },
		{ "--admin.host-port=none", "--admin.host-port: \"none\" is not an address (try "
		                            ":6831, 127.0.0.1:6831 or [::1]:6831)" },
		{ "--agent.tags=a=1,b", "--agent.tags: \"b\" is not NAME=VALUE" },
		{ "--kafka.property==1", "--kafka.property: an item is not NAME=VALUE" },
		{ "--config-file=/", "--config-file: cannot read \"/\": Is a directory" },
		{ "--config-file=/dev/zero", "--config-file: \"/dev/zero\" is larger than 256 KiB, "
		                             "no file of options is" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct set set;
		struct why why;
		struct conf *c = read_set(&set, cases[i].flags, &why);

		ok(c == NULL && why.code == E_USAGE, "%s is refused", cases[i].flags);
		is_text(why.text, cases[i].said, "and why");
		conf_free(c);
	}
}

static void a_wrong_variable_is_named_even_when_a_flag_overrides_it(void)
{
	struct set set;
	struct why why;
	struct conf *c;

	setenv("SPOOL_MAX_BYTES", "lots\nof", 1);
	c = read_set(&set, "--spool.max-bytes=1", &why);
	ok(c == NULL, "it is refused");
	is_text(why.text, "SPOOL_MAX_BYTES: \"lots?of\" is not a size (try 512MiB or 2G)",
	        "by the variable's name, in one line");
	conf_free(c);
	unsetenv("SPOOL_MAX_BYTES");
}

static void values_of_every_kind_are_checked(void)
{
	static const struct {
		const char *name, *value;
		bool good;
	} cases[] = {
		{ "kafka.headers", "TRUE", true },
		{ "kafka.headers", "on", true },
		{ "kafka.headers", "2", false },
		{ "kafka.headers", "", false },
		{ "spool.max-bytes", "0", true },
		{ "spool.max-bytes", "", false },
		{ "spool.max-bytes", "1.5G", true },
		{ "spool.max-bytes", "-1", false },
		{ "spool.exposure", "0", true },
		{ "spool.exposure", "1h30m", true },
		{ "spool.exposure", "1", false },
		{ "processor.workers", "0", true },
		{ "processor.workers", "00012", true },
		{ "processor.workers", "9223372036854775807", false },
		{ "processor.workers", "922337203685477579", true },
		{ "processor.workers", "99999999999999999999", false },
		{ "processor.workers", "1e3", false },
		{ "processor.workers", "+1", false },
		{ "processor.workers", "", false },
		{ "spool.sync", "COMMIT", true },
		{ "spool.sync", "com", false },
		{ "spool.sync", "commit|off", false },
		{ "spool.sync", "", false },
		{ "admin.host-port", "", true },
		{ "admin.host-port", "6799", true },
		{ "admin.host-port", "[::1]:1", true },
		{ "admin.host-port", "::1:1", false },
		{ "admin.host-port", ":65536", false },
		{ "compact.host-port", "none", true },
		{ "compact.host-port", "None", false },
		{ "agent.tags", "a=1,b=2", true },
		{ "agent.tags", "a", false },
		{ "agent.tags", ",,a=1,", true },
		{ "kafka.property", "a=1,b", true },
		{ "words", "a,b", true },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char flag[128];
		struct set set;
		struct why why;
		struct conf *c;

		snprintf(flag, sizeof(flag), "--%s=%s", cases[i].name, cases[i].value);
		c = read_set(&set, flag, &why);
		ok((c != NULL) == cases[i].good, "%s is %s %s", flag, cases[i].good ? "taken" : "refused", why.text);
		conf_free(c);
	}
}

static void a_value_far_too_long_is_cut_in_the_sentence(void)
{
	struct set set;
	struct why why;
	char flag[5000] = "--spool.max-bytes=";
	struct conf *c;

	memset(flag + strlen(flag), 'x', sizeof(flag) - strlen(flag) - 1);
	flag[sizeof(flag) - 1] = '\0';
	c = read_set(&set, flag, &why);
	ok(c == NULL && strlen(why.text) < 200, "the sentence stays a sentence");
	memcpy(flag, "--spool.max-bytex=", 18);
	c = read_set(&set, flag, &why);
	ok(c == NULL && strstr(why.text, "is --spool.max-bytes meant?") != NULL, "%s", why.text);
	memset(flag + 2, 'y', sizeof(flag) - 3);
	c = read_set(&set, flag, &why);
	ok(c == NULL && strlen(why.text) < 200, "a name of 5,000 letters is cut too");
}

static void lists_gather_within_a_source_and_replace_between_sources(void)
{
	static const struct {
		const char *flags, *env, *want;
	} cases[] = {
		{ "--collector.url=a --collector.url=b", NULL, "a|b" },
		{ "--collector.url a", "x\ny", "a" },
		{ "", "x\ny", "x|y" },
		{ "", "x,y", "x,y" },
		{ "--collector.url=", "x", "" },
		{ "--collector.url= --collector.url=z", NULL, "z" },
		{ "", NULL, "http://127.0.0.1:14268" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct set set;
		struct why why;
		struct conf *c;

		if (cases[i].env != NULL)
			setenv("COLLECTOR_URL", cases[i].env, 1);
		c = read_set(&set, cases[i].flags, &why);
		ok(c != NULL && strcmp(joined(&set.urls), cases[i].want) == 0, "flags \"%s\", environment %s: %s",
		        cases[i].flags, cases[i].env == NULL ? "empty" : "set",
		        c == NULL ? why.text : joined(&set.urls));
		ok(c != NULL && set.urls.items[set.urls.n] == NULL, "and ends with NULL");
		conf_free(c);
		unsetenv("COLLECTOR_URL");
	}
}

static void commas_split_where_the_row_says_so(void)
{
	struct set set;
	struct why why;
	struct conf *c = read_set(&set, "--words=a,b,,c --words=d --kafka.property=a=1,2 --agent.tags=k=v,l=w=x", &why);

	ok(c != NULL, "read %s", why.text);
	is_text(joined(&set.words), "a|b|c|d", "a list split at commas");
	is_text(joined(&set.properties), "a=1,2", "and one that is not");
	is_text(joined(&set.tags), "k=v|l=w=x", "pairs split at commas");
	conf_free(c);
}

static void a_host_may_give_another_default(void)
{
	struct set set;
	struct why why;
	struct conf *c = read_set(&set, "--spool.exposure=1s", &why);

	ok(conf_default(c, "spool.directory", "/var/lib/x", &why) == 0, "it is taken");
	is_text(set.directory, "/var/lib/x", "and stands");
	is_int(conf_origin(c, "spool.directory"), CONF_DEFAULT, "as a default");
	ok(conf_default(c, "spool.exposure", "9s", &why) == 0 && set.exposure == 1000000,
	        "but not where somebody set the option");
	ok(conf_default(c, "collector.url", "http://h:1", &why) == 0, "a list's is replaced");
	is_text(joined(&set.urls), "http://h:1", "as a whole");
	ok(conf_default(c, "spool.max-bytes", "huge", &why) == E_USAGE, "a wrong one is refused");
	conf_free(c);
}

static void a_later_check_can_blame_the_source(void)
{
	struct set set;
	struct why why;
	struct conf *c;

	setenv("SPOOL_DIRECTORY", "/x", 1);
	c = read_set(&set, "--spool.max-bytes=1", &why);
	why_set(&why, E_USAGE, "too small");
	is_int(conf_add_source(c, "spool.max-bytes", &why), E_USAGE, "the code stands");
	is_text(why.text, "--spool.max-bytes: too small", "a flag");
	why_set(&why, E_USAGE, "odd");
	conf_add_source(c, "spool.directory", &why);
	is_text(why.text, "SPOOL_DIRECTORY: odd", "a variable");
	why_set(&why, E_USAGE, "odd");
	conf_add_source(c, "spool.sync", &why);
	is_text(why.text, "spool.sync: odd", "a default");
	conf_free(c);
	unsetenv("SPOOL_DIRECTORY");
}

int main(void)
{
	defaults_stand_when_nobody_says_otherwise();
	each_source_wins_over_the_one_before();
	newlines_at_the_end_of_a_value_are_cut();
	the_file_may_be_named_by_the_environment();
	an_empty_variable_counts_as_unset();
	a_variable_of_one_common_word_counts_with_the_prefix_alone();
	a_tool_reads_variables_with_the_prefix_alone();
	flags_take_their_value_in_two_ways();
	wrong_words_are_named();
	a_wrong_variable_is_named_even_when_a_flag_overrides_it();
	values_of_every_kind_are_checked();
	a_value_far_too_long_is_cut_in_the_sentence();
	lists_gather_within_a_source_and_replace_between_sources();
	commas_split_where_the_row_says_so();
	a_host_may_give_another_default();
	a_later_check_can_blame_the_source();
	return tap_done();
}
