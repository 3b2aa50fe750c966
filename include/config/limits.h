/* SPDX-License-Identifier: Apache-2.0 */
/* The ranges of numeric options, as rows of a table. */
#ifndef LIMITS_H
#define LIMITS_H

#include "config/conf.h"

/* The value of the uint64_t field at offset AT lies between LEAST and MOST, both included, in the unit of
 * KIND: bytes, microseconds, or a count. */
struct limit {
	const char *name; /* of the option, without dashes */
	enum conf_type kind;
	size_t at;
	uint64_t least;
	uint64_t most;
	bool zero;        /* 0 is allowed too */
	const char *note; /* reason, appended to the error message; NULL for none */
};

#define LIMIT_FIELD(S, f) CONF_FIELD(S, f, uint64_t)
#define LIMIT_END                                                                                                      \
	{                                                                                                              \
		NULL, CONF_TYPE_COUNT, 0, 0, 0, false, NULL                                                            \
	}

/* E_USAGE names the first option of LIMITS whose value in SETTINGS is out of its range. */
int limits_check(const struct conf *c, const struct limit *limits, const void *settings, struct why *why) MUST_USE;

#endif
