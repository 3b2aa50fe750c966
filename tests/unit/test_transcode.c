/* test_transcode.c — the agent's tags, the room that is enough, depth, and the odd corners of both
 * protocols. */
#include <config.h>

#include "corpus.h"
#include "guard.h"
#include "oracle.h"
#include "tap.h"
#include "transcode.h"

enum { PACKET = 65000 };

static const struct transcode_tags no_tags;

/* Two tags, in the form that the transcoder wants. */
static struct transcode_tags two_tags(struct buf *room)
{
	transcode_encode_tag(room, "cluster", "north");
	transcode_encode_tag(room, "empty", "");
	return (struct transcode_tags){ .encoded = buf_slice(room), .count = 2 };
}

/* Into ROOM, which ends where memory ends; CAP is as much as is promised to be enough. */
static int transcode(struct slice datagram, const struct transcode_tags *tags, struct guard *room,
	struct slice *out, struct transcode_facts *facts)
{
	size_t cap = transcode_bound(datagram.len, tags);
	int rc = transcode_datagram(datagram, tags, room->end - cap, cap, facts);

	*out = slice_of(room->end - cap, facts->size);
	return rc;
}

/* Only the code of what comes of it. */
static int code_of(const struct buf *datagram)
{
	static uint8_t out[600000];
	struct transcode_facts facts;

	return transcode_datagram(buf_slice(datagram), &no_tags, out, sizeof(out), &facts);
}

static void begin(struct buf *to, bool compact)
{
	buf_clear(to);
	if (compact)
		buf_add(to, "\x82\x81\x00\x09" "emitBatch\x1c", 14);
	else
		buf_add(to, "\x80\x01\x00\x04\x00\x00\x00\x09" "emitBatch\x00\x00\x00\x00\x0c\x00\x01", 24);
}

/* The smallest Process and span list there are. */
static void put_least(struct buf *to, bool compact)
{
	if (compact)
		buf_add(to, "\x1c\x18\x01s\x00\x19\x0c", 7);
	else
		buf_add(to, "\x0c\x00\x01\x0b\x00\x01\x00\x00\x00\x01s\x00\x0f\x00\x02\x0c\x00\x00\x00\x00", 20);
}

static void repeat(struct buf *to, const char *bytes, size_t len, size_t times)
{
	while (times-- > 0)
		buf_add(to, bytes, len);
}

