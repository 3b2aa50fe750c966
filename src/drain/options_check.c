/* SPDX-License-Identifier: Apache-2.0 */
/* options_check.c — checks the drain's options without opening a socket. `config check` and the start both call
 * drain_check, so both accept and refuse the same options. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "drain/options.h"
#include "config/limits.h"

#define S struct drainer_settings
static const struct limit limits[] = {
	{ "drain.max-in-flight", CONF_TYPE_COUNT, LIMIT_FIELD(S, max_in_flight), 1, 10000, false, NULL },
	{ "drain.max-bytes", CONF_TYPE_SIZE, LIMIT_FIELD(S, max_bytes), 1 << 20, UINT64_C(1) << 40, false,
	        "the largest record that Kafka takes by default has 1 MiB" },
	{ "drain.max-ahead", CONF_TYPE_COUNT, LIMIT_FIELD(S, max_ahead), 1, UINT64_C(1) << 32, false,
	        "0 would let nothing through" },
	{ "shutdown.timeout", CONF_TYPE_DURATION, LIMIT_FIELD(S, shutdown_us), 0, UINT64_C(3600000000), false, NULL },
	LIMIT_END,
};
#undef S

/* A missing directory is accepted, because a start makes it, unless --from-quarantine reads it. */
static int check_quarantine(const struct conf *c, const struct drainer_settings *set, struct why *why)
{
	struct stat st;

	if (set->reads_directory && stat(set->quarantine_where, &st) < 0) {
		why_set(why, E_USAGE, "%s: %s", set->quarantine_where, strerror(errno));
		return conf_add_source(c, "drain.quarantine", why);
	}
	if (!(set->reads_directory || set->quarantine_kind == QUARANTINE_DIRECTORY) ||
	        stat(set->quarantine_where, &st) < 0 || S_ISDIR(st.st_mode))
		return 0;
	why_set(why, E_USAGE, "%s is no directory", set->quarantine_where);
	return conf_add_source(c, "drain.quarantine", why);
}

int drain_check(const struct conf *c, const void *settings, struct why *why)
{
	const struct drainer_settings *set = settings;

	if (limits_check(c, limits, set, why) < 0)
		return why->code;
	if (set->admin[0] == '\0') {
		why_set(why, E_USAGE, "is empty (try :14270, or none)");
		return conf_add_source(c, "admin.http.host-port", why);
	}
	if (collector_check(c, &set->collector, why) < 0)
		return why->code;
	if (check_quarantine(c, set, why) < 0)
		return why->code;
	return set->reads_directory ? 0 : drain_kafka_check(set, why);
}
