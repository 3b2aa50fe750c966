/* SPDX-License-Identifier: Apache-2.0 */
/* test_numbered_spans.c — what the emitter writes, read back by the same code that the agent uses. */
#include "base/buf.h"
#include "span/inspect.h"
#include "testkit/numbered_spans.h"
#include "tap.h"
#include "span/transcode.h"

enum { RUN = 0x1234, SPANS = 10 };
static const uint64_t now_us = UINT64_C(1700000000000000);

static struct numbered_spans *open_or_bail(enum numbered_spans_protocol p, uint32_t spans)
{
	struct numbered_spans_opts o = { .protocol = p, .service = "test", .run = RUN, .spans = spans };
	struct numbered_spans *n;
	struct why why;

	if (numbered_spans_open(&n, &o, &why) < 0) {
		printf("Bail out! %s\n", why.text);
		exit(1);
	}
	return n;
}

/* Appends to TO the Batch that an agent makes of the datagram. */
static int to_batch(const struct numbered_spans *n, uint64_t first, uint64_t wall_us, struct buf *to)
{
	static const struct transcode_tags none;
	struct transcode_facts facts;
	uint8_t *datagram = malloc(numbered_spans_size(n)), *out;
	size_t cap = transcode_bound(numbered_spans_size(n), &none);
	int rc;

	out = buf_reserve(to, cap);
	if (datagram == NULL || out == NULL)
		abort();
	numbered_spans_write(n, first, wall_us, datagram);
	rc = transcode_datagram(slice_of(datagram, numbered_spans_size(n)), &none, out, cap, &facts);
	if (rc == 0)
		to->len += facts.size;
	free(datagram);
	return rc;
}

struct seen {
	uint64_t next; /* expected */
	uint64_t wrong;
	uint64_t n;
};

static void on_span(void *arg, const struct inspect_span *s)
{
	struct seen *seen = arg;
	uint64_t number;

	seen->wrong += s->trace_high != RUN || !numbered_spans_number(s->trace_low, &number) || number != seen->next ||
	               s->span_id != s->trace_low;
	seen->next++;
	seen->n++;
}

static void check_numbers(enum numbered_spans_protocol p, uint64_t first, const char *name)
{
	struct numbered_spans *n = open_or_bail(p, SPANS);
	struct seen seen = { .next = first };
	struct inspect_facts facts = { 0 };
	struct buf b = { 0 };
	struct why why = { .text = "" };

	is_int(to_batch(n, first, now_us, &b), 0, name);
	is_int(inspect_batch(buf_slice(&b), &facts, on_span, &seen, &why), 0, "the agent's batch is whole");
	ok(seen.n == SPANS && seen.wrong == 0, "its spans are %" PRIu64 " and the next nine", first);
	ok(slice_is(facts.service, "test"), "the service has its name");
	buf_free(&b);
	numbered_spans_free(n);
}

static void every_number_fits(void)
{
	static const uint64_t firsts[] = { 0, 1, 127, UINT64_C(1) << 32, (UINT64_C(1) << 60) + 12345,
		NUMBERED_MARK - SPANS };

	for (size_t i = 0; i < ARRAY_LEN(firsts); i++) {
		check_numbers(NUMBERED_COMPACT, firsts[i], "compact is taken");
		check_numbers(NUMBERED_BINARY, firsts[i], "binary is taken");
	}
}

static void both_protocols_say_the_same(void)
{
	static const uint64_t moments[] = { 0, now_us, UINT64_MAX };

	for (size_t i = 0; i < ARRAY_LEN(moments); i++) {
		struct numbered_spans *c = open_or_bail(NUMBERED_COMPACT, SPANS);
		struct numbered_spans *b = open_or_bail(NUMBERED_BINARY, SPANS);
		struct buf from_c = { 0 }, from_b = { 0 };

		if (to_batch(c, 77, moments[i], &from_c) < 0 || to_batch(b, 77, moments[i], &from_b) < 0)
			ok(0, "both are taken");
		ok(slice_same(buf_slice(&from_c), buf_slice(&from_b)) && from_c.len > 0,
		        "at %" PRIu64 " us the two batches are the same %zu bytes", moments[i], from_c.len);
		buf_free(&from_c);
		buf_free(&from_b);
		numbered_spans_free(c);
		numbered_spans_free(b);
	}
}

static void the_first_number_is_found_in_the_beginning(void)
{
	static const enum numbered_spans_protocol both[] = { NUMBERED_COMPACT, NUMBERED_BINARY };
	uint8_t room[8192];

	for (size_t i = 0; i < ARRAY_LEN(both); i++) {
		struct numbered_spans *n = open_or_bail(both[i], SPANS);
		uint64_t first = 0;

		numbered_spans_write(n, 987654321, now_us, room);
		ok(numbered_spans_first(n, slice_of(room, 520), &first) && first == 987654321,
		        "in the 520 bytes that an ICMP error quotes");
		ok(!numbered_spans_first(n, slice_of(room, 100), &first), "not in 100 bytes");
		memset(room, 0xff, sizeof(room));
		ok(!numbered_spans_first(n, slice_of(room, 520), &first), "not in what is not ours");
		numbered_spans_free(n);
	}
}

static void datagrams_are_as_large_as_real_ones(void)
{
	struct numbered_spans *n = open_or_bail(NUMBERED_COMPACT, SPANS);

	ok(numbered_spans_size(n) > 2000 && numbered_spans_size(n) < 2500, "10 spans are %zu bytes",
	        numbered_spans_size(n));
	numbered_spans_free(n);
}

static void what_cannot_be_is_refused(void)
{
	struct numbered_spans_opts o = { .service = "test", .run = RUN, .spans = 400 };
	struct numbered_spans *n;
	struct why why;

	is_int(numbered_spans_open(&n, &o, &why), E_TOO_LARGE, "400 spans in a datagram");
	diag("%s", why.text);
	o.spans = 0;
	is_int(numbered_spans_open(&n, &o, &why), E_USAGE, "none");
	o.spans = 1;
	o.service = "";
	is_int(numbered_spans_open(&n, &o, &why), E_USAGE, "no service");
}

int main(void)
{
	every_number_fits();
	both_protocols_say_the_same();
	the_first_number_is_found_in_the_beginning();
	datagrams_are_as_large_as_real_ones();
	what_cannot_be_is_refused();
	return tap_done();
}
