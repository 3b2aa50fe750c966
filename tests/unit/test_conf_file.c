/* SPDX-License-Identifier: Apache-2.0 */
/* test_conf_file.c — YAML files, good, wrong and hostile. */
#include "conf_fixture.h"

static struct conf *read_bytes(struct set *set, const char *bytes, size_t len, struct why *why)
{
	char path[64], flags[96];
	struct conf *c;

	make_file(path, bytes, len);
	snprintf(flags, sizeof(flags), "--config-file=%s", path);
	c = read_set(set, flags, why);
	remove_file(path);
	return c;
}

static void keys_may_be_nested_or_dotted(void)
{
	static const char *const files[] = {
		"spool:\n  max-bytes: 1KiB\n  sync: off\nkafka:\n  headers: false\n",
		"spool.max-bytes: 1KiB\nspool.sync: off\nkafka.headers: no\n",
		"spool: {max-bytes: 1KiB, sync: \"off\"}\nkafka.headers: 0\n",
		"{\"spool\": {\"max-bytes\": \"1KiB\", \"sync\": \"off\"}, \"kafka.headers\": "
		"false}\n",
		"---\nSpool:\n  Max-Bytes: 1024\nspool.SYNC: OFF\nkafka:\n  headers: "
		"'false'\n...\n",
		"\xef\xbb\xbfspool:\n  max-bytes: 1KiB\nspool.sync: off # mixed\nkafka.headers: n"
		"o\n",
	};

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct set set;
		struct why why;
		struct conf *c = read_bytes(&set, files[i], strlen(files[i]), &why);

		ok(c != NULL && set.max_bytes == 1024 && set.sync == SYNC_OFF && !set.headers, "file %zu %s", i,
		        why.text);
		conf_free(c);
	}
}

static void files_that_say_nothing_are_fine(void)
{
	static const char *const files[] = { "", "\n\n", "# nothing\n", "---\n", "---\n...\n", "null\n", "~", "{}",
		"spool:\n", "spool: {}\n", "spool:\n  #max-bytes: 1\nkafka:\n", "spool.max-bytes:\n",
		"spool.max-bytes: ~\n", "kafka.property: {}\n", "collector.url:\n" };

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct set set;
		struct why why;
		struct conf *c = read_bytes(&set, files[i], strlen(files[i]), &why);

		ok(c != NULL && set.max_bytes == UINT64_C(8) << 30 && set.urls.n == 1,
		        "file %zu leaves the defaults %s", i, why.text);
		conf_free(c);
	}
}

