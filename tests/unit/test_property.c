/* SPDX-License-Identifier: Apache-2.0 */
/* test_property.c — random batches: compact, binary and what is expected agree byte for byte, and
 * Thrift's own library reads the same out of all three. Then each is damaged: cut or with bytes
 * changed it must be refused, or come to something that is a Batch again. SEED=… repeats a run,
 * CASES=… makes it longer. */
#include "edge.h"
#include "gen.h"
#include "span/inspect.h"
#include "oracle.h"
#include "tap.h"

enum { CASES = 20000, ROOM = 1 << 20 };

static const struct transcode_tags no_tags;
static struct edge edge;

static bool comes_to(const struct gen *g, const struct buf *datagram)
{
	struct transcode_facts facts;
	struct slice out;
	int rc = edge_transcode(&edge, buf_slice(datagram), &no_tags, &out, &facts);

	if (g->broken)
		return rc == E_MALFORMED;
	return rc == 0 && facts.spans == g->spans && slice_same(out, buf_slice(&g->expected));
}

static bool oracle_agrees(const struct gen *g)
{
	struct buf compact = { 0 }, binary = { 0 }, expected = { 0 };
	struct why why;
	bool good;

	if (g->broken)
		return oracle_canonical(buf_slice(&g->compact), ORACLE_COMPACT_MESSAGE, &compact, &why) < 0;
	good = oracle_canonical(buf_slice(&g->compact), ORACLE_COMPACT_MESSAGE, &compact, &why) == 0 &&
	       oracle_canonical(buf_slice(&g->binary), ORACLE_BINARY_MESSAGE, &binary, &why) == 0 &&
	       oracle_canonical(buf_slice(&g->expected), ORACLE_BINARY_STRUCT, &expected, &why) == 0 &&
	       slice_same(buf_slice(&compact), buf_slice(&expected)) &&
	       slice_same(buf_slice(&binary), buf_slice(&expected));
	buf_free(&compact);
	buf_free(&binary);
	buf_free(&expected);
	return good;
}

/* Whatever is taken is a Batch, with as many spans as were counted. */
static bool is_batch_or_refused(struct slice datagram)
{
	struct transcode_facts facts;
	struct inspect_facts seen;
	struct slice out;
	int rc = edge_transcode(&edge, datagram, &no_tags, &out, &facts);

	if (rc < 0)
		return rc == E_MALFORMED || rc == E_UNKNOWN_METHOD;
	return inspect_batch(out, &seen, NULL, NULL, NULL) == 0 && seen.spans == facts.spans && seen.used == out.len &&
	       slice_same(seen.service, facts.service);
}

static bool survives_damage(struct gen *g, const struct buf *datagram)
{
	struct transcode_facts facts;
	struct buf copy = { 0 };
	struct slice out;
	bool good = true;

	buf_add(&copy, datagram->at, datagram->len);
	for (int i = 0; i < 4 && good; i++) {
		copy.at[gen_random(g) % copy.len] = (uint8_t)gen_random(g);
		good = is_batch_or_refused(buf_slice(&copy));
	}
	good = good &&
	       edge_transcode(&edge, slice_of(datagram->at, gen_random(g) % datagram->len), &no_tags, &out, &facts) < 0;
	buf_free(&copy);
	return good;
}

int main(void)
{
	const char *more = getenv("CASES");
	unsigned cases = more != NULL ? (unsigned)strtoul(more, NULL, 0) : CASES;
	unsigned differ = 0, disagree = 0, asked = 0, fragile = 0, broken = 0;
	struct gen g = { .state = gen_seed() };

	edge = edge_new(ROOM, &no_tags);
	for (unsigned i = 0; i < cases; i++) {
		uint64_t at = g.state;

		g.tidy = gen_once_in(&g, 4);
		gen_batch(&g);
		broken += g.broken;
		if (!comes_to(&g, &g.compact) || !comes_to(&g, &g.binary))
			differ++ == 0 ? diag("case %u, state %" PRIu64, i, at) : 0;
		if (g.plain) {
			asked++;
			if (!oracle_agrees(&g))
				disagree++ == 0 ? diag("case %u, state %" PRIu64, i, at) : 0;
		}
		if (!survives_damage(&g, &g.compact) || !survives_damage(&g, &g.binary))
			fragile++ == 0 ? diag("case %u, state %" PRIu64, i, at) : 0;
	}
	is_int(differ, 0, "both protocols come to what is expected");
	is_int(disagree, 0, "Thrift's own library agrees");
	is_int(fragile, 0, "what is damaged is refused or still a Batch");
	ok(asked > cases / 4 && broken > cases / 1000, "%u cases, %u of them asked of Thrift, %u broken", cases, asked,
	        broken);
	gen_free(&g);
	edge_free(&edge);
	return tap_done();
}
