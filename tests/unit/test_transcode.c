/* SPDX-License-Identifier: Apache-2.0 */
/* test_transcode.c — the room that is enough, depth, type codes, and the odd corners of both
 * protocols. */
#include "edge.h"
#include "tap.h"

enum { PACKET = 65000 };

static const struct transcode_tags no_tags;

/* Only the code of what comes of it. */
static int code_of(const struct buf *datagram)
{
	static uint8_t out[600000];
	struct transcode_facts facts;

	return transcode_datagram(buf_slice(datagram), &no_tags, out, sizeof(out), &facts);
}

/* The Batch in DATAGRAM comes out as WANT, written as for edge_put. */
static void comes_to(const struct buf *datagram, const char *want, const char *name)
{
	struct edge edge = edge_new(datagram->len, &no_tags);
	struct transcode_facts facts;
	struct buf bytes = { 0 };
	struct slice out;
	int rc = edge_transcode(&edge, buf_slice(datagram), &no_tags, &out, &facts);

	edge_put(&bytes, want);
	ok(rc == 0 && slice_same(out, buf_slice(&bytes)), "%s", name);
	buf_free(&bytes);
	edge_free(&edge);
}

/* Both made by Thrift's Java library, from the same objects. */
static void a_batch_comes_out_as_java_writes_it(void)
{
	struct transcode_facts facts;
	struct buf d = { 0 };
	uint8_t out[1024];

	edge_envelope(&d, true);
	edge_put(&d, "1c 18 0a 'stream-app' 19 0c 00 19 1c 16 02 16 00 16 04 16 00 18 07 'receive' "
	             "19 0c 15 02 16 80 89 7a 16 0a 19 0c 19 0c 00 00 00");
	comes_to(&d,
	        "0c 00 01 0b 00 01 00 00 00 0a 'stream-app' 0f 00 02 0c 00 00 00 00 00 "
	        "0f 00 02 0c 00 00 00 01 0a 00 01 00 00 00 00 00 00 00 01 "
	        "0a 00 02 00 00 00 00 00 00 00 00 0a 00 03 00 00 00 00 00 00 00 02 "
	        "0a 00 04 00 00 00 00 00 00 00 00 0b 00 05 00 00 00 07 'receive' "
	        "0f 00 06 0c 00 00 00 00 08 00 07 00 00 00 01 0a 00 08 00 00 00 00 00 0f 42 40 "
	        "0a 00 09 00 00 00 00 00 00 00 05 0f 00 0a 0c 00 00 00 00 0f 00 0b 0c 00 00 00 00 "
	        "00 00",
	        "byte for byte");
	ok(transcode_datagram(buf_slice(&d), &no_tags, out, sizeof(out), &facts) == 0 && facts.spans == 1 &&
	                facts.compact && slice_is(facts.service, "stream-app"),
	        "its facts are told");
	buf_free(&d);
}

static void repeat(struct buf *to, const char *text, size_t times)
{
	struct buf unit = { 0 };

	edge_put(&unit, text);
	while (times-- > 0)
		buf_add(to, unit.at, unit.len);
	buf_free(&unit);
}

/* A count in three bytes of a varint. */
static void put_count(struct buf *to, size_t n)
{
	buf_byte(to, (uint8_t)(n | 0x80));
	buf_byte(to, (uint8_t)(n >> 7 | 0x80));
	buf_byte(to, (uint8_t)(n >> 14));
}

