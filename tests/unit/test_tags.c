/* SPDX-License-Identifier: Apache-2.0 */
/* test_tags.c — the agent's own tags are appended to those of the Process; nothing else changes. */
#include <config.h>

#include "corpus.h"
#include "edge.h"
#include "oracle.h"
#include "tap.h"

enum { PACKET = 65000 };

static const struct transcode_tags no_tags;

/* cluster=north and empty=, in the form that the transcoder wants. */
static struct buf encoded;
static struct transcode_tags two_tags;
static struct edge edge;

static bool has(struct slice text, const char *what)
{
	struct buf bytes = { 0 };
	bool found;

	edge_put(&bytes, what);
	found = memmem(text.at, text.len, bytes.at, bytes.len) != NULL;
	buf_free(&bytes);
	return found;
}

static void a_tag_is_encoded_as_text(void)
{
	struct buf want = { 0 }, got = { 0 };

	edge_put(&want, "0b 00 01 00 00 00 07 'cluster' 08 00 02 00 00 00 00 "
	                "0b 00 03 00 00 00 05 'north' 00");
	transcode_encode_tag(&got, "cluster", "north");
	ok(slice_same(buf_slice(&got), buf_slice(&want)), "key, type STRING, value");
	buf_free(&want);
	buf_free(&got);
}

static JaegerTag *text_tag(const char *key, const char *value)
{
	JaegerTag *tag = g_object_new(JAEGER_TYPE_TAG, "vType", JAEGER_TAG_TYPE_STRING, NULL);

	tag->key = g_byte_array_append(g_byte_array_new(), (const guint8 *)key, (guint)strlen(key));
	tag->vStr = g_byte_array_append(g_byte_array_new(), (const guint8 *)value, (guint)strlen(value));
	tag->__isset_vStr = TRUE;
	return tag;
}

/* What Thrift's own library makes of BATCH with the two tags behind those of its Process. */
static int tagged_by_hand(struct slice batch, struct buf *to)
{
	struct why why;
	JaegerBatch *b = oracle_decode(batch, ORACLE_BINARY_STRUCT, &why);
	int rc;

	if (b == NULL)
		return why.code;
	if (b->process->tags == NULL)
		b->process->tags = g_ptr_array_new_with_free_func(g_object_unref);
	b->process->__isset_tags = TRUE;
	g_ptr_array_add(b->process->tags, text_tag("cluster", "north"));
	g_ptr_array_add(b->process->tags, text_tag("empty", ""));
	rc = oracle_encode(b, ORACLE_BINARY_STRUCT, to, &why);
	g_object_unref(b);
	return rc;
}

static void is_tagged_as_by_hand(const struct corpus_case *c)
{
	struct buf want = { 0 }, got = { 0 }, service = { 0 };
	struct transcode_facts facts = { 0 }, plain;
	struct slice out;
	struct why why;
	bool good;

	good = edge_transcode(&edge, buf_slice(&c->datagram), &no_tags, &out, &plain) == 0 &&
	       tagged_by_hand(out, &want) == 0;
	buf_add(&service, plain.service.at, plain.service.len);
	good = good && edge_transcode(&edge, buf_slice(&c->datagram), &two_tags, &out, &facts) == 0 &&
	       oracle_canonical(out, ORACLE_BINARY_STRUCT, &got, &why) == 0;
	ok(good && slice_same(buf_slice(&got), buf_slice(&want)), "%s: tagged as by hand", c->name);
	ok(good && slice_same(buf_slice(&service), facts.service) && facts.spans == plain.spans,
	        "its other facts are as they were");
	buf_free(&want);
	buf_free(&got);
	buf_free(&service);
}

static void every_accepted_datagram_can_be_tagged(const struct corpus *all)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct corpus_case *c = &all->at[i];

		if (c->verdict == CORPUS_ACCEPT && !c->zipkin)
			is_tagged_as_by_hand(c);
	}
}

/* Readers keep the last Process, and of its tag lists the last. */
static void of_duplicates_the_last_is_tagged(void)
{
	struct transcode_facts facts;
	struct buf d = { 0 };
	struct slice out;
	size_t with;

	edge_envelope(&d, true);
	edge_put(&d, "1c 18 05 'first' 19 1c 18 01 'a' 15 00 00 00 19 0c");
	edge_put(&d, "0c 02 18 06 'second' 19 1c 18 01 'a' 15 00 00");
	edge_put(&d, "09 04 1c 18 01 'b' 15 00 00"); /* tags once more */
	edge_put(&d, "48 01 'u' 00 00 00");          /* an unknown field behind them */
	is_int(edge_transcode(&edge, buf_slice(&d), &two_tags, &out, &facts), 0,
	        "a Process twice, the second with tags twice");
	ok(slice_is(facts.service, "second"), "the service is that of the last");
	ok(has(out, "0f 00 02 0c 00 00 00 03 0b 00 01 00 00 00 01 'b' 08 00 02 00 00 00 00 00 "
	            "0b 00 01 00 00 00 07 'cluster'"),
	        "the last list of the last Process has them, behind its own");
	ok(has(out, "0b 00 03 00 00 00 00 00 0b 00 06 00 00 00 01 'u' 00"), "and nothing in between");
	with = facts.size;
	is_int(edge_transcode(&edge, buf_slice(&d), &no_tags, &out, &facts), 0, "the same without the agent's");
	is_int(with - facts.size, encoded.len, "has just those bytes less");
	buf_free(&d);
}

static void the_last_process_without_tags_gets_its_own_list(void)
{
	struct transcode_facts facts;
	struct buf d = { 0 };
	struct slice out;

	edge_envelope(&d, true);
	edge_put(&d, "1c 18 01 's' 19 0c 00 19 0c 0c 02 18 01 't' 00 00 00");
	is_int(edge_transcode(&edge, buf_slice(&d), &two_tags, &out, &facts), 0,
	        "a Process with tags, then one without");
	ok(has(out, "0b 00 01 00 00 00 01 't' 0f 00 02 0c 00 00 00 02"), "the second gets a list of two");
	buf_free(&d);
}

static void an_empty_list_without_a_type_gets_one(void)
{
	struct transcode_facts facts;
	struct buf d = { 0 };
	struct slice out;

	edge_envelope(&d, true);
	edge_put(&d, "1c 18 01 's' 19 00 00 19 0c 00 00");
	is_int(edge_transcode(&edge, buf_slice(&d), &two_tags, &out, &facts), 0,
	        "a Process whose empty tags have no type");
	ok(has(out, "'s' 0f 00 02 0c 00 00 00 02"), "they are structs now, two of them");
	buf_free(&d);
}

int main(void)
{
	struct corpus all;

	corpus_load(&all);
	transcode_encode_tag(&encoded, "cluster", "north");
	transcode_encode_tag(&encoded, "empty", "");
	two_tags = (struct transcode_tags){ .encoded = buf_slice(&encoded), .count = 2 };
	edge = edge_new(PACKET, &two_tags);
	a_tag_is_encoded_as_text();
	every_accepted_datagram_can_be_tagged(&all);
	of_duplicates_the_last_is_tagged();
	the_last_process_without_tags_gets_its_own_list();
	an_empty_list_without_a_type_gets_one();
	edge_free(&edge);
	buf_free(&encoded);
	corpus_free(&all);
	return tap_done();
}
