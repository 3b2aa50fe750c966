/* SPDX-License-Identifier: Apache-2.0 */
/* test_replay.c — what --from and --until take, which pairs are refused, and what they mean for a partition. */
#include "policy/replay.h"
#include "tap.h"

static struct replay_point point(const char *text)
{
	struct replay_point p;
	struct why why;

	if (replay_point_read(text, &p, &why) < 0)
		ok(0, "\"%s\" is a point: %s", text, why.text);
	return p;
}

static void a_point_is_a_word_a_time_or_offsets(void)
{
	static const struct {
		const char *text;
		enum replay_kind kind;
	} good[] = { { "", REPLAY_NONE }, { "stored", REPLAY_STORED }, { "beginning", REPLAY_BEGINNING },
		{ "end", REPLAY_END }, { "2026-11-24T20:43:21Z", REPLAY_TIME }, { "0:0", REPLAY_OFFSETS },
		{ "3:1200,4:17", REPLAY_OFFSETS } };
	static const char *const bad[] = { "begin", "3", "3:", ":3", "3:x", "-1:5", "1:-5", "1:2,", "1:2,,3:4", "1:2 ",
		"2147483648:1", "1:9223372036854775808", "1:1,1:2", "2026-11-24", "2026-13-24T20:43:21Z" };
	struct replay_point p;
	struct why why;

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		ok(point(good[i].text).kind == good[i].kind, "\"%s\"", good[i].text);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ok(replay_point_read(bad[i], &p, &why) == E_USAGE, "refused: %s", why.text);
	p = point("3:1200,2147483647:9223372036854775807");
	ok(p.n == 2 && p.offsets[0].partition == 3 && p.offsets[0].offset == 1200 &&
	                p.offsets[1].partition == INT32_MAX && p.offsets[1].offset == INT64_MAX,
	        "partitions and offsets are read");
	ok(point("1970-01-01T00:00:01.5Z").time_ms == 1500, "a time is in milliseconds");
}

static void pairs_that_make_no_sense_are_refused(void)
{
	static const struct {
		const char *from, *until;
		bool good;
	} rows[] = {
		{ "stored", "", true },
		{ "stored", "end", true },
		{ "stored", "stored", false },
		{ "stored", "1970-01-01T00:00:05Z", true },
		{ "beginning", "", true },
		{ "beginning", "end", true },
		{ "beginning", "stored", true },
		{ "beginning", "beginning", false },
		{ "beginning", "0:7", true },
		{ "end", "", true },
		{ "end", "end", false },
		{ "end", "stored", false },
		{ "end", "1970-01-01T00:00:05Z", false },
		{ "1970-01-01T00:00:05Z", "1970-01-01T00:00:06Z", true },
		{ "1970-01-01T00:00:05Z", "1970-01-01T00:00:05Z", false },
		{ "1970-01-01T00:00:10Z", "", true }, /* now */
		{ "1970-01-01T00:00:11Z", "", false },
		{ "beginning", "1970-01-01T00:00:11Z", false },
		{ "0:5", "0:6", true },
		{ "0:5", "0:5", false },
		{ "0:5,1:5", "1:4", false },
		{ "0:5", "1:4", true },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct replay_point from = point(rows[i].from), until = point(rows[i].until);
		struct why why = { 0 };
		int rc = replay_check(&from, &until, 10000, &why);

		ok(rc == (rows[i].good ? 0 : E_USAGE), "--from=%s --until=%s %s", rows[i].from, rows[i].until,
		        why.text);
	}
}

/* The broker has 100 to 199, 150 is stored; the time of --from is at 120, that of --until at 180. */
static void a_partition_has_the_range_of_the_two_points(void)
{
	static const struct {
		const char *from, *until;
		int64_t begin, end;
	} rows[] = {
		{ "stored", "", 150, -1 },
		{ "stored", "end", 150, 200 },
		{ "beginning", "", 100, -1 },
		{ "beginning", "end", 100, 200 },
		{ "beginning", "stored", 100, 150 },
		{ "end", "", 200, -1 },
		{ "1970-01-01T00:00:05Z", "", 120, -1 },
		{ "1970-01-01T00:00:05Z", "1970-01-01T00:00:06Z", 120, 180 },
		{ "3:130", "", 130, -1 },
		{ "3:130", "3:140", 130, 140 },
		{ "3:130", "4:140", 130, 200 }, /* not named: to the end */
		{ "3:50", "3:300", 100, 200 },  /* gone already; not there yet */
		{ "3:300", "end", 200, 200 },
		{ "4:130", "", 200, 200 }, /* not named: nothing */
		{ "1970-01-01T00:00:05Z", "3:110", 120, 120 },
	};
	struct replay_facts none = { 100, 200, -1, 120, 180 }, old = { 100, 200, 50, 120, 180 },
	                    f = { 100, 200, 150, 120, 180 };
	struct replay_point stored = point("stored"), end = point("end"), beginning = point("beginning");

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct replay_point from = point(rows[i].from), until = point(rows[i].until);
		struct replay_range r = replay_range(&from, &until, 3, &f);

		ok(r.begin == rows[i].begin && r.end == rows[i].end, "--from=%s --until=%s: %lld to %lld", rows[i].from,
		        rows[i].until, (long long)r.begin, (long long)r.end);
	}
	is_int(replay_range(&stored, &end, 3, &none).begin, 100, "nothing stored: the beginning");
	is_int(replay_range(&stored, &end, 3, &old).begin, 50,
	        "a stored offset that is gone stays, so that the gap is counted");
	is_int(replay_range(&beginning, &stored, 3, &none).end, 100, "until nothing: nothing");
}

int main(void)
{
	a_point_is_a_word_a_time_or_offsets();
	pairs_that_make_no_sense_are_refused();
	a_partition_has_the_range_of_the_two_points();
	return tap_done();
}
