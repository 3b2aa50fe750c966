/* SPDX-License-Identifier: Apache-2.0 */
/* retry_after.c — converts "120" or "Tue, 24 Nov 2026 20:43:21 GMT" to milliseconds, limited to
 * HTTP_RETRY_AFTER_MAX_MS: a server with a wrong clock must not stop delivery for a day. */
#include <ctype.h>
#include <curl/curl.h>

#include "http/client.h"
#include "retry_after.h"

static struct slice trim(struct slice s)
{
	while (s.len > 0 && isspace(s.at[0]))
		s = slice_of(s.at + 1, s.len - 1);
	while (s.len > 0 && isspace(s.at[s.len - 1]))
		s.len--;
	return s;
}

static bool all_digits(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!isdigit(s.at[i]))
			return false;
	return s.len > 0;
}

static int64_t parse_seconds(struct slice s)
{
	uint64_t ms = 0;

	for (size_t i = 0; i < s.len && ms < HTTP_RETRY_AFTER_MAX_MS; i++)
		ms = ms * 10 + (uint64_t)(s.at[i] - '0') * 1000;
	return (int64_t)min_u64(ms, HTTP_RETRY_AFTER_MAX_MS);
}

static int64_t parse_date(struct slice s, uint64_t now_ms)
{
	char text[64];
	time_t when;

	/* All three date formats of HTTP begin with the day's name; curl_getdate() accepts many more. */
	if (s.len == 0 || s.len >= sizeof(text) || !isalpha(s.at[0]))
		return -1;
	memcpy(text, s.at, s.len);
	text[s.len] = '\0';
	when = curl_getdate(text, NULL);
	if (when < 0)
		return -1;
	if ((uint64_t)when * 1000 <= now_ms)
		return 0;
	return (int64_t)min_u64((uint64_t)when * 1000 - now_ms, HTTP_RETRY_AFTER_MAX_MS);
}

int64_t retry_after_ms(struct slice value, uint64_t now_ms)
{
	struct slice s = trim(value);

	return all_digits(s) ? parse_seconds(s) : parse_date(s, now_ms);
}
