/* SPDX-License-Identifier: Apache-2.0 */
/* test_oracle.c — Thrift's own C library reads every datagram of the corpus and writes it again;
 * what the transcoder made of it must say the same. */
#include "corpus.h"
#include "oracle.h"
#include "tap.h"
#include "span/transcode.h"

/* Where the library is no judge. */
static const struct {
	const char *name; /* a case's begins so */
	const char *reason;
} not_asked[] = {
	{ "depth-64", "it knows no limit of nesting" },
	{ "depth-200", "it knows no limit of nesting" },
	{ "depth-10000", "it knows no limit of nesting" },
	{ "duplicate-batch", "it reads the second on top of the first" },
	{ "map-size-2g-binary", "it frees an unknown text that it could not read" },
	{ "map-size-left1-binary", "it frees an unknown text that it could not read" },
	{ "method-nul", "its method names end at a NUL" },
	{ "old-header", "it does not read messages without a version" },
};

static const char *reason_against(const struct corpus_case *c)
{
	for (size_t i = 0; i < ARRAY_LEN(not_asked); i++)
		if (strncmp(c->name, not_asked[i].name, strlen(not_asked[i].name)) == 0)
			return not_asked[i].reason;
	return NULL;
}

static void the_library_and_the_transcoder_agree(const struct corpus_case *c, struct buf *room)
{
	static const struct transcode_tags no_tags;
	struct buf theirs = { 0 }, ours = { 0 };
	struct slice datagram = buf_slice(&c->datagram);
	size_t cap = transcode_bound(datagram.len, &no_tags);
	struct transcode_facts facts;
	struct why why = { 0 };
	uint8_t *out = buf_reserve(room, cap);
	int rc = transcode_datagram(datagram, &no_tags, out, cap, &facts);
	int want = oracle_canonical(datagram, oracle_form_of(datagram), &theirs, &why);

	if (rc < 0 || want < 0)
		ok(rc < 0 && want < 0, "%s: refused by both (%s)", c->name, why.text);
	else
		ok(oracle_canonical(slice_of(out, facts.size), ORACLE_BINARY_STRUCT, &ours, &why) == 0 &&
		                slice_same(buf_slice(&theirs), buf_slice(&ours)),
		        "%s: says the same", c->name);
	buf_free(&theirs);
	buf_free(&ours);
}

int main(void)
{
	struct buf room = { 0 };
	struct corpus all;
	size_t left_out = 0;

	corpus_load(&all);
	for (size_t i = 0; i < all.count; i++) {
		const char *reason = reason_against(&all.at[i]);

		if (reason != NULL) {
			diag("%s is not asked of it: %s", all.at[i].name, reason);
			left_out++;
		} else
			the_library_and_the_transcoder_agree(&all.at[i], &room);
	}
	is_int(left_out, 14, "no more than these are left out");
	buf_free(&room);
	corpus_free(&all);
	return tap_done();
}
