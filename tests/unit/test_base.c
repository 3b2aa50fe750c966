/* SPDX-License-Identifier: Apache-2.0 */
/* test_base.c — texts of codes, sentences, buffers, units. */
#include "base/log.h"
#include "base/buf.h"
#include "base/list.h"
#include "tap.h"
#include "base/units.h"

static void codes_are_negative_and_have_texts(void)
{
	ok(E_NOMEM < 0 && E_FATAL < 0, "codes are negative");
	is_text(err_text(E_CORRUPT), "stored data is corrupt", "the text comes from the table");
	is_text(err_text(0), "ok", "0 is ok");
}

static void a_sentence_grows_a_prefix(void)
{
	struct why why;

	is_int(why_set(&why, E_USAGE, "\"%s\" is odd", "12q"), E_USAGE, "why_set returns the code");
	is_int(why_wrap(&why, "spool.max-bytes"), E_USAGE, "why_wrap keeps it");
	is_text(why.text, "spool.max-bytes: \"12q\" is odd", "the prefix stands before");
}

static void a_sentence_is_one_line(void)
{
	struct why why;

	why_set(&why, E_USAGE, "%s", "outside of 0..7\r\n");
	is_text(why.text, "outside of 0..7", "newlines at its end are cut");
	why_set(&why, E_USAGE, "\"%s\" is odd", "1\n2\t\x1b[1m");
	why_wrap(&why, "%s", "a\nb");
	is_text(why.text, "a?b: \"1?2??[1m\" is odd", "other control characters are replaced");
}

static void sizes_are_read(void)
{
	static const struct {
		const char *text;
		int64_t want; /* -1: refused */
	} cases[] = {
		{ "0", 0 },
		{ "512", 512 },
		{ "64MiB", 64 << 20 },
		{ "2G", INT64_C(2) << 30 },
		{ "1.5KiB", 1536 },
		{ "100kB", 102400 - 2400 },
		{ "12q", -1 },
		{ "", -1 },
		{ "-1", -1 },
		{ "1e400", -1 },
		{ "0x10", -1 },
		{ "nan", -1 },
		{ "99999999T", -1 },
	};
	struct why why;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t got = 0;
		int rc = units_size(cases[i].text, &got, &why);

		if (cases[i].want < 0)
			ok(rc == E_USAGE && strstr(why.text, cases[i].text), "size \"%s\" is refused by name",
			        cases[i].text);
		else
			ok(rc == 0 && got == (uint64_t)cases[i].want, "size \"%s\"", cases[i].text);
	}
}

static void durations_are_read(void)
{
	static const struct {
		const char *text;
		int64_t want;
	} cases[] = {
		{ "0", 0 },
		{ "100ms", 100000 },
		{ "3s", 3000000 },
		{ "1h30m", INT64_C(5400000000) },
		{ "250us", 250 },
		{ "2d", INT64_C(172800000000) },
		{ "5", -1 },
		{ "5 s", -1 },
		{ "s", -1 },
	};
	struct why why;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t got = 0;
		int rc = units_duration(cases[i].text, &got, &why);

		if (cases[i].want < 0)
			is_int(rc, E_USAGE, cases[i].text);
		else
			ok(rc == 0 && got == (uint64_t)cases[i].want, "duration \"%s\"", cases[i].text);
	}
}

static void addresses_are_read(void)
{
	static const struct {
		const char *text, *host;
		int port; /* -1: refused */
	} cases[] = {
		{ ":6831", "", 6831 },
		{ "6799", "", 6799 },
		{ "127.0.0.1:0", "127.0.0.1", 0 },
		{ "[::1]:6831", "::1", 6831 },
		{ "localhost:14271", "localhost", 14271 },
		{ "::1:6831", "", -1 },
		{ "host:70000", "", -1 },
		{ "host:", "", -1 },
		{ "", "", -1 },
		{ "[::1:1", "", -1 },
		{ "[fe80::1%eth0]:1", "fe80::1%eth0", 1 },
		{ "a b:1", "", -1 },
		{ "x/y:1", "", -1 },
		{ "a,b:1", "", -1 },
	};
	struct why why;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct hostport hp = { 0 };
		int rc = units_hostport(cases[i].text, &hp, &why);

		if (cases[i].port < 0)
			ok(rc == E_USAGE, "address \"%s\" is refused", cases[i].text);
		else
			ok(rc == 0 && hp.port == cases[i].port && strcmp(hp.host, cases[i].host) == 0, "address \"%s\"",
			        cases[i].text);
	}
}