/* What grows most, behind the least Batch, until the packet is full. */
static void nothing_outgrows_its_bound(void)
{
	static const struct {
		const char *name;
		const char *list; /* the header of one, or "" */
		const char *unit;
		size_t bytes; /* of a unit */
	} cases[] = {
		{ "an unknown list of small i64", "49 f6", "02", 1 },
		{ "an unknown list of empty maps", "49 fb", "00", 1 },
		{ "an unknown list of empty lists", "49 f9", "0c", 1 },
		{ "an unknown list of empty texts", "49 f8", "00", 1 },
		{ "an unknown list of structs with a bool", "49 fc", "11 00", 2 },
		{ "an unknown list of structs with an i64", "49 fc", "16 02 00", 3 },
		{ "fields of empty maps", "", "0b 80 01 00", 4 },
		{ "many a Process", "", "0c 02 18 00 00", 5 },
		{ "many span lists", "", "09 04 0c", 3 },
	};
	struct transcode_tags tags = { .count = 50 };
	struct buf encoded = { 0 }, d = { 0 };
	struct edge edge;

	for (unsigned i = 0; i < tags.count; i++)
		transcode_encode_tag(&encoded, "a key of some length", "a value of some length");
	tags.encoded = buf_slice(&encoded);
	edge = edge_new(PACKET, &tags);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t times = (PACKET - 64) / cases[i].bytes;
		struct transcode_facts facts;
		struct slice out;

		edge_envelope(&d, true);
		edge_least(&d, true);
		edge_put(&d, cases[i].list);
		if (cases[i].list[0] != '\0')
			put_count(&d, times);
		repeat(&d, cases[i].unit, times);
		edge_put(&d, "00 00");
		is_int(edge_transcode(&edge, buf_slice(&d), &tags, &out, &facts), 0, cases[i].name);
		ok(facts.size <= transcode_bound(d.len, &tags), "%zu bytes become %zu", d.len, facts.size);
	}
	edge_free(&edge);
	buf_free(&encoded);
	buf_free(&d);
}

static void too_little_room_is_refused(void)
{
	struct transcode_facts facts;
	struct buf d = { 0 };
	size_t bound;
	uint8_t *out;

	edge_envelope(&d, true);
	edge_least(&d, true);
	edge_put(&d, "00 00");
	bound = transcode_bound(d.len, &no_tags);
	out = malloc(bound);
	is_int(transcode_datagram(buf_slice(&d), &no_tags, out, bound - 1, &facts), E_TOO_LARGE,
	        "one byte less than the bound");
	is_int(transcode_datagram(buf_slice(&d), &no_tags, out, bound, &facts), 0, "the bound");
	free(out);
	buf_free(&d);
}

/* One container in the next, in field 6 of the Batch. The innermost is empty. */
struct nest {
	const char *name;
	bool compact;
	const char *head;
	const char *next[2]; /* in turn */
	const char *last[2];
	bool is_struct[2]; /* it has an end as well */
};

static const struct nest nests[] = {
	{ "lists", true, "49", { "19", "19" }, { "03", "03" }, { false, false } },
	{ "structs", true, "4c", { "1c", "1c" }, { "", "" }, { true, true } },
	{ "maps", true, "4b", { "01 3b 01", "01 3b 01" }, { "00", "00" }, { false, false } },
	{ "lists and structs", true, "49", { "1c", "19" }, { "0c", "" }, { false, true } },
	{ "lists", false, "0f 00 06", { "0f 00 00 00 01", "0f 00 00 00 01" }, { "03 00 00 00 00", "03 00 00 00 00" },
	        { false, false } },
	{ "structs", false, "0c 00 06", { "0c 00 01", "0c 00 01" }, { "", "" }, { true, true } },
	{ "maps", false, "0d 00 06", { "03 0d 00 00 00 01 01", "03 0d 00 00 00 01 01" },
	        { "03 03 00 00 00 00", "03 03 00 00 00 00" }, { false, false } },
	{ "lists and structs", false, "0f 00 06", { "0c 00 00 00 01", "0f 00 01" }, { "0c 00 00 00 00", "" },
	        { false, true } },
};

static void put_nested(struct buf *to, const struct nest *n, unsigned levels)
{
	unsigned ends = 0;

	edge_put(to, n->head);
	for (unsigned i = 0; i < levels; i++) {
		edge_put(to, i + 1 < levels ? n->next[i % 2] : n->last[i % 2]);
		ends += n->is_struct[i % 2];
	}
	repeat(to, "00", ends);
}

