/* SPDX-License-Identifier: Apache-2.0 */
/* test_zipkin.c — emitZipkinBatch becomes the batches that jaeger-agent makes of it: the cases of tests/data/corpus, and
 * those of tests/data/zipkin, which jaeger-agent's own code has converted. Batches are compared as JSON; the order of
 * tags and of a log's fields is free, and a list without elements is none. */
#include <endian.h>

#include <jansson.h>

#include "corpus.h"
#include "span/batch_json.h"
#include "span/inspect.h"
#include "span/zipkin.h"
#include "tap.h"

enum { MOST = 1000000 };

static const struct transcode_tags no_tags;

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static json_t *sorted(const json_t *list)
{
	size_t n = json_array_size(list);
	char **texts = calloc(n + 1, sizeof(*texts));
	json_t *out = json_array();

	for (size_t i = 0; i < n; i++)
		texts[i] = json_dumps(json_array_get(list, i), JSON_SORT_KEYS | JSON_ENCODE_ANY);
	qsort(texts, n, sizeof(*texts), by_text);
	for (size_t i = 0; i < n; i++) {
		json_array_append_new(out, json_loads(texts[i], JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL));
		free(texts[i]);
	}
	free(texts);
	return out;
}

/* Sorts the lists of tags in OBJECT and below it, and removes empty lists. */
static void normalize(json_t *object)
{
	const char *key;
	json_t *value;
	void *next;

	json_object_foreach_safe(object, next, key, value)
	{
		size_t i;
		json_t *element;

		if (json_is_object(value))
			normalize(value);
		if (!json_is_array(value))
			continue;
		json_array_foreach(value, i, element) if (json_is_object(element)) normalize(element);
		if (json_array_size(value) == 0)
			json_object_del(object, key);
		else if (strcmp(key, "tags") == 0 || strcmp(key, "fields") == 0)
			json_object_set_new(object, key, sorted(value));
	}
}

static char *normal_text(struct slice batch)
{
	struct buf text = { 0 };
	struct why why = { 0 };
	json_t *root;
	char *out;

	if (batch_json(batch, &text, &why) < 0) {
		diag("%s", why.text);
		buf_free(&text);
		return strdup("not a batch");
	}
	root = json_loadb((const char *)text.at, text.len, JSON_ALLOW_NUL, NULL);
	normalize(root);
	out = json_dumps(root, JSON_SORT_KEYS);
	json_decref(root);
	buf_free(&text);
	return out;
}

static bool is_same_batch(struct slice got, struct slice want)
{
	char *a = normal_text(got), *b = normal_text(want);
	bool same = strcmp(a, b) == 0;

	if (!same)
		diag("got  %s\n# want %s", a, b);
	free(a);
	free(b);
	return same;
}

static bool counts_its_spans(const struct zipkin_batch *b)
{
	struct inspect_facts seen;

	return inspect_batch(buf_slice(&b->bytes), &seen, NULL, NULL, NULL) == 0 && seen.spans == b->spans &&
	       seen.used == b->bytes.len;
}

static void corpus_case(const char *name, const char *const *expected, size_t n)
{
	struct zipkin_batches got = { 0 };
	struct corpus all;
	int rc;

	corpus_load(&all);
	rc = zipkin_convert(&got, buf_slice(&corpus_find(&all, name)->datagram), &no_tags, MOST);
	is_int(rc, 0, name);
	is_int(got.n, n, "as many batches");
	for (size_t i = 0; i < n && i < got.n; i++) {
		struct buf want = { 0 };

		ok(corpus_file(&want, expected[i]) && is_same_batch(buf_slice(&got.at[i].bytes), buf_slice(&want)),
		        "%s", expected[i]);
		ok(counts_its_spans(&got.at[i]), "and its spans are counted");
		buf_free(&want);
	}
	zipkin_batches_free(&got);
	corpus_free(&all);
}

static void cases_of_the_corpus(void)
{
	corpus_case("zipkin-compact", (const char *[]){ "corpus/zipkin-compact.expected-0.tbinary" }, 1);
	corpus_case("zipkin-wide-port-compact",
	        (const char *[]){ "corpus/zipkin-wide-port-compact.expected-0.tbinary" }, 1);
	corpus_case("python-jaeger3-rich",
	        (const char *[]){ "corpus/python-jaeger3-rich.expected-0.tbinary",
	                "corpus/python-jaeger3-rich.expected-1.tbinary" },
	        2);
	corpus_case("zipkin-empty-compact", NULL, 0);
}

