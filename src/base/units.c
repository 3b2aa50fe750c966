/* SPDX-License-Identifier: Apache-2.0 */
/* units.c — parses and formats sizes, durations, times and addresses. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/redact.h"
#include "base/slice.h"
#include "base/units.h"

struct unit {
	const char *name;
	double factor;
};

static const struct unit size_units[] = {
	{ "", 1 },
	{ "B", 1 },
	{ "K", 0x1p10 },
	{ "Ki", 0x1p10 },
	{ "KiB", 0x1p10 },
	{ "kB", 1e3 },
	{ "M", 0x1p20 },
	{ "Mi", 0x1p20 },
	{ "MiB", 0x1p20 },
	{ "MB", 1e6 },
	{ "G", 0x1p30 },
	{ "Gi", 0x1p30 },
	{ "GiB", 0x1p30 },
	{ "GB", 1e9 },
	{ "T", 0x1p40 },
	{ "Ti", 0x1p40 },
	{ "TiB", 0x1p40 },
	{ "TB", 1e12 },
};

static const struct unit time_units[] = {
	{ "us", 1 },
	{ "ms", 1e3 },
	{ "s", 1e6 },
	{ "m", 60e6 },
	{ "h", 3600e6 },
	{ "d", 86400e6 },
};

/* Largest accepted value: far above any use, and exact in a double. */
static const double largest = 0x1p52;

/* Parses a non-negative decimal number and returns the text behind it; NULL: there is none. */
static const char *parse_number(const char *text, double *value)
{
	char *end;

	if (!isdigit((unsigned char)*text) && *text != '.')
		return NULL;
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		return NULL;
	errno = 0;
	*value = strtod(text, &end);
	if (end == text || errno != 0 || !isfinite(*value))
		return NULL;
	return end;
}

static const struct unit *find_unit(const struct unit *units, size_t n, const char *name, size_t len, bool any_case)
{
	for (size_t i = 0; i < n; i++) {
		if (strlen(units[i].name) != len)
			continue;
		if (any_case ? strncasecmp(units[i].name, name, len) == 0 : strncmp(units[i].name, name, len) == 0)
			return &units[i];
	}
	return NULL;
}

int units_size(const char *text, uint64_t *bytes, struct why *why)
{
	double value;
	const char *rest = parse_number(text, &value);
	const struct unit *unit;

	while (rest != NULL && *rest == ' ')
		rest++;
	unit = rest == NULL ? NULL : find_unit(size_units, ARRAY_LEN(size_units), rest, strlen(rest), true);
	if (unit == NULL || value * unit->factor > largest)
		return why_set(why, E_USAGE, "\"%s\" is not a size (try 512MiB or 2G)", text);
	*bytes = (uint64_t)(value * unit->factor);
	return 0;
}

int units_duration(const char *text, uint64_t *us, struct why *why)
{
	const char *rest = text;
	double sum = 0, value;

	if (strcmp(text, "0") == 0) {
		*us = 0;
		return 0;
	}
	do {
		const struct unit *unit;
		size_t len;

		rest = parse_number(rest, &value);
		if (rest == NULL)
			goto wrong;
		len = strspn(rest, "abcdefghijklmnopqrstuvwxyz");
		unit = find_unit(time_units, ARRAY_LEN(time_units), rest, len, false);
		if (unit == NULL)
			goto wrong;
		sum += value * unit->factor;
		rest += len;
	} while (*rest != '\0');
	if (sum > largest)
		goto wrong;
	*us = (uint64_t)sum;
	return 0;
wrong:
	return why_set(why, E_USAGE, "\"%s\" is not a duration (try 100ms, 3s or 1h30m)", text);
}

static int parse_port(const char *text, uint16_t *port)
{
	unsigned long value = 0;

	if (*text == '\0' || strlen(text) > 5)
		return E_USAGE;
	for (; *text != '\0'; text++) {
		if (!isdigit((unsigned char)*text))
			return E_USAGE;
		value = value * 10 + (unsigned long)(*text - '0');
	}
	if (value > UINT16_MAX)
		return E_USAGE;
	*port = (uint16_t)value;
	return 0;
}

/* True when HOST has only characters of a name, an IPv4 address, or an IPv6 address with its zone. */
static bool fits_host(const char *host, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)host[i]) && strchr(".-_:%", host[i]) == NULL)
			return false;
	return true;
}

int units_hostport(const char *text, struct hostport *out, struct why *why)
{
	const char *host = text, *colon = strrchr(text, ':');
	size_t len = colon == NULL ? 0 : (size_t)(colon - text);
	struct buf shown = { 0 };

	if (colon != NULL && text[0] == '[') {
		if (len < 2 || text[len - 1] != ']')
			goto wrong;
		host = text + 1;
		len -= 2;
	} else if (len > 0 && memchr(text, ':', len) != NULL) {
		goto wrong; /* an IPv6 address needs brackets */
	}
	if (len >= sizeof(out->host) || !fits_host(host, len) ||
	        parse_port(colon == NULL ? text : colon + 1, &out->port) < 0)
		goto wrong;
	memcpy(out->host, host, len);
	out->host[len] = '\0';
	return 0;
wrong:
	redact_url(&shown, text);
	why_set(why, E_USAGE, "\"%s\" is not an address (try :6831, 127.0.0.1:6831 or [::1]:6831)", buf_cstr(&shown));
	buf_free(&shown);
	return why->code;
}

