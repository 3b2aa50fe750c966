/* SPDX-License-Identifier: Apache-2.0 */
/* test_status_text.c — what an admin port answers, for programs and for people. */
#include <jansson.h>

#include "status_text.h"
#include "tap.h"

/* What is printed of the two pages; "" with a sentence in WHY when they are refused. */
static char *printed(const char *status, const char *ledger, bool json, struct why *why)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (f == NULL)
		abort();
	*why = (struct why){ 0 };
	if (status_print(slice_text(status), slice_text(ledger), true, json, f, why) < 0)
		diag("%s", why->text);
	fclose(f);
	return text;
}

static void programs_get_one_object(void)
{
	struct why why;
	char *text = printed(
	        "{\"command\": \"agent\", \"spool\": {\"bytes\": 12}}", "{\"ledger\": 1, \"boots\": 3}", true, &why);
	json_t *v = json_loads(text, 0, NULL);

	ok(json_is_object(v), "it is JSON");
	is_text(json_string_value(json_object_get(v, "command")), "agent", "with what the status page says");
	is_int(json_integer_value(json_object_get(json_object_get(v, "ledger"), "boots")), 3, "the ledger in it");
	ok(json_is_true(json_object_get(v, "ready")), "and whether it is ready");
	json_decref(v);
	free(text);
}

static void people_get_lines(void)
{
	struct why why;
	char *text = printed("{\"command\": \"agent\", \"spool\": {\"bytes\": 1536, \"ok\": true}, "
	                     "\"notes\": [\"a\", 1.5]}",
	        "{}", false, &why);

	is_text(text,
	        "command                             agent\n"
	        "spool\n"
	        "  bytes                             1536 (1.5 KiB)\n"
	        "  ok                                yes\n"
	        "notes\n"
	        "  -                                 a\n"
	        "  -                                 1.5\n"
	        "ledger\n"
	        "ready                               yes\n",
	        "names and values in two columns");
	free(text);
}

static void what_comes_over_the_network_is_not_trusted(void)
{
	static const struct {
		const char *status, *ledger, *said;
	} cases[] = {
		{ "", "{}", "the status page is not JSON: '[' or '{' expected near end of file" },
		{ "{}", "<html>", "the ledger page is not JSON: '[' or '{' expected near '<'" },
		{ "[]", "{}", "the status page is not a JSON object" },
		{ "{}", "[1]", "the ledger page is not a JSON object" },
		{ "{\"a\": 1, \"a\": 2}", "{}", "the status page is not JSON: duplicate object key near '\"a\"'" },
		{ "{\"a\": nul}", "{}", "the status page is not JSON: invalid token near 'nul'" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct why why;
		char *text = printed(cases[i].status, cases[i].ledger, true, &why);

		is_int(why.code, E_MALFORMED, "it is refused");
		is_text(why.text, cases[i].said, "and why");
		is_text(text, "", "and nothing is printed");
		free(text);
	}
}

static void control_characters_and_depth_are_bounded(void)
{
	char deep[2001];
	struct why why;
	char *text = printed("{\"a\\u001b[2J\": \"b\\nready: no\"}", "{}", false, &why);

	ok(strstr(text, "a?[2J") != NULL && strstr(text, "b?ready: no") != NULL, "control characters are shown as ?");
	free(text);
	memset(deep, 0, sizeof(deep));
	for (int i = 0; i < 300; i++)
		memcpy(deep + 5 * (size_t)i, "{\"a\":", 5);
	deep[1500] = '1';
	memset(deep + 1501, '}', 300);
	text = printed(deep, "{}", false, &why);
	ok(strstr(text, "…") != NULL && strlen(text) < 500, "three hundred levels are cut");
	free(text);
}

int main(void)
{
	programs_get_one_object();
	people_get_lines();
	what_comes_over_the_network_is_not_trusted();
	control_characters_and_depth_are_bounded();
	return tap_done();
}
