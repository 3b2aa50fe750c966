/* SPDX-License-Identifier: Apache-2.0 */
/* test_retry_after.c — both forms of Retry-After, and what is neither. */
#include "../../src/http/retry_after.h"
#include "http/client.h"
#include "tap.h"

enum { MAX = HTTP_RETRY_AFTER_MAX_MS };

static void retry_after_is_read_in_both_forms(void)
{
	const uint64_t now = UINT64_C(1700000000000); /* Tue, 14 Nov 2023 22:13:20 GMT */
	static const struct {
		const char *text;
		int64_t want;
	} cases[] = {
		{ "0", 0 },
		{ "1", 1000 },
		{ " 120 \r\n", 120000 },
		{ "3599", 3599000 },
		{ "3600", MAX },
		{ "3601", MAX },
		{ "86400", MAX },
		{ "99999999999999999999999999999999", MAX },
		{ "007", 7000 },
		{ "Tue, 14 Nov 2023 22:13:21 GMT", 1000 },
		{ "Tue, 14 Nov 2023 22:14:20 GMT\r\n", 60000 },
		{ "Tuesday, 14-Nov-23 22:13:30 GMT", 10000 },
		{ "Tue Nov 14 22:13:30 2023", 10000 },
		{ "Tue, 14 Nov 2023 22:13:19 GMT", 0 },
		{ "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
		{ "Wed, 15 Nov 2023 22:13:20 GMT", MAX },
		{ "Fri, 31 Dec 9999 23:59:59 GMT", MAX },
		{ "", -1 },
		{ " ", -1 },
		{ "-1", -1 },
		{ "+5", -1 },
		{ "1.5", -1 },
		{ "5s", -1 },
		{ "soon", -1 },
		{ "0x10", -1 },
		{ "12 13", -1 },
		{ "Xyz, 99 Foo 2023 99:99:99 GMT", -1 },
		{ "Tue, 14 Nov 2023 22:13:21 GMT, and then a lot of text that is longer than any "
		  "date",
		        -1 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		is_int(retry_after_ms(slice_text(cases[i].text), now), cases[i].want, cases[i].text);
}

int main(void)
{
	retry_after_is_read_in_both_forms();
	return tap_done();
}