static struct slice take(struct slice *from, size_t len)
{
	struct slice taken = slice_of(from->at, len <= from->len ? len : 0);

	*from = slice_of(from->at + taken.len, from->len - taken.len);
	return taken;
}

static uint32_t take_32(struct slice *from)
{
	struct slice four = take(from, 4);
	uint32_t v = 0;

	if (four.len == 4)
		memcpy(&v, four.at, 4);
	return be32toh(v);
}

static void random_cases_of_the_reference(void)
{
	struct buf file = { 0 };
	struct slice rest;
	size_t cases = 0, wrong = 0;

	ok(corpus_file(&file, "zipkin/cases.bin"), "the file of cases is there");
	for (rest = buf_slice(&file); rest.len > 0; cases++) {
		struct slice datagram = take(&rest, take_32(&rest));
		struct zipkin_batches got = { 0 };
		uint32_t n;
		bool same = zipkin_convert(&got, datagram, &no_tags, MOST) == 0;

		n = take_32(&rest);
		same &= got.n == n;
		for (uint32_t i = 0; i < n; i++) {
			struct slice want = take(&rest, take_32(&rest));

			same = same && is_same_batch(buf_slice(&got.at[i].bytes), want) && counts_its_spans(&got.at[i]);
		}
		wrong += !same;
		if (!same)
			diag("case %zu: %zu batches of %u", cases, got.n, (unsigned)n);
		zipkin_batches_free(&got);
	}
	is_int(cases, 200, "all cases were read");
	is_int(wrong, 0, "each becomes what jaeger-agent makes of it");
	buf_free(&file);
}

/* SPANS spans without a field in one datagram. */
static void put_empty_spans(struct buf *to, uint32_t spans)
{
	static const uint8_t head[] = { 0x82, 0x81, 0, 15 };

	buf_add(to, head, sizeof(head));
	buf_text(to, "emitZipkinBatch");
	buf_byte(to, 0x19);
	buf_byte(to, 0xfc);
	for (; spans >= 0x80; spans >>= 7)
		buf_byte(to, (uint8_t)(spans | 0x80));
	buf_byte(to, (uint8_t)spans);
	to->len += buf_reserve(to, 65000) == NULL ? 0 : (memset(to->at + to->len, 0, 65000), 65000);
}

static void growth_is_bounded(void)
{
	struct zipkin_batches got = { 0 };
	struct buf datagram = { 0 };

	put_empty_spans(&datagram, 64000);
	is_int(zipkin_convert(&got, buf_slice(&datagram), &no_tags, MOST), E_TOO_LARGE,
	        "64,000 empty spans are refused");
	ok(got.size <= MOST + 8192, "before they have taken more memory than allowed");
	zipkin_batches_free(&got);
	buf_clear(&datagram);
	put_empty_spans(&datagram, 100);
	is_int(zipkin_convert(&got, buf_slice(&datagram), &no_tags, MOST), 0, "a hundred are taken");
	is_int(got.n, 1, "as one batch");
	is_int(got.unnamed, 100, "of a service that nobody named");
	zipkin_batches_free(&got);
	buf_free(&datagram);
}

static void agent_tags_are_in_each_process(void)
{
	struct buf encoded = { 0 };
	struct zipkin_batches got = { 0 };
	struct transcode_tags tags;
	struct corpus all;
	size_t with_tag = 0;

	corpus_load(&all);
	transcode_encode_tag(&encoded, "rack", "r7");
	tags = (struct transcode_tags){ .encoded = buf_slice(&encoded), .count = 1 };
	is_int(zipkin_convert(&got, buf_slice(&corpus_find(&all, "python-jaeger3-rich")->datagram), &tags, MOST), 0,
	        "a datagram of two processes");
	for (size_t i = 0; i < got.n; i++) {
		char *text = normal_text(buf_slice(&got.at[i].bytes));

		with_tag += strstr(text, "\"rack\"") != NULL && strstr(text, "\"r7\"") != NULL;
		free(text);
	}
	is_int(with_tag, 2, "both have the agent's tag");
	zipkin_batches_free(&got);
	corpus_free(&all);
	buf_free(&encoded);
}

int main(void)
{
	cases_of_the_corpus();
	random_cases_of_the_reference();
	growth_is_bounded();
	agent_tags_are_in_each_process();
	return tap_done();
}
