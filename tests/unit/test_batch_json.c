/* SPDX-License-Identifier: Apache-2.0 */
/* test_batch_json.c — a Batch as JSON: to the letter for one with everything in it, and for any other as
 * JSON that has all its spans. */
#include <config.h>

#include <inttypes.h>
#include <jansson.h>

#include "span/batch_json.h"
#include "batchmake.h"
#include "corpus.h"
#include "gen.h"
#include "span/inspect.h"
#include "tap.h"

static void add_tag(struct buf *b, const char *key, int type)
{
	batchmake_string(b, 1, key);
	batchmake_field(b, 8, 2);
	batchmake_int(b, (uint64_t)type, 4);
}

static void add_list(struct buf *b, int id, uint32_t n)
{
	batchmake_field(b, 15, id);
	buf_byte(b, 12);
	batchmake_int(b, n, 4);
}

/* A text of bytes, NUL and all. */
static void add_bytes(struct buf *b, int id, const char *bytes, size_t n)
{
	batchmake_field(b, 11, id);
	batchmake_int(b, n, 4);
	buf_add(b, bytes, n);
}

static void add_tags(struct buf *b, int id)
{
	add_list(b, id, 7);
	add_tag(b, "s", 0);
	add_bytes(b, 3, "caf\xc3\xa9 \"\\\n\xff\xed\xa0\x80", 13);
	buf_byte(b, 0);
	add_tag(b, "d", 1);
	batchmake_field(b, 4, 4);
	batchmake_int(b, UINT64_C(0x3fb999999999999a), 8);
	buf_byte(b, 0);
	add_tag(b, "nan", 1);
	batchmake_field(b, 4, 4);
	batchmake_int(b, UINT64_C(0x7ff8000000000000), 8);
	buf_byte(b, 0);
	add_tag(b, "b", 2);
	batchmake_field(b, 2, 5);
	buf_byte(b, 1);
	buf_byte(b, 0);
	add_tag(b, "l", 3);
	batchmake_i64(b, 6, (uint64_t)-5);
	buf_byte(b, 0);
	add_tag(b, "x", 4);
	add_bytes(b, 7, "\0\1\2\3", 4);
	buf_byte(b, 0);
	add_tag(b, "none", 9);
	buf_byte(b, 0);
}

#define TAGS                                                                                                           \
	"[{\"key\":\"s\",\"type\":\"string\",\"value\":\"caf\xc3\xa9 "                                                 \
	"\\\"\\\\\\u000a\\ufffd\\ufffd"                                                                                \
	"\\ufffd\\ufffd\"},"                                                                                           \
	"{\"key\":\"d\",\"type\":\"double\",\"value\":0.1},"                                                           \
	"{\"key\":\"nan\",\"type\":\"double\",\"value\":\"NaN\"},"                                                     \
	"{\"key\":\"b\",\"type\":\"bool\",\"value\":true},"                                                            \
	"{\"key\":\"l\",\"type\":\"long\",\"value\":-5},"                                                              \
	"{\"key\":\"x\",\"type\":\"binary\",\"value\":\"AAECAw==\"},"                                                  \
	"{\"key\":\"none\",\"type\":9,\"value\":null}]"

static void add_ref(struct buf *b, int type)
{
	batchmake_field(b, 8, 1);
	batchmake_int(b, (uint64_t)type, 4);
	batchmake_i64(b, 2, 0xa1);
	batchmake_i64(b, 3, 0xb2);
	batchmake_i64(b, 4, 0xc3);
	buf_byte(b, 0);
}

