/* SPDX-License-Identifier: Apache-2.0 */
/* tally.c — one byte per number: the top bit is set when it was sent, the others count its arrivals. */
#include <stdlib.h>
#include <string.h>

#include "testkit/numbered_spans.h"
#include "testkit/tally.h"

enum { SENT = 0x80, TIMES = 0x7f, FIRST_CAP = 1 << 16 };

struct tally {
	uint64_t run;
	uint8_t *entries;
	uint64_t cap;
	uint64_t strays;
	struct tally_count total; /* but for missing, which tally_total() computes */
};

int tally_open(struct tally **out, uint64_t run)
{
	struct tally *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return E_NOMEM;
	t->run = run;
	*out = t;
	return 0;
}

void tally_free(struct tally *t)
{
	if (t == NULL)
		return;
	free(t->entries);
	free(t);
}

static int grow(struct tally *t, uint64_t end)
{
	uint64_t cap = t->cap == 0 ? FIRST_CAP : t->cap;
	uint8_t *entries;

	if (end <= t->cap)
		return 0;
	if (end > NUMBERED_MARK)
		return E_NOMEM;
	while (cap < end)
		cap *= 2;
	entries = realloc(t->entries, cap);
	if (entries == NULL)
		return E_NOMEM;
	memset(entries + t->cap, 0, cap - t->cap);
	t->entries = entries;
	t->cap = cap;
	return 0;
}

int tally_sent(struct tally *t, uint64_t first, uint64_t count)
{
	if (grow(t, first + count) < 0)
		return E_NOMEM;
	for (uint64_t i = first; i < first + count; i++) {
		if (t->entries[i] & SENT)
			continue;
		t->entries[i] |= SENT;
		t->total.sent++;
	}
	return 0;
}

void tally_unsent(struct tally *t, uint64_t first, uint64_t count)
{
	for (uint64_t i = first; i < first + count && i < t->cap; i++) {
		uint8_t times = t->entries[i] & TIMES;

		if (!(t->entries[i] & SENT))
			continue;
		t->entries[i] = 0;
		t->total.sent--;
		if (times > 0) { /* arrivals of a number that was not sent are strays */
			t->total.stored--;
			t->total.duplicates -= times - 1u;
			t->strays += times;
		}
	}
}

void tally_stored(struct tally *t, uint64_t trace_high, uint64_t trace_low)
{
	uint64_t number;

	if (trace_high != t->run || !numbered_spans_number(trace_low, &number) || number >= t->cap ||
	        !(t->entries[number] & SENT)) {
		t->strays++;
		return;
	}
	if ((t->entries[number] & TIMES) == 0)
		t->total.stored++;
	else
		t->total.duplicates++;
	if ((t->entries[number] & TIMES) < TIMES)
		t->entries[number]++;
}

struct tally_count tally_range(const struct tally *t, uint64_t first, uint64_t end)
{
	struct tally_count c = { 0 };

	for (uint64_t i = first; i < end && i < t->cap; i++) {
		uint8_t times = t->entries[i] & TIMES;

		c.sent += t->entries[i] >> 7;
		c.stored += times > 0;
		c.duplicates += times > 1 ? times - 1u : 0;
	}
	c.missing = c.sent - c.stored;
	return c;
}

struct tally_count tally_total(const struct tally *t)
{
	struct tally_count c = t->total;

	c.missing = c.sent - c.stored;
	return c;
}

uint64_t tally_strays(const struct tally *t)
{
	return t->strays;
}

uint64_t tally_first_missing(const struct tally *t, uint64_t first, uint64_t end)
{
	for (uint64_t i = first; i < end && i < t->cap; i++)
		if (t->entries[i] == SENT)
			return i;
	return end;
}