/* Made by Thrift's Java library from the same objects. */
static void a_batch_comes_out_as_java_writes_it(void)
{
	static const char compact[] = "\x1c\x18\x0astream-app\x19\x0c\x00\x19\x1c\x16\x02\x16\x00\x16"
		"\x04\x16\x00\x18\x07receive\x19\x0c\x15\x02\x16\x80\x89\x7a\x16\x0a\x19\x0c\x19\x0c\x00\x00";
	static const char binary[] =
		"\x0c\x00\x01\x0b\x00\x01\x00\x00\x00\x0astream-app\x0f\x00\x02\x0c\x00\x00\x00\x00\x00"
		"\x0f\x00\x02\x0c\x00\x00\x00\x01\x0a\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x0a\x00\x02"
		"\x00\x00\x00\x00\x00\x00\x00\x00\x0a\x00\x03\x00\x00\x00\x00\x00\x00\x00\x02\x0a\x00\x04"
		"\x00\x00\x00\x00\x00\x00\x00\x00\x0b\x00\x05\x00\x00\x00\x07receive\x0f\x00\x06\x0c\x00"
		"\x00\x00\x00\x08\x00\x07\x00\x00\x00\x01\x0a\x00\x08\x00\x00\x00\x00\x00\x0f\x42\x40\x0a"
		"\x00\x09\x00\x00\x00\x00\x00\x00\x00\x05\x0f\x00\x0a\x0c\x00\x00\x00\x00\x0f\x00\x0b\x0c"
		"\x00\x00\x00\x00\x00\x00";
	struct guard room = guard_new(4096);
	struct transcode_facts facts;
	struct buf datagram = { 0 };
	struct slice out;

	begin(&datagram, true);
	buf_add(&datagram, compact, sizeof(compact) - 1);
	buf_byte(&datagram, 0);
	is_int(transcode(buf_slice(&datagram), &no_tags, &room, &out, &facts), 0, "it is taken");
	ok(slice_same(out, slice_of(binary, sizeof(binary) - 1)), "to the byte");
	ok(facts.spans == 1 && facts.compact && slice_is(facts.service, "stream-app"), "its facts are told");
	buf_free(&datagram);
	guard_free(&room);
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

static void tags_stand_behind_those_of_the_process(const struct corpus *all)
{
	struct guard room = guard_new(PACKET * TRANSCODE_GROWTH + 4096);
	struct buf encoded = { 0 };
	struct transcode_tags tags = two_tags(&encoded);

	for (size_t i = 0; i < all->count; i++) {
		const struct corpus_case *c = &all->at[i];
		struct buf want = { 0 }, got = { 0 };
		struct transcode_facts facts, plain;
		struct slice out;
		struct why why;
		bool same_service;

		if (c->verdict != CORPUS_ACCEPT || c->zipkin || strncmp(c->name, "duplicate-", 10) == 0)
			continue;
		if (transcode(buf_slice(&c->datagram), &no_tags, &room, &out, &plain) < 0 ||
			tagged_by_hand(out, &want) < 0) {
			ok(false, "%s can be tagged by hand", c->name);
			continue;
		}
		/* The same room is written again, so the service is looked at before. */
		buf_add(&got, plain.service.at, plain.service.len);
		is_int(transcode(buf_slice(&c->datagram), &tags, &room, &out, &facts), 0, c->name);
		same_service = slice_same(buf_slice(&got), facts.service);
		buf_clear(&got);
		ok(oracle_canonical(out, ORACLE_BINARY_STRUCT, &got, &why) == 0 &&
				slice_same(buf_slice(&got), buf_slice(&want)) && same_service &&
				facts.spans == plain.spans,
			"tagged as by hand");
		buf_free(&want);
		buf_free(&got);
	}
	buf_free(&encoded);
	guard_free(&room);
}

static bool has(struct slice text, struct slice what)
{
	return memmem(text.at, text.len, what.at, what.len) != NULL;
}

/* Readers keep the last Process, and of its tag lists the last. */
static void of_duplicates_the_last_is_tagged(void)
{
	static const char tag_a[] = "\x18\x01" "a\x15\x00\x00", tag_b[] = "\x18\x01" "b\x15\x00\x00";
	struct guard room = guard_new(8192);
	struct buf encoded = { 0 }, d = { 0 }, joined = { 0 };
	struct transcode_tags tags = two_tags(&encoded);
	struct transcode_facts facts;
	struct slice out;
	size_t with;

	begin(&d, true);
	buf_add(&d, "\x1c\x18\x05" "first\x19\x1c", 10);
	buf_add(&d, tag_a, sizeof(tag_a) - 1);
	buf_add(&d, "\x00\x19\x0c", 3);
	buf_add(&d, "\x0c\x02\x18\x06second\x19\x1c", 12);
	buf_add(&d, tag_a, sizeof(tag_a) - 1);
	buf_add(&d, "\x09\x04\x1c", 3);
	buf_add(&d, tag_b, sizeof(tag_b) - 1);
	buf_add(&d, "\x48\x01u\x00\x00\x00", 6); /* an unknown field behind the tags */
	is_int(transcode(buf_slice(&d), &tags, &room, &out, &facts), 0, "a Process twice, the second with tags twice");
	ok(slice_is(facts.service, "second"), "the service is that of the last");
	buf_add(&joined, "\x0f\x00\x02\x0c\x00\x00\x00\x03\x0b\x00\x01\x00\x00\x00\x01" "b\x08\x00\x02\x00\x00\x00\x00\x00", 24);
	buf_add(&joined, encoded.at, encoded.len);
	buf_add(&joined, "\x0b\x00\x06\x00\x00\x00\x01u\x00", 9);
	ok(has(out, buf_slice(&joined)), "the last list of the last Process has them, behind its own");
	with = facts.size;
	is_int(transcode(buf_slice(&d), &no_tags, &room, &out, &facts), 0, "the same without the agent's");
	is_int(with - facts.size, encoded.len, "has just those bytes less");
	buf_free(&encoded);
	buf_free(&joined);
	buf_free(&d);
	guard_free(&room);
}

static void the_last_process_without_tags_gets_its_own_list(void)
{
	struct guard room = guard_new(8192);
	struct buf encoded = { 0 }, d = { 0 };
	struct transcode_tags tags = two_tags(&encoded);
	struct transcode_facts facts;
	struct slice out;

	begin(&d, true);
	buf_add(&d, "\x1c\x18\x01s\x19\x0c\x00\x19\x0c", 9);
	buf_add(&d, "\x0c\x02\x18\x01t\x00\x00\x00", 8);
	is_int(transcode(buf_slice(&d), &tags, &room, &out, &facts), 0, "a Process with tags, then one without");
	ok(has(out, slice_of("\x0b\x00\x01\x00\x00\x00\x01t\x0f\x00\x02\x0c\x00\x00\x00\x02", 16)),
		"the second gets a list of two");
	buf_free(&encoded);
	buf_free(&d);
	guard_free(&room);
}

static void put_count(struct buf *to, size_t n)
{
	buf_byte(to, (uint8_t)(n | 0x80));
	buf_byte(to, (uint8_t)(n >> 7 | 0x80));
	buf_byte(to, (uint8_t)(n >> 14));
}

/* The room that is promised to be enough ends where memory ends. */
static void nothing_outgrows_its_bound(void)
{
	static const struct {
		const char *name, *open, *unit;
		size_t open_len, unit_len;
		bool counted; /* the unit is an element, and a count stands before */
	} cases[] = {
		{ "an unknown list of small i64", "\x49\xf6", "\x02", 2, 1, true },
		{ "an unknown list of empty maps", "\x49\xfb", "\x00", 2, 1, true },
		{ "an unknown list of empty lists", "\x49\xf9", "\x0c", 2, 1, true },
		{ "an unknown list of empty texts", "\x49\xf8", "\x00", 2, 1, true },
		{ "an unknown list of structs with a bool", "\x49\xfc", "\x11\x00", 2, 2, true },
		{ "an unknown list of structs with an i64", "\x49\xfc", "\x16\x02\x00", 2, 3, true },
		{ "fields of empty maps", "", "\x0b\x80\x01\x00", 0, 4, false },
		{ "many a Process", "", "\x0c\x02\x18\x00\x00", 0, 5, false },
		{ "many span lists", "", "\x09\x04\x0c", 0, 3, false },
	};
	struct guard room = guard_new(PACKET * TRANSCODE_GROWTH + 8192);
	struct buf encoded = { 0 }, d = { 0 };
	struct transcode_tags tags;

	for (int i = 0; i < 50; i++)
		transcode_encode_tag(&encoded, "a key of some length", "a value of some length");
	tags = (struct transcode_tags){ .encoded = buf_slice(&encoded), .count = 50 };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t times = (PACKET - 64) / cases[i].unit_len;
		struct transcode_facts facts;
		struct slice out;

		begin(&d, true);
		put_least(&d, true);
		buf_add(&d, cases[i].open, cases[i].open_len);
		if (cases[i].counted)
			put_count(&d, times);
		repeat(&d, cases[i].unit, cases[i].unit_len, times);
		buf_add(&d, "\x00\x00", 2);
		is_int(transcode(buf_slice(&d), &tags, &room, &out, &facts), 0, cases[i].name);
		ok(facts.size <= transcode_bound(d.len, &tags), "%zu bytes become %zu", d.len, facts.size);
	}
	buf_free(&encoded);
	buf_free(&d);
	guard_free(&room);
}

