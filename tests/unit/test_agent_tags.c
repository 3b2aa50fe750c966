/* SPDX-License-Identifier: Apache-2.0 */
/* test_agent_tags.c — the text of --agent.tags, pair by pair. */
#include "span/agent_tags.h"
#include "tap.h"

static char set_value[] = "from env", empty_value[] = "", line_value[] = "from a file\r\n", newline_value[] = "\n";

static char *lookup(const char *name)
{
	if (strcmp(name, "SET") == 0)
		return set_value;
	if (strcmp(name, "LINE") == 0)
		return line_value;
	if (strcmp(name, "NEWLINE") == 0)
		return newline_value;
	return strcmp(name, "EMPTY") == 0 ? empty_value : NULL;
}

/* The same tags, encoded one by one. */
static bool encodes_to(const char *text, const char *const *pairs, uint32_t count)
{
	struct buf got = { 0 }, want = { 0 };
	struct transcode_tags tags;
	struct why why;
	bool same;

	for (uint32_t i = 0; i < count; i++)
		transcode_encode_tag(&want, pairs[2 * i], pairs[2 * i + 1]);
	same = agent_tags_encode(text, lookup, &got, &tags, &why) == 0 && tags.count == count &&
	       slice_same(tags.encoded, buf_slice(&want));
	buf_free(&got);
	buf_free(&want);
	return same;
}

static void values_are_taken_as_jaeger_agent_takes_them(void)
{
	static const struct {
		const char *text, *pairs[4];
		uint32_t count;
	} cases[] = {
		{ "", { NULL }, 0 },
		{ "a=b", { "a", "b" }, 1 },
		{ " a = b , c = d ", { "a", "b", "c", "d" }, 2 },
		{ "a=b=c", { "a", "b=c" }, 1 },
		{ "a=", { "a", "" }, 1 },
		{ "a=${SET}", { "a", "from env" }, 1 },
		{ "a=${SET:x}", { "a", "from env" }, 1 },
		{ "a=${UNSET:x}", { "a", "x" }, 1 },
		{ "a=${UNSET:}", { "a", "" }, 1 },
		{ "a=${UNSET},b=c", { "b", "c" }, 1 },
		{ "a=${EMPTY},b=c", { "b", "c" }, 1 },
		{ "a=${LINE}", { "a", "from a file" }, 1 },
		{ "a=${NEWLINE:x}", { "a", "x" }, 1 },
		{ "a=x${SET}", { "a", "x${SET}" }, 1 },
		{ "a=1,b=2,a=3", { "b", "2", "a", "3" }, 2 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ok(encodes_to(cases[i].text, cases[i].pairs, cases[i].count), "\"%s\"", cases[i].text);
}

static void what_is_no_pair_is_refused_by_name(void)
{
	struct buf encoded = { 0 };
	struct transcode_tags tags;
	struct why why;

	ok(agent_tags_encode("a=b,nonsense", lookup, &encoded, &tags, &why) == E_USAGE && strstr(why.text, "nonsense"),
	        "a pair without =");
	ok(agent_tags_encode("=x", lookup, &encoded, &tags, &why) == E_USAGE, "a pair without a key");
	ok(agent_tags_encode("a=b,", lookup, &encoded, &tags, &why) == E_USAGE, "a comma too many");
	buf_free(&encoded);
}

int main(void)
{
	values_are_taken_as_jaeger_agent_takes_them();
	what_is_no_pair_is_refused_by_name();
	return tap_done();
}
