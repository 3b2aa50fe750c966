/* SPDX-License-Identifier: Apache-2.0 */
/* limits.c — compares numeric options with the ranges of a table. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config/limits.h"
#include "base/units.h"

enum { NUMBER_BYTES = 32 };

static const char *print_number(enum conf_type kind, uint64_t value, char *to)
{
	if (kind == CONF_TYPE_SIZE)
		return units_print_size(value, to, NUMBER_BYTES);
	if (kind == CONF_TYPE_DURATION && value == 0)
		return "0";
	if (kind == CONF_TYPE_DURATION)
		return units_print_duration(value, to, NUMBER_BYTES);
	snprintf(to, NUMBER_BYTES, "%" PRIu64, value);
	return to;
}

static int out_of_range(const struct conf *c, const struct limit *l, uint64_t value, struct why *why)
{
	char is[NUMBER_BYTES], least[NUMBER_BYTES], most[NUMBER_BYTES];

	why_set(why, E_USAGE, "%s is not between %s and %s%s%s%s", print_number(l->kind, value, is),
	        print_number(l->kind, l->least, least), print_number(l->kind, l->most, most), l->zero ? ", nor 0" : "",
	        l->note == NULL ? "" : ": ", l->note == NULL ? "" : l->note);
	return conf_add_source(c, l->name, why);
}

int limits_check(const struct conf *c, const struct limit *limits, const void *settings, struct why *why)
{
	for (const struct limit *l = limits; l->name != NULL; l++) {
		uint64_t value;

		memcpy(&value, (const char *)settings + l->at, sizeof(value));
		if (l->zero && value == 0)
			continue;
		if (value < l->least || value > l->most)
			return out_of_range(c, l, value, why);
	}
	return 0;
}