static void depth_has_a_limit(void)
{
	struct buf d = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(nests); i++)
		for (unsigned levels = TRANSCODE_DEPTH - 3; levels <= TRANSCODE_DEPTH + 2; levels++) {
			/* The Batch is a level itself. */
			bool good = levels + 1 <= TRANSCODE_DEPTH;

			edge_envelope(&d, nests[i].compact);
			edge_least(&d, nests[i].compact);
			put_nested(&d, &nests[i], levels);
			edge_put(&d, "00 00");
			ok(code_of(&d) == (good ? 0 : E_MALFORMED), "%u %s in a %s Batch", levels, nests[i].name,
			        nests[i].compact ? "compact" : "TBinary");
		}
	buf_free(&d);
}

/* A list that says what it holds in a code of no type, in an unknown field of the Batch. */
static void only_known_type_codes_are_taken(void)
{
	static const char types[] = "\x02\x03\x04\x06\x08\x0a\x0b\x0c\x0d\x0e\x0f";
	struct buf d = { 0 };
	unsigned wrong = 0;

	for (unsigned code = 0; code < 256; code++) {
		bool is_type = memchr(types, (int)code, sizeof(types)) != NULL; /* 0 too */

		edge_envelope(&d, false);
		edge_least(&d, false);
		edge_put(&d, "0f 00 09");
		buf_byte(&d, (uint8_t)code);
		edge_put(&d, "00 00 00 00 00 00");
		wrong += code_of(&d) != (is_type ? 0 : E_MALFORMED);
		edge_envelope(&d, true);
		edge_least(&d, true);
		edge_put(&d, "79");
		buf_byte(&d, code & 0x0f);
		edge_put(&d, "00 00");
		wrong += code_of(&d) != ((code & 0x0f) <= 12 ? 0 : E_MALFORMED);
	}
	is_int(wrong, 0, "an empty list of each of 256 codes is taken or refused as it should be");
	buf_free(&d);
}

static void an_odd_bool_is_false(void)
{
	struct buf d = { 0 };

	edge_envelope(&d, false);
	edge_least(&d, false);
	edge_put(&d, "02 00 07 02 0f 00 08 02 00 00 00 04 01 02 ff 00 00 00");
	comes_to(&d,
	        "0c 00 01 0b 00 01 00 00 00 01 's' 00 0f 00 02 0c 00 00 00 00 "
	        "02 00 07 00 0f 00 08 02 00 00 00 04 01 00 00 00 00",
	        "TBinary bools of 2 and 255 come out as false");
	buf_free(&d);
}

/* What stands beside the Batch in the arguments, and behind them, leaves no trace. */
static void only_the_last_batch_argument_comes_out(void)
{
	struct buf d = { 0 };

	edge_envelope(&d, true);
	edge_put(&d, "1c 18 05 'other' 00 19 0c 00 59 f6 03 02 02 02 0c 02");
	edge_least(&d, true);
	edge_put(&d, "00 18 04 'more' 11 00 ff ff");
	comes_to(&d, "0c 00 01 0b 00 01 00 00 00 01 's' 00 0f 00 02 0c 00 00 00 00 00",
	        "two Batch arguments and others in compact");
	edge_envelope(&d, false);
	edge_put(&d, "0c 00 01 0b 00 01 00 00 00 05 'other' 00 0f 00 02 0c 00 00 00 00 00");
	edge_put(&d, "0b 00 09 00 00 00 04 'more' 0c 00 01");
	edge_least(&d, false);
	edge_put(&d, "00 02 00 0a 07 00 ff ff");
	comes_to(&d, "0c 00 01 0b 00 01 00 00 00 01 's' 00 0f 00 02 0c 00 00 00 00 00", "and in TBinary");
	buf_free(&d);
}

