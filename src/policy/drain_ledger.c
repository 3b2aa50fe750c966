/* SPDX-License-Identifier: Apache-2.0 */
/* drain_ledger.c — moves between the places of a record; a debug build checks the sum after each. */
#include <config.h>

#include <assert.h>
#include <inttypes.h>

#include "policy/drain_ledger.h"

#ifdef LEDGER_CHECKS
#define CHECK(l) assert(drain_ledger_check(l) == NULL)
#else
#define CHECK(l) ((void)(l))
#endif

static const char *const keys[] = {
#define X(name, key) [name] = (key),
	DRAIN_PLACES(X)
#undef X
};

static void add(struct drain_count *c, uint64_t spans)
{
	c->records++;
	c->spans += spans;
}

static void subtract(struct drain_count *c, uint64_t spans)
{
	assert(c->records > 0 && c->spans >= spans);
	c->records--;
	c->spans -= spans;
}

void drain_ledger_read(struct drain_ledger *l, uint64_t spans)
{
	add(&l->read, spans);
	add(&l->place[DRAIN_IN_FLIGHT], spans);
	CHECK(l);
}

void drain_ledger_move(struct drain_ledger *l, enum drain_place to, uint64_t spans)
{
	subtract(&l->place[DRAIN_IN_FLIGHT], spans);
	add(&l->place[to], spans);
	CHECK(l);
}

void drain_ledger_unconfirmed(struct drain_ledger *l, uint64_t spans)
{
	add(&l->unconfirmed, spans);
	CHECK(l);
}

void drain_ledger_hand_on(struct drain_ledger *l, uint64_t spans)
{
	subtract(&l->place[DRAIN_IN_FLIGHT], spans);
	subtract(&l->read, spans);
	add(&l->handed_on, spans);
	CHECK(l);
}

const char *drain_ledger_check(const struct drain_ledger *l)
{
	const struct drain_count *quarantined = &l->place[DRAIN_QUARANTINED];
	struct drain_count sum = { 0 };

	for (int i = 0; i < DRAIN_PLACES_N; i++) {
		sum.records += l->place[i].records;
		sum.spans += l->place[i].spans;
	}
	if (sum.records != l->read.records)
		return "records.read is not the sum of its places";
	if (sum.spans != l->read.spans)
		return "spans.read is not the sum of its places";
	if (l->unconfirmed.records > quarantined->records || l->unconfirmed.spans > quarantined->spans)
		return "unconfirmed is more than was quarantined";
	return NULL;
}

static void print_counts(struct buf *to, const struct drain_ledger *l, bool of_spans)
{
	buf_printf(to, "\"%s\": {\"read\": %" PRIu64, of_spans ? "spans" : "records",
	        of_spans ? l->read.spans : l->read.records);
	for (int i = 0; i < DRAIN_PLACES_N; i++)
		buf_printf(to, ", \"%s\": %" PRIu64, keys[i], of_spans ? l->place[i].spans : l->place[i].records);
	buf_printf(to, ", \"handed_on\": %" PRIu64 ", \"late\": %" PRIu64,
	        of_spans ? l->handed_on.spans : l->handed_on.records, of_spans ? l->late.spans : l->late.records);
}

void drain_ledger_json(struct buf *to, const struct drain_ledger *l)
{
	buf_text(to, "{\"ledger\": 1, ");
	print_counts(to, l, false);
	buf_printf(to, ", \"lost_to_retention\": %" PRIu64 "}, ", l->lost_to_retention);
	print_counts(to, l, true);
	buf_printf(to, "}, \"unconfirmed\": {\"records\": %" PRIu64 ", \"spans\": %" PRIu64 "}}\n",
	        l->unconfirmed.records, l->unconfirmed.spans);
}
