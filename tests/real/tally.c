/* SPDX-License-Identifier: Apache-2.0 */
/* tally.c — which numbered spans arrived, how often: read from Jaeger's query API (its JSON on standard
 * input) or from a Kafka topic, from its beginning to its present end.
 *
 *   tally RUN FIRST:COUNT… < traces.json                     RUN is hexadecimal
 *   tally --topic BROKERS TOPIC RUN FIRST:COUNT…
 *
 * Prints a line for each range, "sent stored missing duplicates", and then "strays N": arrivals that were
 * not sent. Several answers of the query API may follow each other. Exit 1 when the input is not what it
 * should be: a count of nothing must not look like a loss, or like none.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "testkit/numbered_spans.h"
#include "testkit/tally.h"
#include "tally_in.h"

static int fail(const char *what)
{
	fprintf(stderr, "tally: %s\n", what);
	return 1;
}

/* All of FILE and a zero behind it; NULL without memory. */
static char *slurp(FILE *file, size_t *len)
{
	size_t cap = 1 << 20, got;
	char *text = malloc(cap), *more;

	*len = 0;
	while (text != NULL && (got = fread(text + *len, 1, cap - *len - 1, file)) > 0) {
		*len += got;
		if (cap - *len > 1)
			continue;
		cap *= 2;
		more = realloc(text, cap);
		if (more == NULL)
			free(text);
		text = more;
	}
	if (text != NULL)
		text[*len] = '\0';
	return text;
}

/* Reads the 1 to 32 hex digits of a trace id. */
static const char *trace_id(const char *at, uint64_t *high, uint64_t *low)
{
	size_t n = strspn(at, "0123456789abcdef");
	char half[17] = "";

	*high = 0;
	if (n > 16) {
		memcpy(half, at, n - 16 > 16 ? 16 : n - 16);
		*high = strtoull(half, NULL, 16);
	}
	memcpy(half, n > 16 ? at + n - 16 : at, n > 16 ? 16 : n);
	half[n > 16 ? 16 : n] = '\0';
	*low = strtoull(half, NULL, 16);
	return at + n;
}

/* A span is the only object of the answer that begins with these two keys: a trace has its spans in
 * second place, a reference begins with its type, and inside a text the quotes would be escaped. */
static void count_spans(const char *text, size_t len, tally_arrival *arrived, void *arg)
{
	static const char begins[] = "{\"traceID\":\"", goes_on[] = "\",\"spanID\":\"";
	const char *end = text + len;
	uint64_t high, low;

	for (const char *at = text; at < end; at++) {
		if (*at != '{' || strncmp(at, begins, strlen(begins)) != 0)
			continue;
		at = trace_id(at + strlen(begins), &high, &low);
		if (strncmp(at, goes_on, strlen(goes_on)) == 0)
			arrived(arg, high, low);
	}
}

static int from_jaeger(tally_arrival *arrived, void *arg)
{
	size_t len;
	char *text = slurp(stdin, &len);

	if (text == NULL)
		return fail("no memory for the answer");
	if (strncmp(text, "{\"data\":[", 9) != 0 || strlen(text) != len) {
		free(text);
		return fail("not an answer of Jaeger's query API");
	}
	count_spans(text, len, arrived, arg);
	free(text);
	return 0;
}

static void arrived(void *arg, uint64_t high, uint64_t low)
{
	tally_stored(arg, high, low);
}

static int range_of(const char *text, uint64_t *first, uint64_t *count)
{
	char *end;

	*first = strtoull(text, &end, 10);
	if (end == text || *end != ':')
		return -1;
	*count = strtoull(end + 1, &end, 10);
	return *end == '\0' ? 0 : -1;
}

static int note_sent(struct tally *t, int n, char **ranges)
{
	uint64_t first, count;

	for (int i = 0; i < n; i++)
		if (range_of(ranges[i], &first, &count) < 0 || tally_sent(t, first, count) < 0)
			return fail("FIRST:COUNT expected, and memory for them");
	return 0;
}

static void print_ranges(const struct tally *t, int n, char **ranges)
{
	uint64_t first, count;

	for (int i = 0; i < n; i++) {
		struct tally_count c;

		if (range_of(ranges[i], &first, &count) < 0)
			continue;
		c = tally_range(t, first, first + count);
		printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", c.sent, c.stored, c.missing, c.duplicates);
	}
	printf("strays %" PRIu64 "\n", tally_strays(t));
}

int main(int argc, char **argv)
{
	const bool topic = argc > 3 && strcmp(argv[1], "--topic") == 0;
	char **args = topic ? argv + 4 : argv + 1;
	int n = argc - (int)(args - argv), rc;
	struct tally *t = NULL;
	uint64_t run;

	if (n < 2) {
		fprintf(stderr, "tally [--topic BROKERS TOPIC] RUN FIRST:COUNT…\n");
		return 2;
	}
	run = strtoull(args[0], NULL, 16);
	if (tally_open(&t, run) < 0)
		return fail("no memory");
	rc = note_sent(t, n - 1, args + 1);
	if (rc == 0)
		rc = topic ? tally_topic(argv[2], argv[3], run, arrived, t) : from_jaeger(arrived, t);
	if (rc == 0)
		print_ranges(t, n - 1, args + 1);
	tally_free(t);
	return rc;
}
