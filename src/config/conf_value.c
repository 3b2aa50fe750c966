/* SPDX-License-Identifier: Apache-2.0 */
/* conf_value.c — parses a text into an option's field, or explains why it is invalid. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf_internal.h"
#include "base/units.h"

/* SHORT_VALUE is longer than any valid number, duration, address or choice. Errors quote the first SHOWN bytes. */
enum { SHORT_VALUE = 300, SHOWN = 60 };

static int fail_not(const char *text, const char *what, struct why *why)
{
	bool cut = strlen(text) > SHOWN;

	return why_set(why, E_USAGE, "\"%.*s%s\" is not %s", SHOWN, text, cut ? "…" : "", what);
}

static int store_bool(bool *field, const char *text, struct why *why)
{
	static const char *const yes[] = { "true", "yes", "on", "1", "t" };
	static const char *const no[] = { "false", "no", "off", "0", "f" };

	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		if (strcasecmp(text, yes[i]) == 0 || strcasecmp(text, no[i]) == 0) {
			*field = strcasecmp(text, yes[i]) == 0;
			return 0;
		}
	}
	return fail_not(text, "true or false", why);
}

static int store_count(uint64_t *field, const char *text, struct why *why)
{
	uint64_t value = 0;
	const char *p = text;

	for (; isdigit((unsigned char)*p) && value <= (UINT64_MAX >> 1) / 10 - 1; p++)
		value = value * 10 + (uint64_t)(*p - '0');
	if (p == text || *p != '\0')
		return fail_not(text, "a count (a whole number, 0 or more)", why);
	*field = value;
	return 0;
}

/* Prints "one of commit, interval, off" for "commit|interval|off", without synonyms. */
static void print_choices(const char *choices, char *to, size_t cap)
{
	size_t n = (size_t)snprintf(to, cap, "one of ");

	while (*choices != '\0' && n + 1 < cap) {
		size_t len = strcspn(choices, "|");

		n += (size_t)snprintf(to + n, cap - n, "%.*s%s", (int)strcspn(choices, "|="), choices,
		        choices[len] == '\0' ? "" : ", ");
		choices += len + (choices[len] == '|');
	}
}

/* True when TEXT is one of the synonyms NAMES ("warn=warning"), of LEN bytes. */
static bool is_choice(const char *names, size_t len, const char *text)
{
	const char *end = names + len;

	while (names < end) {
		size_t n = strcspn(names, "|=");

		if (strlen(text) == n && strncasecmp(names, text, n) == 0)
			return true;
		names += n + 1;
	}
	return false;
}

static int store_choice(int *field, const char *choices, const char *text, struct why *why)
{
	char names[256];
	const char *p = choices;

	for (int i = 0; *p != '\0'; i++) {
		size_t len = strcspn(p, "|");

		if (is_choice(p, len, text)) {
			*field = i;
			return 0;
		}
		p += len + (p[len] == '|');
	}
	print_choices(choices, names, sizeof(names));
	return fail_not(text, names, why);
}

static int store_address(const char **field, const char *choices, const char *text, struct why *why)
{
	struct hostport hp;
	bool none = choices != NULL && strcmp(text, choices) == 0;

	if (*text != '\0' && !none && units_hostport(text, &hp, why) < 0)
		return why->code;
	*field = text;
	return 0;
}

int conf_value_add(struct setting *s, const char *item, struct why *why)
{
	const char *form = s->row->choices == NULL ? "" : s->row->choices;
	struct conf_list list;
	const char **more;

	if (strchr(form, '=') != NULL && *item != '\0' && (*item == '=' || strchr(item, '=') == NULL))
		return s->row->secret ? why_set(why, E_USAGE, "an item is not NAME=VALUE")
		                      : fail_not(item, "NAME=VALUE", why);
	more = realloc(s->items, (s->nitems + 2) * sizeof(*more));
	if (more == NULL)
		return why_set(why, E_NOMEM, "%s", err_text(E_NOMEM));
	if (*item != '\0')
		more[s->nitems++] = item;
	more[s->nitems] = NULL;
	s->items = more;
	list = (struct conf_list){ more, s->nitems };
	memcpy(s->field, &list, sizeof(list));
	return 0;
}

/* Splits TEXT, which is writable, and adds its parts. */
static int add_items(struct setting *s, char *text, struct why *why)
{
	const char *form = s->row->choices == NULL ? "" : s->row->choices;
	const char *between = s->source.origin == CONF_ENVIRONMENT ? "\n" : "";
	char ends[3] = "", *rest;
	int rc = 0;

	snprintf(ends, sizeof(ends), "%s%s", strchr(form, ',') != NULL ? "," : "", between);
	for (; rc == 0 && text != NULL; text = rest) {
		size_t len = strcspn(text, ends);

		rest = text[len] == '\0' ? NULL : text + len + 1;
		text[len] = '\0';
		rc = conf_value_add(s, text, why);
	}
	return rc;
}

int conf_value_store(struct setting *s, const char *text, struct why *why)
{
	enum conf_type type = s->row->type;

	if (type == CONF_TYPE_REFUSED)
		return why_set(why, E_USAGE, "%s", s->row->help);
	if (type != CONF_TYPE_TEXT && type != CONF_TYPE_LIST && type != CONF_TYPE_IGNORED && strlen(text) > SHORT_VALUE)
		return fail_not(text, "a value of this option: far too long", why);
	switch (type) {
	case CONF_TYPE_BOOL:
		return store_bool(s->field, text, why);
	case CONF_TYPE_SIZE:
		return units_size(text, s->field, why);
	case CONF_TYPE_DURATION:
		return units_duration(text, s->field, why);
	case CONF_TYPE_COUNT:
		return store_count(s->field, text, why);
	case CONF_TYPE_TEXT:
		*(const char **)s->field = text;
		return 0;
	case CONF_TYPE_ADDRESS:
		return store_address(s->field, s->row->choices, text, why);
	case CONF_TYPE_CHOICE:
		return store_choice(s->field, s->row->choices, text, why);
	case CONF_TYPE_LIST:
		return add_items(s, (char *)(uintptr_t)text, why);
	case CONF_TYPE_IGNORED:
		return 0;
	case CONF_TYPE_REFUSED:
	case CONF_TYPE_RENAMED:
		break;
	}
	return why_set(why, E_FATAL, "an option of no kind");
}
