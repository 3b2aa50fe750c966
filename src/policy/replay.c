/* SPDX-License-Identifier: Apache-2.0 */
/* replay.c — parses the two points, refuses pairs that select nothing, and applies them to one partition. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "policy/replay.h"
#include "base/units.h"

static const struct {
	const char *word;
	enum replay_kind kind;
} kinds[] = { { "", REPLAY_NONE }, { "stored", REPLAY_STORED }, { "beginning", REPLAY_BEGINNING },
	{ "end", REPLAY_END } };

/* Parses digits up to a character of ENDS or the end of the text, and moves TEXT behind them. False: there are no digits,
 * another character follows, or the number is larger than MOST. */
static bool read_number(const char **text, const char *ends, int64_t most, int64_t *to)
{
	const char *at = *text;

	*to = 0;
	for (; *at >= '0' && *at <= '9'; at++) {
		if (*to > (most - (*at - '0')) / 10)
			return false;
		*to = *to * 10 + (*at - '0');
	}
	if (at == *text || strchr(ends, *at) == NULL)
		return false;
	*text = at;
	return true;
}

static int read_offsets(const char *text, struct replay_point *to, struct why *why)
{
	const char *at = text;
	int64_t partition, offset;

	do {
		if (to->n == REPLAY_OFFSETS_MOST)
			return why_set(why, E_USAGE, "more than %d partitions are named", REPLAY_OFFSETS_MOST);
		if (!read_number(&at, ":", INT32_MAX, &partition) || *at++ != ':' ||
		        !read_number(&at, ",", INT64_MAX, &offset))
			return why_set(why, E_USAGE,
			        "\"%s\" is not beginning, end, stored, a time as "
			        "2026-11-24T20:43:21Z, or partition:offset",
			        text);
		for (size_t i = 0; i < to->n; i++)
			if (to->offsets[i].partition == partition)
				return why_set(why, E_USAGE, "partition %" PRId64 " is named twice", partition);
		to->offsets[to->n].partition = (int32_t)partition;
		to->offsets[to->n++].offset = offset;
	} while (*at++ == ',');
	to->kind = REPLAY_OFFSETS;
	return 0;
}

int replay_point_read(const char *text, struct replay_point *to, struct why *why)
{
	*to = (struct replay_point){ REPLAY_NONE, 0, { { 0, 0 } }, 0 };
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (strcmp(text, kinds[i].word) == 0) {
			to->kind = kinds[i].kind;
			return 0;
		}
	}
	if (units_time(text, &to->time_ms, why) == 0) {
		to->kind = REPLAY_TIME;
		return 0;
	}
	return read_offsets(text, to, why);
}

static bool find_offset(const struct replay_point *p, int32_t partition, int64_t *offset)
{
	for (size_t i = 0; i < p->n; i++) {
		if (p->offsets[i].partition == partition) {
			*offset = p->offsets[i].offset;
			return true;
		}
	}
	return false;
}

static int check_offsets(const struct replay_point *from, const struct replay_point *until, struct why *why)
{
	int64_t end;

	if (from->kind != REPLAY_OFFSETS || until->kind != REPLAY_OFFSETS)
		return 0;
	for (size_t i = 0; i < from->n; i++)
		if (find_offset(until, from->offsets[i].partition, &end) && end <= from->offsets[i].offset)
			return why_set(why, E_USAGE,
			        "partition %" PRId32 " would end at offset %" PRId64 ", but begin at %" PRId64,
			        from->offsets[i].partition, end, from->offsets[i].offset);
	return 0;
}

int replay_check(const struct replay_point *from, const struct replay_point *until, uint64_t now_ms, struct why *why)
{
	if (from->kind == REPLAY_TIME && from->time_ms > now_ms)
		return why_set(why, E_USAGE, "--from is a time to come: no record of that time exists yet");
	if (until->kind == REPLAY_TIME && until->time_ms > now_ms)
		return why_set(why, E_USAGE, "--until is a time to come: its offset cannot be known yet");
	if (until->kind == REPLAY_BEGINNING)
		return why_set(why, E_USAGE, "--until=beginning: nothing is before the beginning");
	if (from->kind == REPLAY_END && until->kind != REPLAY_NONE)
		return why_set(why, E_USAGE,
		        "--from=end reads only records to come, so it goes with neither --until, "
		        "--exit-at-end nor --dry-run, which end with the records that are there");
	if (from->kind == REPLAY_STORED && until->kind == REPLAY_STORED)
		return why_set(why, E_USAGE, "--until=stored ends where --from=stored begins");
	if (from->kind == REPLAY_TIME && until->kind == REPLAY_TIME && until->time_ms <= from->time_ms)
		return why_set(why, E_USAGE, "--until is not after --from");
	return check_offsets(from, until, why);
}

static int64_t clamp(int64_t at, int64_t least, int64_t most)
{
	return at < least ? least : at > most ? most : at;
}

static int64_t begin_of(const struct replay_point *from, int32_t partition, const struct replay_facts *f)
{
	int64_t at;

	switch (from->kind) {
	case REPLAY_BEGINNING:
		return f->first;
	case REPLAY_END:
		return f->end;
	case REPLAY_TIME:
		return clamp(f->at_from, f->first, f->end);
	case REPLAY_OFFSETS:
		return find_offset(from, partition, &at) ? clamp(at, f->first, f->end) : f->end;
	case REPLAY_STORED:
	case REPLAY_NONE:
		break;
	}
	return f->stored >= 0 ? f->stored : f->first;
}

static int64_t end_of(const struct replay_point *until, int32_t partition, const struct replay_facts *f)
{
	int64_t at;

	switch (until->kind) {
	case REPLAY_NONE:
		return -1;
	case REPLAY_STORED:
		return clamp(f->stored, f->first, f->end);
	case REPLAY_TIME:
		return clamp(f->at_until, f->first, f->end);
	case REPLAY_OFFSETS:
		return find_offset(until, partition, &at) ? clamp(at, f->first, f->end) : f->end;
	case REPLAY_BEGINNING:
	case REPLAY_END:
		break;
	}
	return f->end;
}

struct replay_range replay_range(const struct replay_point *from, const struct replay_point *until, int32_t partition,
        const struct replay_facts *facts)
{
	struct replay_range r = { begin_of(from, partition, facts), end_of(until, partition, facts) };
	int64_t at;

	if (from->kind == REPLAY_OFFSETS && !find_offset(from, partition, &at))
		r.end = r.begin;
	if (r.end >= 0 && r.end < r.begin)
		r.end = r.begin;
	return r;
}
