/* SPDX-License-Identifier: Apache-2.0 */
/* response_class.c — the table of responses, and the decisions that need more than one response.
 *
 * The first row that covers the status, and whose body_text the body contains, decides. A status without a row of its
 * own waits for an operator (4xx) or is retried (all others): neither loses a batch. */
#include <string.h>

#include "policy/response_class.h"

struct row {
	int from;
	int to;
	const char *body_text; /* the body must contain it; NULL: any body */
	enum response means;
};

static const struct row table[] = {
	{ 200, 299, NULL, RESPONSE_DONE },
	{ 300, 399, NULL, RESPONSE_MISCONFIGURED }, /* a redirected POST would lose its body */
	{ 400, 400, NULL, RESPONSE_REFUSED },
	{ 408, 408, NULL, RESPONSE_RETRY },
	{ 413, 413, NULL, RESPONSE_SPLIT },
	{ 415, 415, NULL, RESPONSE_REFUSED },
	{ 422, 422, NULL, RESPONSE_REFUSED },
	{ 425, 425, NULL, RESPONSE_RETRY },
	{ 429, 429, NULL, RESPONSE_RETRY },
	{ 400, 499, NULL, RESPONSE_MISCONFIGURED },
	{ 500, 500, "request body too large", RESPONSE_SPLIT }, /* Jaeger 2 over 20 MiB */
	{ 0, 999, NULL, RESPONSE_RETRY },
};

static bool contains(struct slice body, const char *body_text)
{
	return body.len > 0 && memmem(body.at, body.len, body_text, strlen(body_text)) != NULL;
}

bool response_gzip_unread(int status, struct slice body)
{
	return (status == 400 &&
	               (contains(body, "Unknown data type 31") || contains(body, "unsupported Content-Encoding"))) ||
	       status == 415;
}

enum response response_class(int status, bool misconfigured, struct slice body)
{
	if (status == 0)
		return misconfigured ? RESPONSE_MISCONFIGURED : RESPONSE_RETRY;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const struct row *r = &table[i];

		if (status < r->from || status > r->to)
			continue;
		if (r->body_text == NULL || contains(body, r->body_text))
			return r->means;
	}
	return RESPONSE_RETRY;
}

bool response_may_be_stored(int status, bool was_sent)
{
	return status == 0 ? was_sent : status >= 500;
}

const char *response_cause(enum response a)
{
	static const char *const causes[] = {
		[RESPONSE_DONE] = "delivered",
		[RESPONSE_RETRY] = "failing",
		[RESPONSE_SPLIT] = "too_large",
		[RESPONSE_REFUSED] = "refused",
		[RESPONSE_MISCONFIGURED] = "misconfigured",
	};

	return causes[a];
}

/* A batch that was refused once may be good: the first refusal may have been the collector's fault. */
enum { REFUSALS_FOR_POISON = 2 };

/*   times | refused in row | good since its first refusal | verdict
 *   ------+----------------+------------------------------+--------
 *    any  |    over max    |              -               | block
 *     1   |       -        |              -               | retry
 *    2 …  |       -        |             yes              | poison
 *    2 …  |       -        |             no               | probe    */
enum refusal_verdict response_verdict(const struct refusal *r)
{
	if (r->refused_in_row > REFUSED_IN_ROW_MAX)
		return VERDICT_BLOCK;
	if (r->times < REFUSALS_FOR_POISON)
		return VERDICT_RETRY;
	return r->last_good_us >= r->first_us ? VERDICT_POISON : VERDICT_PROBE;
}

enum refusal_verdict response_verdict_after_probe(uint32_t times)
{
	return times < REFUSALS_FOR_POISON ? VERDICT_RETRY : VERDICT_POISON;
}

bool response_stuck(const struct failure_history *t)
{
	enum { OFTEN = 8, PART = 3, OTHERS = 20 };
	static const uint64_t long_us = 60 * US_PER_S;

	/* At most one in twenty of the others may fail; then the chance that one batch fails eight times is below one in
	 * 10^10. Failures of an outage are not confirmed. A part of a batch that was found stuck is the bad part when it
	 * fails three times itself: the others may have no room left to confirm it. */
	return t->failures >= PART && t->confirmed >= OFTEN && t->lasted_us >= long_us && t->others_good >= OTHERS &&
	       t->others_bad * OTHERS <= t->others_good;
}
