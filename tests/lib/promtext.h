/* SPDX-License-Identifier: Apache-2.0 */
/* promtext.h — reads Prometheus text as strictly as the format is written, and finds samples in it. */
#ifndef PROMTEXT_H
#define PROMTEXT_H

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct promtext {
	char wrong[200];     /* "" or the first thing that is wrong, with its line */
	char names[256][96]; /* families closed so far, in order */
	int n;
	bool has_type; /* of the last family */
	bool is_histogram;
	bool is_counter;
};

static inline bool promtext_fail(struct promtext *p, const char *what, const char *line)
{
	snprintf(p->wrong, sizeof(p->wrong), "%s: %.*s", what, (int)strcspn(line, "\n"), line);
	return false;
}

static inline size_t promtext_name_len(const char *at)
{
	size_t n = 0;

	while (isalpha((unsigned char)at[n]) || at[n] == '_' || at[n] == ':' ||
	        (n > 0 && isdigit((unsigned char)at[n])))
		n++;
	return n;
}

/* The family NAME begins or goes on; one that ended may not come again. */
static inline bool promtext_family(struct promtext *p, const char *name, size_t len, bool begins, const char *line)
{
	for (int i = 0; i < p->n; i++) {
		if (strlen(p->names[i]) != len || strncmp(p->names[i], name, len) != 0)
			continue;
		if (begins)
			return promtext_fail(p, "HELP or TYPE twice", line);
		return i == p->n - 1 || promtext_fail(p, "samples do not stand together", line);
	}
	if (!begins)
		return promtext_fail(p, "sample without HELP", line);
	if (p->n == 256 || len >= 96)
		return promtext_fail(p, "too many names for this test", line);
	snprintf(p->names[p->n++], 96, "%.*s", (int)len, name);
	p->has_type = p->is_histogram = p->is_counter = false;
	return true;
}

static inline bool promtext_comment(struct promtext *p, const char *line)
{
	bool help = strncmp(line, "# HELP ", 7) == 0;
	size_t len = promtext_name_len(line + 7);
	const char *rest = line + 7 + len;

	if (!help && strncmp(line, "# TYPE ", 7) != 0)
		return promtext_fail(p, "comment that is neither HELP nor TYPE", line);
	if (len == 0 || *rest != ' ' || rest[1] == '\n')
		return promtext_fail(p, "HELP or TYPE without name and text", line);
	if (help)
		return promtext_family(p, line + 7, len, true, line);
	if (p->n == 0 || strlen(p->names[p->n - 1]) != len || strncmp(p->names[p->n - 1], line + 7, len) != 0 ||
	        p->has_type)
		return promtext_fail(p, "TYPE not right behind its HELP", line);
	p->has_type = true;
	p->is_histogram = strncmp(rest + 1, "histogram\n", 10) == 0;
	p->is_counter = strncmp(rest + 1, "counter\n", 8) == 0;
	if (!p->is_histogram && strncmp(rest + 1, "counter\n", 8) != 0 && strncmp(rest + 1, "gauge\n", 6) != 0)
		return promtext_fail(p, "unknown TYPE", line);
	if (strncmp(rest + 1, "counter\n", 8) == 0 && strncmp(rest - 6, "_total", 6) != 0)
		return promtext_fail(p, "a counter that does not end in _total", line);
	return true;
}

/* Behind the '{': returns the place behind '}', or NULL. */
static inline const char *promtext_labels(const char *at)
{
	for (;;) {
		size_t len = promtext_name_len(at);

		if (len == 0 || at[len] != '=' || at[len + 1] != '"')
			return NULL;
		for (at += len + 2; *at != '"'; at++) {
			if (*at == '\n' || *at == '\0')
				return NULL;
			if (*at == '\\' && strchr("\\\"n", *++at) == NULL)
				return NULL;
		}
		if (*++at == '}')
			return at + 1;
		if (*at++ != ',')
			return NULL;
	}
}

static inline bool promtext_sample(struct promtext *p, const char *line)
{
	static const char *const suffixes[] = { "_bucket", "_sum", "_count" };
	size_t len = promtext_name_len(line), family = len;
	const char *at = line + len;
	char *end;

	if (len == 0)
		return promtext_fail(p, "not a sample", line);
	for (size_t i = 0; p->is_histogram && i < 3; i++) {
		size_t n = strlen(suffixes[i]);

		if (len > n && strncmp(line + len - n, suffixes[i], n) == 0)
			family = len - n;
	}
	if (!promtext_family(p, line, family, false, line))
		return false;
	if (!p->has_type)
		return promtext_fail(p, "sample without TYPE", line);
	if (*at == '{' && (at = promtext_labels(at + 1)) == NULL)
		return promtext_fail(p, "labels", line);
	if (*at != ' ' || isspace((unsigned char)at[1]))
		return promtext_fail(p, "no blank before the value", line);
	strtod(at + 1, &end);
	return *end == '\n' || promtext_fail(p, "value", line);
}

/* What promtool's linter would object to in the sample at LINE, whose name has LEN bytes. */
static inline bool promtext_lint(struct promtext *p, const char *text, const char *line)
{
	static const char *const units[] = { "_ms", "_us", "_milliseconds", "_microseconds", "_minutes", "_kilobytes",
		"_megabytes", "_kib", "_mib", "_kb", "_mb", "_percent" };
	size_t len = promtext_name_len(line), series = strcspn(line, "\n");

	while (line[series - 1] != ' ') /* up to the value */
		series--;
	for (const char *before = text; before < line; before = strchr(before, '\n') + 1)
		if (strncmp(before, line, series) == 0)
			return promtext_fail(p, "the same sample twice", line);
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		size_t n = strlen(units[i]);

		if (len > n && strncmp(line + len - n, units[i], n) == 0)
			return promtext_fail(p, "not in a base unit", line);
	}
	if (!p->is_histogram && !p->is_counter && len > 6 && strncmp(line + len - 6, "_total", 6) == 0)
		return promtext_fail(p, "_total on what is no counter", line);
	for (size_t i = 0; i < len; i++)
		if (isupper((unsigned char)line[i]))
			return promtext_fail(p, "a capital in a name", line);
	return true;
}

/* True when TEXT is valid; else WRONG says why. */
static inline bool promtext_valid(struct promtext *p, const char *text)
{
	memset(p, 0, sizeof(*p));
	for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
		if (strchr(line, '\n') == NULL)
			return promtext_fail(p, "last line without its end", line);
		if (!(*line == '#' ? promtext_comment(p, line)
		                   : promtext_sample(p, line) && promtext_lint(p, text, line)))
			return false;
	}
	return true;
}

/* The value text of the sample SERIES ("name{labels}"), -1 when it is not there. */
static inline double promtext_value(const char *text, const char *series)
{
	size_t len = strlen(series);

	for (const char *line = text; line != NULL && *line != '\0';
	        line = strchr(line, '\n') == NULL ? NULL : strchr(line, '\n') + 1)
		if (strncmp(line, series, len) == 0 && line[len] == ' ')
			return strtod(line + len + 1, NULL);
	return -1;
}

#endif
