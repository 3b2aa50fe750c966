/* SPDX-License-Identifier: Apache-2.0 */
/* test_inspect.c — Batches are checked, walked span by span, cut and joined again. */
#include "corpus.h"
#include "gen.h"
#include "guard.h"
#include "span/inspect.h"
#include "oracle.h"
#include "tap.h"

enum { RANDOM_CASES = 2000 };

/* Holds the spans that come against those that Thrift's own library read. */
struct witness {
	const GPtrArray *spans;
	unsigned seen;
	unsigned wrong;
};

static void on_span(void *arg, const struct inspect_span *span)
{
	struct witness *w = arg;
	const JaegerSpan *want;

	if (w->seen++ >= w->spans->len) {
		w->wrong++;
		return;
	}
	want = g_ptr_array_index(w->spans, w->seen - 1);
	if ((int64_t)span->trace_high != want->traceIdHigh || (int64_t)span->trace_low != want->traceIdLow ||
	        (int64_t)span->span_id != want->spanId ||
	        !slice_same(span->operation, slice_of(want->operationName->data, want->operationName->len)))
		w->wrong++;
}

static bool every_span_comes_once_in_order(struct slice value)
{
	struct why why;
	JaegerBatch *batch = oracle_decode(value, ORACLE_BINARY_STRUCT, &why);
	struct witness w = { .spans = batch != NULL ? batch->spans : NULL };
	struct inspect_facts facts;
	bool good;

	if (batch == NULL)
		return false;
	good = inspect_batch(value, &facts, on_span, &w, &why) == 0 && w.wrong == 0 && w.seen == w.spans->len &&
	       facts.spans == w.seen && facts.used == value.len &&
	       slice_same(facts.service, slice_of(batch->process->serviceName->data, batch->process->serviceName->len));
	g_object_unref(batch);
	return good;
}

/* Nothing is shown of a Batch that is malformed at its end. */
static void nothing_is_shown_of_what_is_malformed(const struct corpus *all)
{
	const struct buf *whole = &corpus_find(all, "go-jaeger-live")->expected;
	struct guard room = guard_new(whole->len);
	struct inspect_facts facts;
	unsigned taken = 0, wordless = 0, shown = 0;

	for (size_t len = 0; len < whole->len; len++) {
		GPtrArray none = { 0 };
		struct witness w = { .spans = &none };
		struct slice value = slice_of(guard_put(&room, whole->at, len), len);
		struct why why = { 0 };

		taken += inspect_batch(value, &facts, on_span, &w, &why) != E_MALFORMED;
		wordless += why.text[0] == '\0';
		shown += w.seen;
	}
	is_int(taken, 0, "no prefix is a Batch");
	is_int(wordless, 0, "each is refused with a sentence");
	is_int(shown, 0, "none of its spans is shown");
	guard_free(&room);
}

static void the_sentence_says_what_is_wrong(void)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *text;
	} cases[] = {
		{ "", 0, "the end comes too early at byte 0" },
		{ "\x00", 1, "Batch without its process before byte 1" },
		{ "\x0c\x00\x01\x00\x00", 5, "Process without its serviceName before byte 4" },
		{ "\x0c\x00\x01\x0b\x00\x01\x00\x00\x00\x09s", 11, "a text longer than what is left at byte 10" },
		{ "\x63\x00\x01", 3, "a field of no known type at byte 0" },
		{ "\x0f\x00\x02\x0b\x00\x00\x00\x01", 8, "a list of something else than Span at byte 8" },
		{ "\x0f\x00\x02\x0c\x7f\xff\xff\xff\x00", 9, "a list longer than what is left at byte 8" },
		{ "\x0f\x00\x02\x0c\x00\x00\x00\x01\x00", 9, "Span without its traceIdLow before byte 9" },
		{ "\x0d\x00\x09\x0b\x0b\xff\xff\xff\xff", 9, "a map longer than what is left at byte 9" },
		{ "\x0d\x00\x09\x0b\x01\x00\x00\x00\x00", 9, "a map of no known type at byte 9" },
		{ "\x0f\x00\x09\x11\x00\x00\x00\x00", 8, "a list of no known type at byte 8" },
		{ "\x1c\x18\x01s\x00\x19\x0c\x00", 8, "a field of no known type at byte 0" },
	};
	struct inspect_facts facts;
	struct why why;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		why.text[0] = '\0';
		ok(inspect_batch(slice_of(cases[i].bytes, cases[i].len), &facts, NULL, NULL, &why) == E_MALFORMED,
		        "malformed, and");
		is_text(why.text, cases[i].text, "said so");
	}
}