static void lists_are_sequences_scalars_or_pairs(void)
{
	static const struct {
		const char *file, *urls, *tags, *properties;
	} cases[] = {
		{ "collector.url: [a, b]\n", "a|b", "", "" },
		{ "collector:\n  url:\n    - a\n    - b,c\n", "a|b,c", "", "" },
		{ "collector.url: a\n", "a", "", "" },
		{ "collector.url: []\n", "", "", "" },
		{ "agent.tags: k=v,l=w\ncollector.url: a", "a", "k=v|l=w", "" },
		{ "agent:\n  tags:\n    k: v,w\n    l: ''\ncollector.url: a", "a", "k=v,w|l=", "" },
		{ "kafka:\n  property:\n    linger.ms: 5\n    ssl:\n      ca.location: "
		  "/x\ncollector.url: a",
		        "a", "", "linger.ms=5|ssl.ca.location=/x" },
		{ "kafka.property.linger.ms: 5\ncollector.url: a", "a", "", "linger.ms=5" },
		{ "kafka.property: ['linger.ms=5', 'a=b=c']\ncollector.url: a", "a", "", "linger.ms=5|a=b=c" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct set set;
		struct why why;
		struct conf *c = read_bytes(&set, cases[i].file, strlen(cases[i].file), &why);

		ok(c != NULL, "file %zu is read %s", i, why.text);
		if (c == NULL)
			continue;
		is_text(joined(&set.urls), cases[i].urls, "urls");
		is_text(joined(&set.tags), cases[i].tags, "tags");
		is_text(joined(&set.properties), cases[i].properties, "properties");
		conf_free(c);
	}
}

static void wrong_files_are_refused_with_the_line(void)
{
	static const struct {
		const char *file, *said; /* behind the path */
	} cases[] = {
		{ "\n\nspool:\n  max-bytes: 12q\n", ":4: spool.max-bytes: \"12q\" is not a size (try 512MiB or 2G)" },
		{ "spool:\n  max-byte: 1\n", ":2: unknown key spool.max-byte; is spool.max-bytes meant?" },
		{ "spol:\n  max-bytes: 1\n", ":2: unknown key spol.max-bytes; is spool.max-bytes meant?" },
		{ "max-bytes: 1\n", ":1: unknown key max-bytes; is spool.max-bytes meant?" },
		{ "foo:\n", ":1: unknown key foo" },
		{ "foo: {}\n", ":1: unknown key foo" },
		{ "foo: []\n", ":1: unknown key foo" },
		{ "spool: 12\n", ":1: options stand below this key, it has no value" },
		{ "spool: [1]\n", ":1: unknown key spool" },
		{ "spool.max-bytes: [1]\n", ":1: spool.max-bytes: takes one value, not a list" },
		{ "spool.max-bytes: {a: 1}\n", ":1: unknown key spool.max-bytes.a; is spool.max-bytes meant?" },
		{ "spool.sync: off\nspool:\n  sync: off\n", ":3: spool.sync: set twice, first in line 1" },
		{ "collector.url: a\ncollector.url: b\n", ":2: collector.url: set twice, first in line 1" },
		{ "collector.url: [[a]]\n", ":1: an item of a list must be a plain value" },
		{ "collector.url: [{a: b}]\n", ":1: an item of a list must be a plain value" },
		{ "kafka.property: [a]\n", ":1: kafka.property: an item is not NAME=VALUE" },
		{ "config-file: /x\n", ":1: config-file: a file cannot name another" },
		{ "- a\n- b\n", ":1: options wanted: \"name: value\" lines" },
		{ "just text\n", ":1: options wanted: \"name: value\" lines" },
		{ "a: &x 1\n", ":1: anchors and aliases are not taken" },
		{ "spool: &s\n  sync: off\n", ":1: anchors and aliases are not taken" },
		{ "spool.directory: *x\n", ":1: anchors and aliases are not taken" },
		{ "<<: *x\n", ":1: anchors and aliases are not taken" },
		{ "spool.directory: !!binary aGk=\n", ":1: tags are not taken" },
		{ "spool: !x {}\n", ":1: tags are not taken" },
		{ "spool.sync: off\n---\nspool.sync: off\n", ":2: only one document is taken" },
		{ "? [a]\n: b\n", ":1: a key must be a plain text" },
		{ "\"\": b\n", ":1: an empty key" },
		{ "spool.directory: \"a\\0b\"\n", ":1: a text with a NUL in it" },
		{ "spool.sync:\n\toff\n", ":2: not YAML: while scanning for the next token: found "
		                          "character that cannot start any token" },
		{ "spool: {sync: off\n", ":2: not YAML: while parsing a flow mapping: did not find "
		                         "expected ',' or '}'" },
		{ "spool.sync: \"off\n", ":2: not YAML: while scanning a quoted scalar: found "
		                         "unexpected end of stream" },
		{ "\nspool.sync: off: e\n", ":2: not YAML: mapping values are not allowed in this context" },
		{ "a: b\nc: \x01\n", ":2: not YAML: control characters are not allowed" },
		{ "a: b\n\nc: \xff\n", ":3: not YAML: invalid leading UTF-8 octet" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct set set;
		struct why why;
		struct conf *c = read_bytes(&set, cases[i].file, strlen(cases[i].file), &why);
		const char *colon = strchr(why.text, ':');

		ok(c == NULL && why.code == E_USAGE && strstr(why.text, "/test.yaml:") != NULL, "file %zu is refused",
		        i);
		is_text(colon, cases[i].said, "and why");
		conf_free(c);
	}
}

/* N times OPEN, then END. */
static char *nest(const char *open, size_t n, const char *end, size_t *len)
{
	size_t each = strlen(open);
	char *to = malloc(n * each + strlen(end) + 1), *p = to;

	if (to == NULL)
		abort();
	for (size_t i = 0; i < n; i++, p += each)
		memcpy(p, open, each);
	strcpy(p, end);
	*len = n * each + strlen(end);
	return to;
}

static void hostile_files_end_in_a_sentence(void)
{
	static const struct {
		const char *open;
		size_t n;
		const char *end, *name, *said;
	} cases[] = {
		{ "{a: ", 100, "", "a hundred mappings", "nested too deeply" },
		{ "{a: ", 60000, "", "sixty thousand mappings", "nested too deeply" },
		{ "[", 200000, "", "two hundred thousand sequences", ":1: " },
		{ "? ", 100000, "", "a hundred thousand keys of keys", ":1: " },
		{ "- ", 100000, "", "a hundred thousand sequences by blocks", ":1: " },
		{ "a.", 100000, "b: 1\n", "a key of two hundred thousand bytes", ":1: " },
		{ "a.", 200, "b: 1\n", "a key of four hundred bytes", "a key far too long" },
		{ "collector.url: [", 1, "", "a list that never ends", "yaml:" },
		{ "\"", 1, "", "a quote alone", ":1: " },
		{ "\xff\xfe\x00\xd8", 1000, "", "UTF-16 surrogates alone", "yaml:" },
		{ "\x7f"
		  "ELF\x02\x01\x01",
		        1000, "", "a program", ":1: " },
		{ "a: b\n", 60000, "", "more than 256 KiB", "larger than" },
		{ "#", 262144, "#", "one byte more than 256 KiB", "larger than" },
		{ "!<", 100000, "", "tags that never end", ":1: " },
		{ "%YAML 9.9\n", 1000, "", "directives", "yaml:" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t len;
		char *bytes = nest(cases[i].open, cases[i].n, cases[i].end, &len);
		struct set set;
		struct why why;
		struct conf *c = read_bytes(&set, bytes, len, &why);

		ok(c == NULL && why.code == E_USAGE && strlen(why.text) < 400 &&
		                strstr(why.text, cases[i].said) != NULL,
		        "%s: %s", cases[i].name, why.text);
		conf_free(c);
		free(bytes);
	}
}

static void a_file_at_the_limit_is_read(void)
{
	size_t len;
	char *bytes = nest("#", 262143, "\n", &len);
	struct set set;
	struct why why;
	struct conf *c = read_bytes(&set, bytes, len, &why);

	ok(c != NULL, "256 KiB of comment %s", why.text);
	conf_free(c);
	free(bytes);
}

/* Every file cut off anywhere, and with any one byte turned, is read or refused: no third way. */
static void damaged_files_are_read_or_refused(void)
{
	static const char good[] = "spool:\n  max-bytes: 1KiB\n  sync: \"off\"\ncollector:\n  url: [a, 'b']\n"
	                           "kafka:\n  property:\n    a.b: c\nagent.tags: k=v # no more\n";
	size_t odd = 0, tried = 0;

	for (size_t i = 0; i < sizeof(good) - 1; i++) {
		for (int flip = 0; flip <= 8; flip++, tried++) {
			char bytes[sizeof(good)];
			struct set set;
			struct why why;
			struct conf *c;

			memcpy(bytes, good, sizeof(good));
			if (flip < 8)
				bytes[i] = (char)(bytes[i] ^ (1 << flip));
			c = read_bytes(&set, bytes, flip < 8 ? sizeof(good) - 1 : i, &why);
			odd += c == NULL && (why.code != E_USAGE || strstr(why.text, ".yaml:") == NULL);
			conf_free(c);
		}
	}
	ok(odd == 0, "%zu damaged files, all refused ones with file and line", tried);
}

static void a_tool_passes_over_what_it_does_not_know(void)
{
	static const char file[] = "other: 1\nspool.max-bytes: 1KiB\nlist: [a, {b: [c]}]\nempty: {}\n"
	                           "deep:\n  er:\n    yet: 1\n";
	struct set set = { 0 };
	const struct conf_group groups[] = { { "Everything", set_rows, &set }, { NULL, NULL, NULL } };
	struct why why = { 0 };
	struct conf *c = NULL;
	char path[64], *argv[2];
	char flag[] = "--config-file";

	make_file(path, file, strlen(file));
	argv[0] = flag;
	argv[1] = path;
	ok(conf_read(&c, groups, 2, argv, &why) == E_USAGE, "a command refuses it: %s", why.text);
	ok(conf_read_part(&c, groups, 2, argv, &why) == 0 && set.max_bytes == 1024, "a tool takes its own from it");
	conf_free(c);
	remove_file(path);
}

int main(void)
{
	keys_may_be_nested_or_dotted();
	files_that_say_nothing_are_fine();
	lists_are_sequences_scalars_or_pairs();
	wrong_files_are_refused_with_the_line();
	hostile_files_end_in_a_sentence();
	a_file_at_the_limit_is_read();
	damaged_files_are_read_or_refused();
	a_tool_passes_over_what_it_does_not_know();
	return tap_done();
}