static void too_little_room_is_refused(const struct corpus *all)
{
	struct slice datagram = buf_slice(&corpus_find(all, "span-bare-compact")->datagram);
	size_t cap = transcode_bound(datagram.len, &no_tags) - 1;
	uint8_t *out = malloc(cap);
	struct transcode_facts facts;

	is_int(transcode_datagram(datagram, &no_tags, out, cap, &facts), E_TOO_LARGE, "one byte less than the bound");
	free(out);
}

/* An unknown field of the Batch that is LEVELS containers deep, each in the one before. */
static void put_nested(struct buf *to, bool compact, char kind, unsigned levels)
{
	static const struct {
		char kind;
		const char *compact, *binary;
		size_t compact_len, binary_len;
		char code; /* of compact; binary_code of the other */
		char binary_code;
	} forms[] = {
		{ 'l', "\x19", "\x0f\x00\x00\x00\x01", 1, 5, 9, 15 },
		{ 's', "\x1c", "\x0c\x00\x01", 1, 3, 12, 12 },
		{ 'm', "\x01\x3b\x01", "\x03\x0d\x00\x00\x00\x01\x01", 3, 7, 11, 13 },
	};
	size_t i = kind == 'l' ? 0 : kind == 's' ? 1 : 2;

	buf_byte(to, (uint8_t)(compact ? 0x40 | forms[i].code : forms[i].binary_code));
	if (!compact)
		buf_add(to, "\x00\x06", 2);
	for (unsigned n = 1; n < levels; n++)
		buf_add(to, compact ? forms[i].compact : forms[i].binary,
			compact ? forms[i].compact_len : forms[i].binary_len);
	/* The innermost is empty. */
	if (compact)
		buf_byte(to, kind == 'l' ? 0x03 : 0);
	else
		buf_add(to, &"\x03\x03\x00\x00\x00\x00"[kind == 'l'], kind == 'l' ? 5 : kind == 'm' ? 6 : 0);
	if (kind == 's')
		repeat(to, "\x00", 1, compact ? levels - 1 : levels);
}