static void only_the_last_span_list_is_walked(const struct corpus *all)
{
	const struct corpus_case *c = corpus_find(all, "duplicate-spans-compact");
	struct inspect_facts facts;
	GPtrArray none = { 0 };
	struct witness w = { .spans = &none };

	ok(c->verbatim.len > c->expected.len, "a Batch with two span lists");
	is_int(inspect_batch(buf_slice(&c->verbatim), &facts, on_span, &w, NULL), 0, "is one");
	is_int(facts.spans, 1, "its spans are those of the last");
	is_int(w.seen, 1, "and those are shown");
}

static void a_compact_batch_is_known_and_transcoded(const struct corpus *all)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct corpus_case *c = &all->at[i];
		struct buf compact = { 0 }, back = { 0 };
		JaegerBatch *batch;
		struct why why;

		if (c->expected.len == 0)
			continue;
		batch = oracle_decode(buf_slice(&c->expected), ORACLE_BINARY_STRUCT, &why);
		ok(batch != NULL && oracle_encode(batch, ORACLE_COMPACT_STRUCT, &compact, &why) == 0 &&
		                inspect_is_compact(buf_slice(&compact)) && !inspect_is_compact(buf_slice(&c->expected)),
		        "%s: compact and TBinary are told apart", c->name);
		buf_text(&back, "before");
		ok(inspect_from_compact(buf_slice(&compact), &back) == 0 && back.len == 6 + c->expected.len &&
		                memcmp(back.at + 6, c->expected.at, c->expected.len) == 0,
		        "one becomes the other");
		is_int(inspect_from_compact(slice_of(compact.at, compact.len - 1), &back), E_MALFORMED,
		        "without its last byte it does not");
		is_int(back.len, 6 + c->expected.len, "and nothing is appended");
		buf_free(&compact);
		buf_free(&back);
		if (batch != NULL)
			g_object_unref(batch);
	}
	ok(!inspect_is_compact(slice_of("", 0)) && !inspect_is_compact(slice_of("\x00", 1)) &&
	                !inspect_is_compact(slice_of("\x1d", 1)),
	        "neither nothing nor something else is compact");
}

/* Moves the spans of PART, cut from FIRST on, to those of WHOLE; false where the rest of PART is
 * not as it should be. */
static bool join(JaegerBatch *whole, struct slice part, uint32_t first, uint32_t count)
{
	struct why why;
	JaegerBatch *b = oracle_decode(part, ORACLE_BINARY_STRUCT, &why);
	struct inspect_facts facts;
	bool good = b != NULL && inspect_batch(part, &facts, NULL, NULL, &why) == 0 && facts.spans == count &&
	            facts.used == part.len && b->spans->len == count &&
	            (first == 0 || (!b->__isset_seqNo && !b->__isset_stats));

	for (guint i = 0; good && i < b->spans->len; i++)
		g_ptr_array_add(whole->spans, g_object_ref(g_ptr_array_index(b->spans, i)));
	if (b != NULL)
		g_object_unref(b);
	return good;
}

/* VALUE cut in parts of MOST spans comes to VALUE again. */
static bool cut_and_joined_it_is_the_same(struct slice value, uint32_t spans, uint32_t most)
{
	struct buf part = { 0 }, joined = { 0 }, whole = { 0 };
	JaegerBatch *b = NULL;
	struct why why;
	bool good = oracle_canonical(value, ORACLE_BINARY_STRUCT, &whole, &why) == 0 &&
	            inspect_cut(value, 0, most, &part) == 0;

	if (good)
		b = oracle_decode(buf_slice(&part), ORACLE_BINARY_STRUCT, &why);
	good = b != NULL && b->spans->len == min_u64(most, spans);
	for (uint32_t first = most; good && first < spans; first += most) {
		buf_clear(&part);
		good = inspect_cut(value, first, most, &part) == 0 &&
		       join(b, buf_slice(&part), first, (uint32_t)min_u64(most, spans - first));
	}
	good = good && oracle_encode(b, ORACLE_BINARY_STRUCT, &joined, &why) == 0 &&
	       slice_same(buf_slice(&joined), buf_slice(&whole));
	if (b != NULL)
		g_object_unref(b);
	buf_free(&part);
	buf_free(&joined);
	buf_free(&whole);
	return good;
}

