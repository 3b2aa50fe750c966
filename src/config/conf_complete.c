/* SPDX-License-Identifier: Apache-2.0 */
/* conf_complete.c — the words that complete an option or its value, for a shell. */
#include <string.h>

#include "conf_internal.h"

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* The row of the option whose name is NAME[0..LEN); NULL when there is none. */
static const struct conf_row *find_row(const struct conf_group *groups, const char *name, size_t len)
{
	for (const struct conf_group *g = groups; g->title != NULL; g++)
		for (const struct conf_row *r = g->rows; r->name != NULL; r++)
			if (!conf_is_hidden(r) && strlen(r->name) == len && memcmp(r->name, name, len) == 0)
				return r;
	return strlen(conf_file_row.name) == len && memcmp(conf_file_row.name, name, len) == 0 ? &conf_file_row : NULL;
}

/* Prints those of CHOICES ("warn=warning|error") that begin with VALUE, each after FLAG[0..LEN). Synonyms are left
 * out. */
static void print_choices(const char *choices, const char *flag, size_t len, const char *value, FILE *to)
{
	for (const char *p = choices; p != NULL && *p != '\0';) {
		int n = (int)strcspn(p, "|=");

		if (strncmp(p, value, strlen(value)) == 0 && strlen(value) <= (size_t)n)
			fprintf(to, "%.*s%.*s\t\n", (int)len, flag, n, p);
		p += strcspn(p, "|");
		p += *p == '|';
	}
}

/* Prints the values of ROW that begin with VALUE, each after FLAG[0..LEN), which is "--name=" or empty. */
static void print_values(const struct conf_row *row, const char *flag, size_t len, const char *value, FILE *to)
{
	switch (row->type) {
	case CONF_TYPE_BOOL:
		print_choices("true|false", flag, len, value, to);
		break;
	case CONF_TYPE_CHOICE:
	case CONF_TYPE_ADDRESS:
		print_choices(row->choices, flag, len, value, to);
		break;
	case CONF_TYPE_TEXT:
		if (row->choices != NULL)
			fprintf(to, ":%s\n", row->choices);
		break;
	case CONF_TYPE_LIST:
		if (row->choices != NULL && strcmp(row->choices, "=file") == 0 && strchr(value, '=') != NULL)
			fputs(":file\n", to);
		break;
	case CONF_TYPE_SIZE:
	case CONF_TYPE_DURATION:
	case CONF_TYPE_COUNT:
	case CONF_TYPE_REFUSED:
	case CONF_TYPE_RENAMED:
	case CONF_TYPE_IGNORED:
		break;
	}
}

static void print_name(const struct conf_row *row, const char *word, FILE *to)
{
	char flag[CONF_NAME_MAX + 4];

	snprintf(flag, sizeof(flag), "--%s%s", row->name, row->type == CONF_TYPE_BOOL ? "" : "=");
	if (!conf_is_hidden(row) && begins(flag, word))
		fprintf(to, "%s\t%s\n", flag, row->help);
}

void conf_complete(const struct conf_group *groups, const char *before, const char *word, FILE *to)
{
	const char *value = begins(word, "--") ? strchr(word, '=') : NULL;
	const struct conf_row *row = NULL;

	if (value != NULL) {
		row = find_row(groups, word + 2, (size_t)(value - word) - 2);
		if (row != NULL)
			print_values(row, word, (size_t)(value - word) + 1, value + 1, to);
		return;
	}
	if (begins(before, "--"))
		row = find_row(groups, before + 2, strlen(before + 2));
	if (row != NULL && row->type != CONF_TYPE_BOOL) {
		print_values(row, "", 0, word, to);
		return;
	}
	for (const struct conf_group *g = groups; g->title != NULL; g++)
		for (const struct conf_row *r = g->rows; r->name != NULL; r++)
			print_name(r, word, to);
	print_name(&conf_file_row, word, to);
	if (begins("--help", word))
		fputs("--help\tthe options and their defaults\n", to);
}
