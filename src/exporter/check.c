/* SPDX-License-Identifier: Apache-2.0 */
/* check.c — checks a batch before it is posted, so that it does not wedge a collector. */
#include "exporter/exporter.h"
#include "base/utf8.h"

static bool is_utf8(struct slice s)
{
	while (s.len > 0) {
		size_t n = s.at[0] < 0x80 ? 1 : utf8_sequence(s);

		if (n == 0)
			return false;
		s = slice_of(s.at + n, s.len - n);
	}
	return true;
}

int exporter_check(struct slice value, struct inspect_facts *facts, const char **cause, struct why *why)
{
	struct inspect_facts second;
	int rc;

	*cause = "malformed";
	rc = inspect_batch(value, facts, NULL, NULL, why);
	if (rc < 0)
		return rc;
	if (!is_utf8(facts->service)) {
		*cause = "service_not_utf8";
		return why_set(
		        why, E_MALFORMED, "the service name is not UTF-8: Jaeger 1.62 never answers again after one");
	}
	if (facts->used < value.len && inspect_batch(slice_of(value.at + facts->used, value.len - facts->used), &second,
	                                       NULL, NULL, NULL) == 0) {
		*cause = "second_batch";
		return why_set(why, E_MALFORMED, "a second batch stands behind the first: no reader looks at it");
	}
	return 0;
}
