/* SPDX-License-Identifier: Apache-2.0 */
/* test_exporter_check.c — what is refused before it is posted, and with which word. */
#include "batchmake.h"
#include "exporter/exporter.h"
#include "tap.h"

static const char *cause_of(struct slice value, struct inspect_facts *facts, struct why *why)
{
	const char *cause = "none";

	return exporter_check(value, facts, &cause, why) == 0 ? "" : cause;
}

static void a_batch_passes_with_its_facts(void)
{
	struct inspect_facts facts;
	struct buf b = { 0 };
	struct why why;

	batchmake(&b, "svc", 1, 1, 7);
	is_text(cause_of(buf_slice(&b), &facts, &why), "", "it passes");
	is_int(facts.spans, 7, "its spans are counted");
	buf_text(&b, "trailing bytes that no reader looks at");
	is_text(cause_of(buf_slice(&b), &facts, &why), "", "what trails does not matter");
	batchmake(&b, "svc", 1, 1, 1);
	is_text(cause_of(buf_slice(&b), &facts, &why), "", "not even a batch behind garbage: nobody could find it");
	buf_free(&b);
}

static void a_second_batch_is_not_lost_in_silence(void)
{
	struct inspect_facts facts;
	struct buf b = { 0 };
	struct why why;

	batchmake(&b, "svc", 1, 1, 1);
	batchmake(&b, "svc", 2, 1, 1);
	is_text(cause_of(buf_slice(&b), &facts, &why), "second_batch", "it is refused");
	buf_free(&b);
}

static void each_cut_of_a_batch_is_malformed(void)
{
	struct inspect_facts facts;
	struct buf b = { 0 };
	struct why why;
	int good = 1;

	batchmake(&b, "svc", 1, 1, 2);
	for (size_t n = 0; n < b.len; n++)
		good &= strcmp(cause_of(slice_of(b.at, n), &facts, &why), "malformed") == 0;
	ok(good, "all %zu of them", b.len);
	buf_free(&b);
}

static void a_service_name_must_be_utf8(void)
{
	static const struct {
		const char *name;
		bool good;
	} rows[] = {
		{ "plain", true },
		{ "", true },
		{ "caf\xc3\xa9", true },
		{ "\xe2\x82\xac", true },
		{ "\xf0\x9f\x98\x80", true },
		{ "\xed\x9f\xbf", true },
		{ "\xee\x80\x80", true },
		{ "\xf4\x8f\xbf\xbf", true },
		{ "\xe0\xa0\x80", true },
		{ "\xf0\x90\x80\x80", true },
		{ "caf\xe9", false },
		{ "\x80", false },
		{ "\xbf", false },
		{ "\xc0\x80", false },
		{ "\xc1\xbf", false },
		{ "\xc3", false },
		{ "\xc3(", false },
		{ "\xe0\x80\x80", false },
		{ "\xe0\x9f\xbf", false },
		{ "\xed\xa0\x80", false },
		{ "\xed\xbf\xbf", false },
		{ "\xe2\x82", false },
		{ "\xe2\x82(", false },
		{ "\xf0\x80\x80\x80", false },
		{ "\xf0\x8f\xbf\xbf", false },
		{ "\xf4\x90\x80\x80", false },
		{ "\xf5\x80\x80\x80", false },
		{ "\xf0\x9f\x98", false },
		{ "\xff", false },
		{ "a\xfe", false },
	};
	struct inspect_facts facts;
	struct why why;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf b = { 0 };

		batchmake(&b, rows[i].name, 1, 1, 1);
		is_text(cause_of(buf_slice(&b), &facts, &why), rows[i].good ? "" : "service_not_utf8",
		        rows[i].good ? "UTF-8" : "not UTF-8");
		buf_free(&b);
	}
}

int main(void)
{
	a_batch_passes_with_its_facts();
	a_second_batch_is_not_lost_in_silence();
	each_cut_of_a_batch_is_malformed();
	a_service_name_must_be_utf8();
	return tap_done();
}
