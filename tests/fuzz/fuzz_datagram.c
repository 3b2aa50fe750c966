/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_datagram.c — any bytes as a datagram: refused, or the output is a Batch with as many
 * spans, with and without the agent's tags, and comes to itself when it is sent again as TBinary. */
#include "fuzz.h"
#include "span/inspect.h"
#include "span/transcode.h"

static const char envelope[] = "\x80\x01\x00\x04\x00\x00\x00\x09"
                               "emitBatch\x00\x00\x00\x00\x0c\x00\x01";

/* The output, in room that is not a byte more than promised; NULL when refused. */
static uint8_t *transcode(struct slice datagram, const struct transcode_tags *tags, struct transcode_facts *facts)
{
	size_t cap = transcode_bound(datagram.len, tags);
	uint8_t *out = fuzz_room(cap);
	int rc = transcode_datagram(datagram, tags, out, cap, facts);

	PROMISE(rc == 0 || rc == E_MALFORMED || rc == E_UNKNOWN_METHOD);
	if (rc == 0) {
		struct inspect_facts seen;

		PROMISE(facts->size <= cap);
		PROMISE(inspect_batch(slice_of(out, facts->size), &seen, NULL, NULL, NULL) == 0);
		PROMISE(seen.spans == facts->spans);
		PROMISE(seen.used == facts->size);
		PROMISE(slice_same(seen.service, facts->service));
		return out;
	}
	free(out);
	return NULL;
}

static void sent_again_it_is_the_same(struct slice batch)
{
	static const struct transcode_tags none;
	struct transcode_facts facts;
	struct buf d = { 0 };
	uint8_t *out;

	buf_add(&d, envelope, sizeof(envelope) - 1);
	buf_add(&d, batch.at, batch.len);
	buf_byte(&d, 0);
	PROMISE(buf_check(&d) == 0);
	out = transcode(buf_slice(&d), &none, &facts);
	PROMISE(out != NULL);
	PROMISE(slice_same(slice_of(out, facts.size), batch));
	free(out);
	buf_free(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct transcode_tags none;
	struct transcode_facts plain, tagged;
	struct transcode_tags tags;
	struct buf encoded = { 0 };
	uint8_t *out, *with;

	transcode_encode_tag(&encoded, "cluster", "north");
	tags = (struct transcode_tags){ .encoded = buf_slice(&encoded), .count = 1 };
	out = transcode(slice_of(data, size), &none, &plain);
	with = transcode(slice_of(data, size), &tags, &tagged);
	PROMISE((out == NULL) == (with == NULL));
	if (out != NULL) {
		PROMISE(plain.spans == tagged.spans && plain.compact == tagged.compact);
		PROMISE(slice_same(plain.service, tagged.service));
		PROMISE(tagged.size == plain.size + encoded.len || tagged.size == plain.size + encoded.len + 8);
		sent_again_it_is_the_same(slice_of(out, plain.size));
	}
	free(out);
	free(with);
	buf_free(&encoded);
	return 0;
}
