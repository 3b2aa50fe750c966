/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_batch.c — any bytes as a record: refused with a sentence, or every span is shown once and
 * the parts it is cut into hold them all. */
#include "fuzz.h"
#include "span/inspect.h"

struct witness {
	const uint8_t *at, *end;
	uint32_t seen;
};

static void on_span(void *arg, const struct inspect_span *span)
{
	struct witness *w = arg;

	w->seen++;
	PROMISE(span->operation.at >= w->at && span->operation.at + span->operation.len <= w->end);
}

static void the_parts_hold_every_span(struct slice value, uint32_t spans, uint32_t most)
{
	struct inspect_facts part;
	struct buf out = { 0 };
	uint32_t seen = 0;

	/* Cutting is as long as the value for each part. */
	if (spans / most > 64)
		most = spans / 64;
	for (uint32_t first = 0; first <= spans; first += most) {
		buf_clear(&out);
		PROMISE(inspect_cut(value, first, most, &out) == 0);
		PROMISE(inspect_batch(buf_slice(&out), &part, NULL, NULL, NULL) == 0);
		PROMISE(part.used == out.len && out.len <= value.len);
		PROMISE(part.spans == min_u64(most, spans - first));
		seen += part.spans;
	}
	PROMISE(seen == spans);
	buf_free(&out);
}

static void as_compact(struct slice value)
{
	struct inspect_facts facts;
	struct buf out = { 0 };
	int rc = inspect_from_compact(value, &out);

	PROMISE(rc == 0 || rc == E_MALFORMED);
	if (rc == 0) {
		PROMISE(inspect_batch(buf_slice(&out), &facts, NULL, NULL, NULL) == 0);
		PROMISE(facts.used == out.len);
	}
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice value = slice_of(data, size);
	struct witness w = { .at = data, .end = data + size };
	struct inspect_facts facts;
	struct why why = { 0 };
	int rc = inspect_batch(value, &facts, on_span, &w, &why);

	PROMISE(rc == 0 || rc == E_MALFORMED);
	if (rc == 0) {
		PROMISE(!inspect_is_compact(value));
		PROMISE(w.seen == facts.spans && facts.used <= size);
		PROMISE(facts.service.at >= data && facts.service.at + facts.service.len <= data + size);
		the_parts_hold_every_span(value, facts.spans, 1 + data[size - 1] % 7);
	} else {
		PROMISE(w.seen == 0 && why.text[0] != '\0');
		as_compact(value);
	}
	return 0;
}