static void depth_has_a_limit(void)
{
	static const char kinds[] = "lsm";
	struct buf d = { 0 };

	for (int compact = 0; compact <= 1; compact++)
		for (const char *kind = kinds; *kind != '\0'; kind++)
			/* The Batch is a level itself. */
			for (unsigned levels = TRANSCODE_DEPTH - 2; levels <= TRANSCODE_DEPTH + 1; levels++) {
				bool good = levels + 1 <= TRANSCODE_DEPTH;

				begin(&d, compact);
				put_least(&d, compact);
				put_nested(&d, compact, *kind, levels);
				buf_add(&d, "\x00\x00", 2);
				is_int(code_of(&d), good ? 0 : E_MALFORMED, good ? "deep" : "too deep");
			}
	buf_free(&d);
}

/* A list that says what it holds in a code of no type, in a field of the Batch. */
static void only_known_type_codes_are_taken(void)
{
	struct buf d = { 0 };
	unsigned wrong = 0;

	for (unsigned code = 0; code < 256; code++) {
		bool is_type = memchr("\x02\x03\x04\x06\x08\x0a\x0b\x0c\x0d\x0e\x0f", (int)code, 11) != NULL;

		begin(&d, false);
		put_least(&d, false);
		buf_add(&d, "\x0f\x00\x09", 3);
		buf_byte(&d, (uint8_t)code);
		buf_add(&d, "\x00\x00\x00\x00\x00\x00", 6);
		wrong += code_of(&d) != (is_type || code == 0 ? 0 : E_MALFORMED);
		begin(&d, true);
		put_least(&d, true);
		buf_byte(&d, 0x79);
		buf_byte(&d, code & 0x0f);
		buf_add(&d, "\x00\x00", 2);
		wrong += code_of(&d) != ((code & 0x0f) <= 12 ? 0 : E_MALFORMED);
	}
	is_int(wrong, 0, "an empty list of each of 256 codes is taken or refused as it should be");
	buf_free(&d);
}

static void an_odd_bool_is_false(void)
{
	struct guard room = guard_new(4096);
	struct transcode_facts facts;
	struct buf d = { 0 };
	struct slice out;

	begin(&d, false);
	put_least(&d, false);
	buf_add(&d, "\x02\x00\x07\x02\x0f\x00\x08\x02\x00\x00\x00\x04\x01\x02\xff\x00\x00\x00", 18);
	is_int(transcode(buf_slice(&d), &no_tags, &room, &out, &facts), 0, "TBinary bools of 2 and 255");
	ok(has(out, slice_of("\x02\x00\x07\x00\x0f\x00\x08\x02\x00\x00\x00\x04\x01\x00\x00\x00", 16)),
		"come out as false");
	buf_free(&d);
	guard_free(&room);
}

int main(void)
{
	struct corpus all;

	corpus_load(&all);
	a_batch_comes_out_as_java_writes_it();
	tags_stand_behind_those_of_the_process(&all);
	of_duplicates_the_last_is_tagged();
	the_last_process_without_tags_gets_its_own_list();
	nothing_outgrows_its_bound();
	too_little_room_is_refused(&all);
	depth_has_a_limit();
	only_known_type_codes_are_taken();
	an_odd_bool_is_false();
	corpus_free(&all);
	return tap_done();
}
