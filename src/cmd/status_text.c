/* SPDX-License-Identifier: Apache-2.0 */
/* status_text.c — prints a JSON object as text: names and values in two columns, nested members indented below their
 * name. The JSON may come over the network, so control characters are replaced and the depth is bounded. */
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "status_text.h"
#include "base/units.h"

enum { DEPTH_MAX = 8, NAME_WIDTH = 36 };

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

void status_text_plain(const char *text, FILE *to)
{
	for (; *text != '\0'; text++)
		fputc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, to);
}

static void print_value(const char *name, const json_t *v, FILE *to)
{
	char short_form[32];

	if (json_is_string(v))
		status_text_plain(json_string_value(v), to);
	else if (json_is_integer(v) && ends_with(name, "bytes"))
		fprintf(to, "%" JSON_INTEGER_FORMAT " (%s)", json_integer_value(v),
		        units_print_size((uint64_t)json_integer_value(v), short_form, sizeof(short_form)));
	else if (json_is_integer(v))
		fprintf(to, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	else if (json_is_real(v))
		fprintf(to, "%g", json_real_value(v));
	else
		fputs(json_is_true(v) ? "yes" : json_is_false(v) ? "no" : "-", to);
}

static void print_nested(const json_t *v, int depth, FILE *to);

static void print_member(const char *name, const json_t *v, int depth, FILE *to)
{
	int indent = 2 * depth, width = NAME_WIDTH - indent > 0 ? NAME_WIDTH - indent : 0;
	int len = (int)strlen(name);

	fprintf(to, "%*s", indent, "");
	status_text_plain(name, to);
	if (json_is_object(v) || json_is_array(v)) {
		fputc('\n', to);
		print_nested(v, depth + 1, to);
		return;
	}
	fprintf(to, "%*s", width > len ? width - len : 1, "");
	print_value(name, v, to);
	fputc('\n', to);
}

static void print_nested(const json_t *v, int depth, FILE *to)
{
	const char *name;
	json_t *member;
	size_t i;

	if (depth > DEPTH_MAX) {
		fprintf(to, "%*s…\n", 2 * depth, "");
		return;
	}
	if (json_is_object(v)) {
		json_object_foreach((json_t *)(uintptr_t)v, name, member) print_member(name, member, depth, to);
	} else {
		json_array_foreach(v, i, member) print_member("-", member, depth, to);
	}
}

void status_text_print(const json_t *v, FILE *to)
{
	print_nested(v, 0, to);
}

static json_t *parse_object(struct slice text, const char *what, struct why *why)
{
	json_error_t e;
	json_t *v = json_loadb((const char *)text.at, text.len, JSON_REJECT_DUPLICATES, &e);

	if (v == NULL) {
		why_set(why, E_MALFORMED, "the %s page is not JSON: %s", what, e.text);
		return NULL;
	}
	if (!json_is_object(v)) {
		why_set(why, E_MALFORMED, "the %s page is not a JSON object", what);
		json_decref(v);
		return NULL;
	}
	return v;
}

int status_print(struct slice status, struct slice ledger, bool ready, bool json, FILE *to, struct why *why)
{
	json_t *all = parse_object(status, "status", why), *ledger_page = NULL;

	if (all == NULL)
		return why->code;
	ledger_page = parse_object(ledger, "ledger", why);
	if (ledger_page == NULL) {
		json_decref(all);
		return why->code;
	}
	/* Replaces a ledger of the status page, if it has one: the ledger page was requested later. */
	if (json_object_set_new(all, "ledger", ledger_page) < 0 ||
	        json_object_set_new(all, "ready", json_boolean(ready)) < 0) {
		json_decref(all);
		return why_set(why, E_NOMEM, "%s", err_text(E_NOMEM));
	}
	if (json) {
		json_dumpf(all, to, JSON_INDENT(2));
		fputc('\n', to);
	} else {
		print_nested(all, 0, to);
	}
	json_decref(all);
	return 0;
}
