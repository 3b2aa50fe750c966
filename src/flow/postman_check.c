/* postman_check.c — what is looked at before a batch is posted, so that no collector has to be hurt. */
#include "postman.h"

/* The length of the UTF-8 sequence that begins at S, 0 when there is none. */
static size_t utf8_sequence(struct slice s)
{
	/* First byte, least and most of the second; what follows lies in 80 to bf. */
	static const struct {
		uint8_t from, to, least, most;
		size_t length;
	} rows[] = {
		{ 0x00, 0x7f, 0, 0, 1 },
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (s.at[0] < rows[i].from || s.at[0] > rows[i].to)
			continue;
		if (s.len < rows[i].length)
			return 0;
		if (rows[i].length > 1 && (s.at[1] < rows[i].least || s.at[1] > rows[i].most))
			return 0;
		for (size_t k = 2; k < rows[i].length; k++)
			if ((s.at[k] & 0xc0) != 0x80)
				return 0;
		return rows[i].length;
	}
	return 0;
}

static bool is_utf8(struct slice s)
{
	while (s.len > 0) {
		size_t n = utf8_sequence(s);

		if (n == 0)
			return false;
		s = slice_of(s.at + n, s.len - n);
	}
	return true;
}

int postman_check(
        struct slice value, struct inspect_facts *facts, const char **cause, struct why *why)
{
	struct inspect_facts second;
	int rc;

	*cause = "malformed";
	rc = inspect_batch(value, facts, NULL, NULL, why);
	if (rc < 0)
		return rc;
	if (!is_utf8(facts->service)) {
		*cause = "service_not_utf8";
		return why_set(why, E_MALFORMED,
		        "the service name is not UTF-8: Jaeger 1.62 never answers again after one");
	}
	if (facts->used < value.len &&
	        inspect_batch(slice_of(value.at + facts->used, value.len - facts->used), &second,
	                NULL, NULL, NULL) == 0) {
		*cause = "second_batch";
		return why_set(why, E_MALFORMED,
		        "a second batch stands behind the first: no reader looks at it");
	}
	return 0;
}
