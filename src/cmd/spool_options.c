/* SPDX-License-Identifier: Apache-2.0 */
/* spool_options.c — the options of `spanspool spool`, in groups; each verb has some of the groups. */
#include "base/clock.h"
#include "spool_verbs.h"
#include "base/units.h"

#define S struct spool_settings
static const struct conf_row where_rows[] = {
	CONF_DIRECTORY(S, directory, "spool.directory", "/var/lib/spanspool", "where the spool is"),
	CONF_END,
};

static const struct conf_row json_rows[] = {
	CONF_BOOL(S, json, "json", "false", "print JSON"),
	CONF_END,
};

static const struct conf_row range_rows[] = {
	CONF_TEXT(S, since, "since", "", "received then or later: a time, or how long ago"),
	CONF_TEXT(S, until, "until", "", "received before: a time, or how long ago"),
	CONF_COUNT(S, limit, "limit", "0", "at most so many batches; 0 is all"),
	CONF_BOOL(S, delivered, "delivered", "false", "also those that are delivered and still in a segment"),
	CONF_END,
};

static const struct conf_row form_rows[] = {
	CONF_CHOICE(S, format, "format", "json|tbinary", "json", "JSON lines, or one file a batch as it goes to Kafka"),
	CONF_DIRECTORY(S, to, "to", "", "directory for the files of --format=tbinary"),
	CONF_END,
};

static const struct conf_row apply_rows[] = {
	CONF_BOOL(S, apply, "apply", "false", "do it; without, only say what would be done"),
	CONF_END,
};

static const struct conf_row all_rows[] = {
	CONF_BOOL(S, all, "all", "false", "every record there"),
	CONF_END,
};
static const struct conf_row trust_rows[] = {
	CONF_BOOL(S, unverified, "unverified", "false",
	        "also what only looks like a batch: where the spool's key is lost, or of another "
	        "spool"),
	CONF_END,
};
#undef S

#define WHERE                                                                                                          \
	{                                                                                                              \
		"Spool", where_rows, 0                                                                                 \
	}
#define JSON                                                                                                           \
	{                                                                                                              \
		"Output", json_rows, 0                                                                                 \
	}
#define RANGE                                                                                                          \
	{                                                                                                              \
		"Range", range_rows, 0                                                                                 \
	}
#define FORM                                                                                                           \
	{                                                                                                              \
		"Form", form_rows, 0                                                                                   \
	}
#define APPLY                                                                                                          \
	{                                                                                                              \
		"Repair", apply_rows, 0                                                                                \
	}
#define EVERY                                                                                                          \
	{                                                                                                              \
		"Retry", all_rows, 0                                                                                   \
	}
#define TRUST                                                                                                          \
	{                                                                                                              \
		"Checksums", trust_rows, 0                                                                             \
	}
#define END                                                                                                            \
	{                                                                                                              \
		NULL, NULL, 0                                                                                          \
	}

static const struct options_group inspect_groups[] = { WHERE, JSON, END };
static const struct options_group export_groups[] = { WHERE, RANGE, FORM, TRUST, END };
static const struct options_group repair_groups[] = { WHERE, JSON, APPLY, END };
static const struct options_group quarantine_export_groups[] = { WHERE, FORM, TRUST, END };
static const struct options_group quarantine_retry_groups[] = { WHERE, EVERY, TRUST, END };
static const struct options_group all_groups[] = { WHERE, JSON, RANGE, FORM, APPLY, EVERY, TRUST, END };

/* Parses a time, "2026-11-24T20:43:21Z", or a duration before now, "15m". */
static int parse_time(const char *text, uint64_t *ms, struct why *why)
{
	uint64_t ago, now = clock_wall_ms();

	if (units_time(text, ms, why) == 0)
		return 0;
	if (units_duration(text, &ago, why) < 0)
		return why_set(
		        why, E_USAGE, "\"%.80s\" is no time (try 2026-11-24T20:43:21Z, or 15m for so long ago)", text);
	*ms = now - min_u64(ago / US_PER_MS, now);
	return 0;
}

static int finish(struct conf *c, void *settings, struct why *why)
{
	struct spool_settings *set = settings;

	if (options_spool_directory(c, why) < 0)
		return why->code;
	set->until_ms = UINT64_MAX;
	return 0;
}

static int finish_export(struct conf *c, void *settings, struct why *why)
{
	struct spool_settings *set = settings;

	if (finish(c, settings, why) < 0)
		return why->code;
	if (set->since != NULL && set->since[0] != '\0' && parse_time(set->since, &set->since_ms, why) < 0)
		return conf_add_source(c, "since", why);
	if (set->until != NULL && set->until[0] != '\0' && parse_time(set->until, &set->until_ms, why) < 0)
		return conf_add_source(c, "until", why);
	if (set->since_ms > set->until_ms) {
		why_set(why, E_USAGE, "is before --since, so that there is nothing between them");
		return conf_add_source(c, "until", why);
	}
	if ((set->format == SPOOL_FORMAT_TBINARY) != (set->to[0] != '\0')) {
		why_set(why, E_USAGE, "--format=tbinary and --to=DIRECTORY want each other");
		return why->code;
	}
	return 0;
}

/* --apply counts only as a flag: a variable or a file must not make a repair change the spool. */
static int finish_repair(struct conf *c, void *settings, struct why *why)
{
	struct spool_settings *set = settings;

	if (finish(c, settings, why) < 0)
		return why->code;
	if (!set->apply || conf_origin(c, "apply") == CONF_FLAG)
		return 0;
	why_set(why, E_USAGE, "only the flag --apply counts");
	return conf_add_source(c, "apply", why);
}

#define SPEC(which, of, does, form, group, end)                                                                        \
	const struct options_spec which = {                                                                            \
		.command = (of),                                                                                       \
		.summary = (does),                                                                                     \
		.synopsis = (form),                                                                                    \
		.manual = "spanspool-spool(8)",                                                                        \
		.groups = (group),                                                                                     \
		.size = sizeof(struct spool_settings),                                                                 \
		.tool = true,                                                                                          \
		.finish = (end),                                                                                       \
	}

SPEC(spool_stat_options, "spool stat", "what waits, on what disk, and the ledger", NULL, inspect_groups, finish);
SPEC(spool_ls_options, "spool ls", "the segments", NULL, inspect_groups, finish);
SPEC(spool_export_options, "spool export", "the batches that wait, as JSON lines or TBinary files", NULL, export_groups,
        finish_export);
SPEC(spool_verify_options, "spool verify", "reads everything; exit 3 on damage", NULL, inspect_groups, finish);
SPEC(spool_repair_options, "spool repair", "writes anew what is intact of damaged segments and sets them aside", NULL,
        repair_groups, finish_repair);
SPEC(spool_quarantine_ls_options, "spool quarantine ls", "what was set aside, and why", NULL, inspect_groups, finish);
SPEC(spool_quarantine_export_options, "spool quarantine export",
        "records that were set aside, as JSON lines or TBinary files", "[NAME...] [options]", quarantine_export_groups,
        finish_export);
SPEC(spool_quarantine_retry_options, "spool quarantine retry", "puts records back into the spool",
        "NAME...|--all [options]", quarantine_retry_groups, finish);
SPEC(spool_options, "spool", "look at, take out and mend a spool", "VERB [options]", all_groups, finish);