static void addresses_are_printed_as_they_are_read(void)
{
	static const char *const texts[] = { ":6831", "127.0.0.1:0", "[::1]:6831", "[fe80::1%eth0]:1",
		"localhost:14271" };
	char text[HOSTPORT_TEXT];
	struct hostport at;
	struct why why;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		ok(units_hostport(texts[i], &at, &why) == 0 &&
		                strcmp(units_print_hostport(&at, text, sizeof(text)), texts[i]) == 0,
		        "address \"%s\" is printed as \"%s\"", texts[i], text);
}

static void times_are_read(void)
{
	static const struct {
		const char *text;
		int64_t ms; /* -1: refused */
	} cases[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2023-11-14T22:13:20.123Z", 1700000000123 },
		{ "2023-11-14t22:13:20z", 1700000000000 },
		{ "2023-11-14T22:13:20.1Z", 1700000000100 },
		{ "2023-11-14T22:13:20.999999Z", 1700000000999 },
		{ "2023-11-14T23:43:20+01:30", 1700000000000 },
		{ "2023-11-14T21:13:20-01:00", 1700000000000 },
		{ "2024-02-29T00:00:00Z", 1709164800000 },
		{ "2023-02-29T00:00:00Z", -1 },
		{ "2023-11-14", -1 },
		{ "2023-11-14T22:13:20", -1 },
		{ "2023-11-14T22:13:20.Z", -1 },
		{ "2023-13-14T22:13:20Z", -1 },
		{ "2023-11-14T24:13:20Z", -1 },
		{ "2023-11- 4T22:13:20Z", -1 },
		{ "2023-11-14T22:13:20+1:00", -1 },
		{ "2023-11-14T22:13:20Zz", -1 },
		{ "yesterday", -1 },
		{ "", -1 },
		{ "1969-12-31T23:59:59Z", -1 },
	};
	struct why why;
	char to[40];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t ms = 7;
		int rc = units_time(cases[i].text, &ms, &why);

		if (cases[i].ms < 0)
			is_int(rc, E_USAGE, cases[i].text);
		else
			is_int(ms, cases[i].ms, cases[i].text);
	}
	is_text(units_print_time(1700000000123, to, sizeof(to)), "2023-11-14T22:13:20.123Z", "and printed");
}

static void numbers_print_short(void)
{
	char to[32];

	is_text(units_print_size(1536, to, sizeof(to)), "1.5 KiB", "1536 bytes");
	is_text(units_print_size(64 << 20, to, sizeof(to)), "64 MiB", "64 MiB");
	is_text(units_print_duration(100000, to, sizeof(to)), "100ms", "100 ms");
	is_text(units_print_duration(5400 * US_PER_S, to, sizeof(to)), "1h30m", "90 minutes");
}

static void buffers_grow(void)
{
	struct buf b = { 0 };

	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "%d,", i % 10);
	ok(buf_check(&b) == 0 && b.len == 2000, "a thousand appends stand behind each other");
	ok(strncmp(buf_cstr(&b), "0,1,2,", 6) == 0, "and can be read as text");
	buf_free(&b);
}

static void losses_are_reported_at_once_and_then_together(void)
{
	static const struct {
		uint64_t total, now_s;
		bool last;
		uint64_t due;
	} looks[] = {
		{ 5, 1, false, 0 },   /* as many as at the start */
		{ 8, 2, false, 3 },   /* at once */
		{ 9, 3, false, 0 },   /* too soon */
		{ 14, 11, false, 0 }, /* nearly ten seconds later */
		{ 14, 12, false, 6 }, /* together */
		{ 14, 40, false, 0 }, /* nothing new */
		{ 15, 41, false, 1 }, /* at once again */
		{ 16, 42, true, 1 },  /* the end waits for nothing */
		{ 16, 43, true, 0 },
	};
	struct log_count c = { .reported = 5 };

	for (size_t i = 0; i < ARRAY_LEN(looks); i++)
		is_int(log_count_due(&c, looks[i].total, looks[i].now_s * 1000000, looks[i].last), looks[i].due,
		        "what is due");
}

int main(void)
{
	losses_are_reported_at_once_and_then_together();
	codes_are_negative_and_have_texts();
	a_sentence_grows_a_prefix();
	a_sentence_is_one_line();
	sizes_are_read();
	durations_are_read();
	addresses_are_read();
	addresses_are_printed_as_they_are_read();
	times_are_read();
	numbers_print_short();
	buffers_grow();
	return tap_done();
}