static void everything_stands_in_it_to_the_letter(void)
{
	struct buf b = { 0 }, json = { 0 };
	struct why why;

	batchmake_field(&b, 12, 1);
	batchmake_string(&b, 1, "an earlier one");
	buf_byte(&b, 0);
	batchmake_field(&b, 12, 1);
	batchmake_string(&b, 1, "shop");
	add_tags(&b, 2);
	batchmake_string(&b, 99, "unknown");
	buf_byte(&b, 0);
	add_list(&b, 2, 2);
	batchmake_i64(&b, 1, UINT64_C(0x1122334455667788));
	batchmake_i64(&b, 2, 5);
	batchmake_i64(&b, 3, 7);
	batchmake_i64(&b, 4, 6);
	batchmake_string(&b, 5, "GET /");
	add_list(&b, 6, 3);
	add_ref(&b, 0);
	add_ref(&b, 1);
	add_ref(&b, 7);
	batchmake_field(&b, 8, 7);
	batchmake_int(&b, 1, 4);
	batchmake_i64(&b, 8, UINT64_C(1700000000000001));
	batchmake_i64(&b, 9, 25);
	add_tags(&b, 10);
	add_list(&b, 11, 1);
	batchmake_i64(&b, 1, UINT64_C(1700000000000002));
	add_tags(&b, 2);
	buf_byte(&b, 0);
	buf_byte(&b, 0);
	batchmake_span(&b, 1, 2);
	batchmake_i64(&b, 3, 42);
	batchmake_field(&b, 12, 4);
	batchmake_i64(&b, 1, 1);
	batchmake_i64(&b, 2, 2);
	batchmake_i64(&b, 3, 3);
	buf_byte(&b, 0);
	buf_byte(&b, 0);
	is_int(batch_json(buf_slice(&b), &json, &why), 0, "it is a Batch");
	is_text(buf_cstr(&json),
	        "{\"process\":{\"serviceName\":\"shop\",\"tags\":" TAGS "},\"spans\":["
	        "{\"traceId\":\"00000000000000051122334455667788\",\"spanId\":\"0000000000000007\","
	        "\"parentSpanId\":\"0000000000000006\",\"operationName\":\"GET /\","
	        "\"references\":[{\"refType\":\"CHILD_OF\","
	        "\"traceId\":\"00000000000000b200000000000000a1\",\"spanId\":\"00000000000000c3\"},"
	        "{\"refType\":\"FOLLOWS_FROM\","
	        "\"traceId\":\"00000000000000b200000000000000a1\",\"spanId\":\"00000000000000c3\"},"
	        "{\"refType\":7,"
	        "\"traceId\":\"00000000000000b200000000000000a1\",\"spanId\":\"00000000000000c3\"}]"
	        ","
	        "\"flags\":1,\"startTime\":1700000000000001,\"duration\":25,\"tags\":" TAGS
	        ",\"logs\":[{\"timestamp\":1700000000000002,\"fields\":" TAGS "}]},"
	        "{\"traceId\":\"00000000000000000000000000000001\",\"spanId\":\"0000000000000002\","
	        "\"parentSpanId\":\"0000000000000000\",\"operationName\":\"op\",\"flags\":1,"
	        "\"startTime\":1700000000000000,\"duration\":5}],\"seqNo\":42,"
	        "\"stats\":{\"fullQueueDroppedSpans\":1,\"tooLargeDroppedSpans\":2,"
	        "\"failedToEmitSpans\":3}}",
	        "each field in its place");
	for (size_t cut = 0; cut < b.len; cut++) {
		buf_clear(&json);
		if (batch_json(slice_of(b.at, cut), &json, &why) != E_MALFORMED)
			ok(0, "cut at %zu it passed", cut);
	}
	ok(1, "no shorter one passes");
	buf_free(&b);
	buf_free(&json);
}

/* What inspect_batch finds in the Batch, held against the JSON span by span. */
struct against {
	json_t *spans;
	size_t i;
	unsigned wrong;
};

static void on_span(void *arg, const struct inspect_span *span)
{
	struct against *a = arg;
	json_t *of = json_array_get(a->spans, a->i++);
	const char *trace = json_string_value(json_object_get(of, "traceId"));
	const char *id = json_string_value(json_object_get(of, "spanId"));
	char want[40];

	snprintf(want, sizeof(want), "%016" PRIx64 "%016" PRIx64, span->trace_high, span->trace_low);
	a->wrong += trace == NULL || strcmp(trace, want) != 0;
	snprintf(want, sizeof(want), "%016" PRIx64, span->span_id);
	a->wrong += id == NULL || strcmp(id, want) != 0;
}

static bool says_the_same(struct slice batch)
{
	struct inspect_facts facts;
	struct buf json = { 0 };
	struct against a = { 0 };
	json_t *root;
	bool same;

	if (batch_json(batch, &json, NULL) < 0) {
		buf_free(&json);
		return false;
	}
	root = json_loadb((const char *)json.at, json.len, JSON_ALLOW_NUL, NULL);
	a.spans = json_object_get(root, "spans");
	same = inspect_batch(batch, &facts, on_span, &a, NULL) == 0 && a.wrong == 0 && root != NULL &&
	       json_array_size(a.spans) == facts.spans;
	json_decref(root);
	buf_free(&json);
	return same;
}

static void random_batches_say_the_same(void)
{
	struct gen g = { .state = gen_seed() };
	unsigned wrong = 0, seen = 0;

	for (int i = 0; i < 3000; i++) {
		gen_batch(&g);
		if (g.broken)
			continue;
		seen++;
		wrong += !says_the_same(buf_slice(&g.expected));
	}
	ok(seen > 1000, "%u random Batches", seen);
	is_int(wrong, 0, "each is JSON with all its spans");
	gen_free(&g);
}

static void the_corpus_says_the_same(void)
{
	struct corpus all;
	unsigned wrong = 0, seen = 0;

	corpus_load(&all);
	for (size_t i = 0; i < all.count; i++) {
		if (all.at[i].expected.len == 0)
			continue;
		seen++;
		wrong += !says_the_same(buf_slice(&all.at[i].expected));
	}
	ok(seen > 10, "%u Batches of the corpus", seen);
	is_int(wrong, 0, "each is JSON with all its spans");
	corpus_free(&all);
}

int main(void)
{
	everything_stands_in_it_to_the_letter();
	random_batches_say_the_same();
	the_corpus_says_the_same();
	return tap_done();
}