/* DATAGRAM, with a tag of the agent added, says of its client what WANT says; uuid is text. */
static void reports(const struct buf *datagram, const struct client_report *want, const char *uuid, const char *name)
{
	struct transcode_tags tags = { .count = 1 };
	struct transcode_facts facts;
	struct buf encoded = { 0 };
	struct edge edge;
	struct slice out;
	int rc;

	transcode_encode_tag(&encoded, "agent", "tag");
	tags.encoded = buf_slice(&encoded);
	edge = edge_new(datagram->len, &tags);
	rc = edge_transcode(&edge, buf_slice(datagram), &tags, &out, &facts);
	ok(rc == 0 && facts.client.numbered == want->numbered && facts.client.has_dropped == want->has_dropped &&
	                facts.client.number == want->number &&
	                memcmp(facts.client.dropped, want->dropped, sizeof(want->dropped)) == 0 &&
	                slice_is(facts.client.uuid, uuid),
	        "%s", name);
	edge_free(&edge);
	buf_free(&encoded);
}

static void a_numbered_batch_reports_its_client(void)
{
	static const struct client_report nothing, numbered = { .numbered = true, .number = -3 },
	                                           whole = { true, true, 5, { 1, 2, INT64_MIN }, { 0 } };
	struct buf d = { 0 };

	/* seqNo comes first, the Process with an id in its second tag later, the totals last and out of order */
	edge_envelope(&d, true);
	edge_put(&d, "36 0a 0c 02 18 01 's' 19 2c 18 01 'k' 15 00 18 01 'v' 00 "
	             "18 0b 'client-uuid' 15 00 18 02 'id' 00 00 19 0c "
	             "2c 26 04 06 02 02 06 06 ff ff ff ff ff ff ff ff ff 01 00 00 00");
	reports(&d, &whole, "id", "in compact");
	edge_envelope(&d, false);
	edge_put(&d, "0a 00 03 00 00 00 00 00 00 00 05 0c 00 01 0b 00 01 00 00 00 01 's' 0f 00 02 0c 00 00 00 01 "
	             "0b 00 01 00 00 00 0b 'client-uuid' 08 00 02 00 00 00 00 0b 00 03 00 00 00 02 'id' 00 00 "
	             "0f 00 02 0c 00 00 00 00 "
	             "0c 00 04 0a 00 03 80 00 00 00 00 00 00 00 0a 00 01 00 00 00 00 00 00 00 01 "
	             "0a 00 02 00 00 00 00 00 00 00 02 0b 00 07 00 00 00 01 'x' 00 00 00");
	reports(&d, &whole, "id", "in TBinary");
	edge_envelope(&d, true);
	edge_least(&d, true);
	edge_put(&d, "16 05 00 00");
	reports(&d, &numbered, "", "a number alone");
	edge_envelope(&d, true);
	edge_put(&d, "1c 18 01 's' 19 1c 18 0b 'client-uuid' 15 00 18 02 'id' 00 00 19 0c "
	             "2c 16 02 16 04 16 06 00 00 00");
	reports(&d, &nothing, "", "a batch without a number reports nothing");
	edge_envelope(&d, true);
	edge_put(&d, "1c 18 01 's' 19 2c 18 0b 'client-uuid' 15 06 46 02 00 18 0b 'client-uuid' 15 00 18 02 'id' 00 00 "
	             "19 0c 16 05 00 00");
	reports(&d, &numbered, "", "the first tag of the name counts, though it is no text");
	buf_free(&d);
}

int main(void)
{
	a_batch_comes_out_as_java_writes_it();
	nothing_outgrows_its_bound();
	too_little_room_is_refused();
	depth_has_a_limit();
	only_known_type_codes_are_taken();
	an_odd_bool_is_false();
	only_the_last_batch_argument_comes_out();
	a_numbered_batch_reports_its_client();
	return tap_done();
}
