/* SPDX-License-Identifier: Apache-2.0 */
/* test_corpus.c — every datagram of tests/data/corpus comes to what its case says. Both the
 * datagram and the room for the output end where memory ends. */
#include "corpus.h"
#include "edge.h"
#include "span/inspect.h"
#include "oracle.h"
#include "tap.h"

enum { MAX_PACKET = 65000 };

static const struct transcode_tags no_tags;
static struct edge edge;

/* One case says the same as EXPECTED though its bytes are others. */
static bool says_the_same(struct slice out, struct slice expected)
{
	struct buf canonical = { 0 };
	struct why why;
	bool same = oracle_canonical(out, ORACLE_BINARY_STRUCT, &canonical, &why) == 0 &&
	            slice_same(buf_slice(&canonical), expected);

	buf_free(&canonical);
	return same;
}

static void is_right_output(const struct corpus_case *c, struct slice out, struct transcode_facts *facts)
{
	struct inspect_facts seen;
	struct why why;

	if (slice_same(out, buf_slice(&c->expected)))
		ok(true, "%s: as expected", c->name);
	else if (c->verbatim.len > 0)
		ok(slice_same(out, buf_slice(&c->verbatim)), "%s: verbatim", c->name);
	else
		ok(says_the_same(out, buf_slice(&c->expected)), "%s: says the same, with what is unknown", c->name);
	is_int(facts->spans, c->spans, "its spans are counted");
	ok(inspect_batch(out, &seen, NULL, NULL, &why) == 0 && seen.spans == facts->spans &&
	                slice_same(seen.service, facts->service) && seen.used == out.len,
	        "the output is a Batch with as many, of the same service");
}

static bool is_right_cause(const struct corpus_case *c, int rc)
{
	return (rc == E_MALFORMED && c->malformed) || (rc == E_UNKNOWN_METHOD && c->unknown_method);
}

static void whole_datagrams_come_to_what_their_case_says(const struct corpus *all)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct corpus_case *c = &all->at[i];
		struct transcode_facts facts;
		struct slice out;
		int rc;

		if (c->prefixes)
			continue;
		rc = edge_transcode(&edge, buf_slice(&c->datagram), &no_tags, &out, &facts);
		if (c->datagram.len > MAX_PACKET)
			ok(c->oversize, "%s: oversize before anyone reads it", c->name);
		else if (c->zipkin)
			ok(rc == E_UNKNOWN_METHOD && facts.zipkin, "%s: left to zipkin_convert", c->name);
		else if (c->verdict == CORPUS_ACCEPT || (c->verdict == CORPUS_EITHER && rc == 0))
			ok(rc == 0, "%s: accepted", c->name) && (is_right_output(c, out, &facts), 0);
		else if (c->verdict == CORPUS_REJECT)
			ok(is_right_cause(c, rc), "%s: rejected, %s", c->name, err_text(rc));
		else
			is_int(rc, E_MALFORMED, c->name);
	}
}

/* Nothing shorter than a whole message is taken, of this case and of the real clients'. */
static void every_prefix_is_malformed(const struct corpus_case *c)
{
	size_t most = c->datagram.len < 4096 ? c->datagram.len : 4096, taken = 0;
	struct transcode_facts facts;
	struct slice out;

	for (size_t len = 0; len < most; len++)
		if (edge_transcode(&edge, slice_of(c->datagram.at, len), &no_tags, &out, &facts) != E_MALFORMED)
			taken++;
	is_int(taken, 0, c->name);
}

int main(void)
{
	struct corpus all;

	corpus_load(&all);
	edge = edge_new(UINT16_MAX, &no_tags);
	whole_datagrams_come_to_what_their_case_says(&all);
	for (size_t i = 0; i < all.count; i++)
		if (all.at[i].prefixes || (all.at[i].verdict == CORPUS_ACCEPT &&
		                                  strstr(all.at[i].name, "-rich") != NULL && !all.at[i].zipkin))
			every_prefix_is_malformed(&all.at[i]);
	every_prefix_is_malformed(corpus_find(&all, "old-header"));
	is_int(all.count, 152, "no case was left out");
	edge_free(&edge);
	corpus_free(&all);
	return tap_done();
}