/* Every reader keeps the last Process and the last span list, so a part needs no other. */
static void duplicates_are_not_kept_in_the_parts(const struct corpus *all)
{
	static const char *const names[] = { "duplicate-spans-compact", "duplicate-process-compact" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct corpus_case *c = corpus_find(all, names[i]);
		struct buf part = { 0 }, want = { 0 }, got = { 0 };
		struct why why;

		ok(inspect_cut(buf_slice(&c->verbatim), 0, 100, &part) == 0 && part.len < c->verbatim.len &&
		                oracle_canonical(buf_slice(&part), ORACLE_BINARY_STRUCT, &got, &why) == 0 &&
		                slice_same(buf_slice(&got), buf_slice(&c->expected)),
		        "%s: cut whole it has each field once", c->name);
		buf_free(&part);
		buf_free(&want);
		buf_free(&got);
	}
}

static void cuts_beyond_the_last_span_are_empty(const struct corpus *all)
{
	const struct corpus_case *c = corpus_find(all, "go-jaeger-live");
	struct inspect_facts facts;
	struct buf part = { 0 };

	is_int(inspect_cut(buf_slice(&c->expected), 6, 5, &part), 0, "spans 6 to 10 of six");
	ok(inspect_batch(buf_slice(&part), &facts, NULL, NULL, NULL) == 0 && facts.spans == 0 &&
	                slice_is(facts.service, "corpus-go-jaeger"),
	        "are a Batch without spans");
	buf_clear(&part);
	is_int(inspect_cut(buf_slice(&c->expected), UINT32_MAX, UINT32_MAX, &part), 0, "spans far beyond");
	ok(inspect_batch(buf_slice(&part), &facts, NULL, NULL, NULL) == 0 && facts.spans == 0 && facts.used == part.len,
	        "are one as well");
	buf_clear(&part);
	is_int(inspect_cut(buf_slice(&c->expected), 4, UINT32_MAX, &part), 0, "all from span 4 on");
	ok(inspect_batch(buf_slice(&part), &facts, NULL, NULL, NULL) == 0 && facts.spans == 2, "are two");
	is_int(inspect_cut(slice_of(c->expected.at, c->expected.len - 1), 0, 1, &part), E_MALFORMED,
	        "what is no Batch is not cut");
	buf_free(&part);
}

static void random_batches_are_walked_and_cut(void)
{
	struct gen g = { .state = gen_seed() };
	unsigned asked = 0, blind = 0, uneven = 0;

	for (unsigned i = 0; i < RANDOM_CASES; i++) {
		struct slice value;

		g.tidy = gen_once_in(&g, 2);
		gen_batch(&g);
		value = buf_slice(&g.expected);
		if (g.broken || !g.plain)
			continue;
		asked++;
		blind += !every_span_comes_once_in_order(value);
		uneven += !cut_and_joined_it_is_the_same(value, g.spans, 1 + (uint32_t)(gen_random(&g) % 6));
	}
	is_int(blind, 0, "random batches: every span is shown once, in order");
	is_int(uneven, 0, "random batches: cut and joined they are the same");
	ok(asked > RANDOM_CASES / 4, "%u of them", asked);
	gen_free(&g);
}

int main(void)
{
	struct corpus all;

	corpus_load(&all);
	for (size_t i = 0; i < all.count; i++) {
		const struct corpus_case *c = &all.at[i];
		struct slice value = buf_slice(c->verbatim.len > 0 ? &c->verbatim : &c->expected);
		struct inspect_facts facts;

		if (value.len == 0 || c->verdict != CORPUS_ACCEPT || strncmp(c->name, "duplicate-", 10) == 0)
			continue;
		ok(every_span_comes_once_in_order(value), "%s: every span comes once, in order", c->name);
		if (inspect_batch(value, &facts, NULL, NULL, NULL) < 0)
			continue;
		for (uint32_t most = 1; most <= facts.spans + 1 && most < 20; most += 1 + most / 2)
			ok(cut_and_joined_it_is_the_same(value, facts.spans, most),
			        "cut in parts of %u spans and joined it is the same", most);
	}
	nothing_is_shown_of_what_is_malformed(&all);
	the_sentence_says_what_is_wrong();
	only_the_last_span_list_is_walked(&all);
	a_compact_batch_is_known_and_transcoded(&all);
	duplicates_are_not_kept_in_the_parts(&all);
	cuts_beyond_the_last_span_are_empty(&all);
	random_batches_are_walked_and_cut();
	corpus_free(&all);
	return tap_done();
}