const char *units_print_hostport(const struct hostport *at, char *to, size_t cap)
{
	bool bare = strchr(at->host, ':') != NULL; /* an IPv6 address */

	snprintf(to, cap, "%s%s%s:%u", bare ? "[" : "", at->host, bare ? "]" : "", (unsigned)at->port);
	return to;
}

/* Parses "Z" or "+01:00" (not "-0530") to minutes east of Greenwich. */
static bool read_zone(const char *text, int *minutes)
{
	unsigned h, m;
	int end = 0;

	*minutes = 0;
	if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0)
		return true;
	if ((*text != '+' && *text != '-') || !isdigit((unsigned char)text[1]) ||
	        sscanf(text + 1, "%2u:%2u%n", &h, &m, &end) != 2 || end != 5 || text[6] != '\0' || h > 23 || m > 59)
		return false;
	*minutes = (int)(60 * h + m) * (*text == '-' ? -1 : 1);
	return true;
}

/* Parses a fraction of a second to milliseconds, truncated. Returns the text behind it. */
static const char *read_fraction(const char *text, unsigned *ms)
{
	unsigned weight = 100;

	*ms = 0;
	if (*text != '.' || text[1] < '0' || text[1] > '9')
		return text;
	for (text++; *text >= '0' && *text <= '9'; text++, weight /= 10)
		*ms += weight * (unsigned)(*text - '0');
	return text;
}

/* Parses "2026-11-24T20:43:21", with exactly this number of digits. */
static bool read_second(const char *text, struct tm *tm)
{
	static const char form[] = "0000-00-00T00:00:00";

	for (size_t i = 0; i < sizeof(form) - 1; i++)
		if (form[i] == '0' ? !isdigit((unsigned char)text[i]) : toupper((unsigned char)text[i]) != form[i])
			return false;
	return sscanf(text, "%4d-%2d-%2d%*c%2d:%2d:%2d", &tm->tm_year, &tm->tm_mon, &tm->tm_mday, &tm->tm_hour,
	               &tm->tm_min, &tm->tm_sec) == 6;
}

int units_time(const char *text, uint64_t *wall_ms, struct why *why)
{
	struct tm tm = { 0 }, again;
	unsigned ms;
	time_t s;
	int east;

	if (!read_second(text, &tm) || !read_zone(read_fraction(text + 19, &ms), &east))
		goto wrong;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	again = tm;
	s = timegm(&again);
	/* timegm normalises the 31st of April to the 1st of May; such a date is refused. */
	if (again.tm_mon != tm.tm_mon || again.tm_mday != tm.tm_mday || again.tm_hour != tm.tm_hour ||
	        again.tm_min != tm.tm_min || again.tm_sec != tm.tm_sec || s < (time_t)east * 60)
		goto wrong;
	*wall_ms = (uint64_t)(s - (time_t)east * 60) * 1000 + ms;
	return 0;
wrong:
	return why_set(why, E_USAGE, "\"%s\" is not a time (try 2026-11-24T20:43:21Z)", text);
}

const char *units_print_size(uint64_t bytes, char *to, size_t cap)
{
	static const char *const names[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double value = (double)bytes;
	size_t i = 0;

	while (value >= 1024 && i + 1 < ARRAY_LEN(names)) {
		value /= 1024;
		i++;
	}
	snprintf(to, cap, value == floor(value) ? "%.0f %s" : "%.1f %s", value, names[i]);
	return to;
}

const char *units_print_duration(uint64_t us, char *to, size_t cap)
{
	uint64_t s = us / US_PER_S;

	if (us < US_PER_MS)
		snprintf(to, cap, "%uus", (unsigned)us);
	else if (us < US_PER_S)
		snprintf(to, cap, "%gms", (double)(us / 10) / 100);
	else if (s < 60)
		snprintf(to, cap, "%gs", (double)(us / 10000) / 100);
	else if (s < 3600)
		snprintf(to, cap, s % 60 == 0 ? "%um" : "%um%us", (unsigned)(s / 60), (unsigned)(s % 60));
	else
		snprintf(to, cap, s / 60 % 60 == 0 ? "%uh" : "%uh%um", (unsigned)(s / 3600), (unsigned)(s / 60 % 60));
	return to;
}

const char *units_print_time(uint64_t wall_ms, char *to, size_t cap)
{
	time_t s = (time_t)(wall_ms / 1000);
	char second[32];
	struct tm tm;

	gmtime_r(&s, &tm);
	strftime(second, sizeof(second), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(to, cap, "%s.%03uZ", second, (unsigned)(wall_ms % 1000));
	return to;
}
