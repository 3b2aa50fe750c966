/* SPDX-License-Identifier: Apache-2.0 */
/* test_response_class.c — the table of answers, row by row, and the verdicts. */
#include "policy/response_class.h"
#include "tap.h"

static void each_status_has_its_class(void)
{
	static const struct {
		int from, to;
		enum response want;
	} rows[] = {
		{ 100, 199, RESPONSE_RETRY },
		{ 200, 299, RESPONSE_DONE },
		{ 300, 399, RESPONSE_MISCONFIGURED },
		{ 400, 400, RESPONSE_REFUSED },
		{ 401, 407, RESPONSE_MISCONFIGURED },
		{ 408, 408, RESPONSE_RETRY },
		{ 409, 412, RESPONSE_MISCONFIGURED },
		{ 413, 413, RESPONSE_SPLIT },
		{ 414, 414, RESPONSE_MISCONFIGURED },
		{ 415, 415, RESPONSE_REFUSED },
		{ 416, 421, RESPONSE_MISCONFIGURED },
		{ 422, 422, RESPONSE_REFUSED },
		{ 423, 424, RESPONSE_MISCONFIGURED },
		{ 425, 425, RESPONSE_RETRY },
		{ 426, 428, RESPONSE_MISCONFIGURED },
		{ 429, 429, RESPONSE_RETRY },
		{ 430, 499, RESPONSE_MISCONFIGURED },
		{ 500, 599, RESPONSE_RETRY },
		{ 600, 999, RESPONSE_RETRY },
	};
	int covered = 0;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int good = 1;

		for (int s = rows[i].from; s <= rows[i].to; s++, covered++)
			good &= response_class(s, false, slice_of(NULL, 0)) == rows[i].want;
		ok(good, "%d to %d is %s", rows[i].from, rows[i].to, response_cause(rows[i].want));
	}
	is_int(covered, 900, "every status from 100 to 999 stands in the table");
}

/* The truth table of the mark. */
static void what_may_be_stored_is_known(void)
{
	int good = 1;

	ok(response_may_be_stored(0, true), "no answer to what was sent: perhaps");
	ok(!response_may_be_stored(0, false), "nothing was sent: no");
	for (int s = 300; s < 500; s++)
		good &= !response_may_be_stored(s, true);
	ok(good, "refused with 300 to 499: no");
	for (int s = 500; s < 600; s++)
		good &= response_may_be_stored(s, true);
	ok(good, "500 to 599: perhaps");
}

static void a_500_is_read_to_its_words(void)
{
	static const struct {
		const char *body;
		enum response want;
	} rows[] = {
		{ "", RESPONSE_RETRY },
		{ "Cannot submit Jaeger batch: sending queue is full\n", RESPONSE_RETRY },
		{ "Unable to process request body: http: request body too large\n", RESPONSE_SPLIT },
		{ "http: request body too larg", RESPONSE_RETRY },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		is_int(response_class(500, false, slice_text(rows[i].body)), rows[i].want, rows[i].body);
	is_int(response_class(503, false, slice_text("request body too large")), RESPONSE_RETRY, "only of a 500");
}

static void what_cannot_read_gzip_is_known_by_its_words(void)
{
	static const struct {
		int status;
		const char *body;
		bool want;
	} rows[] = {
		{ 400, "Unable to process request body: Unknown data type 31\n", true },
		{ 400, "unsupported Content-Encoding: gzip", true },
		{ 400, "Unable to process request body: Unknown data type 30", false },
		{ 400, "Unable to process request body: EOF", false },
		{ 400, "", false },
		{ 415, "", true },
		{ 422, "Unknown data type 31", false },
		{ 500, "Unknown data type 31", false },
		{ 202, "unsupported Content-Encoding", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		is_int(response_gzip_unread(rows[i].status, slice_text(rows[i].body)), rows[i].want, rows[i].body);
}

static void no_answer_is_retried_unless_it_is_the_configuration(void)
{
	is_int(response_class(0, false, slice_of(NULL, 0)), RESPONSE_RETRY, "transport");
	is_int(response_class(0, true, slice_of(NULL, 0)), RESPONSE_MISCONFIGURED, "TLS, name, URL");
}

static void a_refusal_needs_a_witness(void)
{
	static const struct {
		struct refusal r;
		enum refusal_verdict want;
		const char *name;
	} rows[] = {
		{ { 1, 100, 0, 1 }, VERDICT_RETRY, "first refusal, nothing else known: again" },
		{ { 1, 100, 100, 1 }, VERDICT_RETRY, "first refusal, others pass: again" },
		{ { 2, 100, 0, 2 }, VERDICT_PROBE, "second, nothing ever passed: ask" },
		{ { 2, 100, 99, 2 }, VERDICT_PROBE, "second, others passed before: ask" },
		{ { 2, 100, 100, 1 }, VERDICT_POISON, "second, another passed since: poison" },
		{ { 5, 100, 300, 1 }, VERDICT_POISON, "fifth, another passed since: poison" },
		{ { 2, 100, 300, 200 }, VERDICT_POISON, "200 in a row: still poison" },
		{ { 2, 100, 300, 201 }, VERDICT_BLOCK, "201 in a row: hold" },
		{ { 1, 100, 0, 201 }, VERDICT_BLOCK, "201 in a row, first refusal: hold" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		is_int(response_verdict(&rows[i].r), rows[i].want, rows[i].name);
}

static void a_probe_that_passed_condemns_what_was_refused_twice(void)
{
	static const struct {
		uint32_t times;
		enum refusal_verdict want;
		const char *name;
	} rows[] = {
		{ 1, VERDICT_RETRY, "refused once, the probe passed: again" },
		{ 2, VERDICT_POISON, "refused twice, the probe passed: poison" },
		{ 300, VERDICT_POISON, "refused often, the probe passed: poison" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		is_int(response_verdict_after_probe(rows[i].times), rows[i].want, rows[i].name);
}

static void failures_stick_only_when_the_others_pass(void)
{
	static const struct {
		struct failure_history t;
		bool want;
		const char *name;
	} rows[] = {
		{ { 8, 8, 60000000, 20, 0 }, true, "8 failures in a minute, 20 others passed" },
		{ { 7, 7, 60000000, 20, 0 }, false, "7 failures are too few" },
		{ { 99, 7, 60000000, 20, 0 }, false, "failures without another that passed since are none: an outage" },
		{ { 3, 8, 60000000, 20, 0 }, true, "a part of a batch that was stuck, failed 3 times itself" },
		{ { 2, 8, 60000000, 20, 0 }, false, "failed twice itself: the other part may be the bad one" },
		{ { 8, 8, 59999999, 20, 0 }, false, "less than a minute is too short" },
		{ { 8, 8, 60000000, 19, 0 }, false, "19 others are too few" },
		{ { 8, 8, 60000000, 20, 1 }, true, "one other in 20 failed" },
		{ { 8, 8, 60000000, 20, 2 }, false, "two others in 20 failed: it is the collector" },
		{ { 99, 1, 600000000, 0, 99 }, false, "an outage is never the batch's fault" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		is_int(response_stuck(&rows[i].t), rows[i].want, rows[i].name);
}

int main(void)
{
	each_status_has_its_class();
	what_may_be_stored_is_known();
	a_500_is_read_to_its_words();
	what_cannot_read_gzip_is_known_by_its_words();
	no_answer_is_retried_unless_it_is_the_configuration();
	a_refusal_needs_a_witness();
	a_probe_that_passed_condemns_what_was_refused_twice();
	failures_stick_only_when_the_others_pass();
	return tap_done();
}
