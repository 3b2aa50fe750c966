/* SPDX-License-Identifier: Apache-2.0 */
/* test_descriptor_share.c — the table of descriptor_share.c, and what holds for every limit. */
#include "policy/descriptor_share.h"
#include "tap.h"

static void the_table_holds(void)
{
	static const struct {
		uint64_t limit, exporter, server;
	} rows[] = { { 0, 2, 2 }, { 30, 2, 2 }, { 44, 2, 2 }, { 64, 12, 3 }, { 256, 108, 27 }, { 1024, 492, 123 },
		{ UINT64_MAX, 10000, 10000 } };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		is_int(descriptor_share(rows[i].limit, DESCRIPTORS_EXPORTER, 10000), rows[i].exporter, "exporter");
		is_int(descriptor_share(rows[i].limit, DESCRIPTORS_SERVER, 10000), rows[i].server, "server");
	}
	is_int(descriptor_share(1024, DESCRIPTORS_EXPORTER, 64), 64, "no more than is wanted");
	is_int(descriptor_share(0, DESCRIPTORS_EXPORTER, 1), 1, "also where that is one");
}

/* An exporter and two servers. */
static void all_parts_together_leave_what_is_reserved(void)
{
	size_t bad = 0;

	for (uint64_t limit = DESCRIPTORS_RESERVED + 8; limit < 5000; limit++)
		bad += descriptor_share(limit, DESCRIPTORS_EXPORTER, UINT64_MAX) +
		               2 * descriptor_share(limit, DESCRIPTORS_SERVER, UINT64_MAX) + DESCRIPTORS_RESERVED >
		       limit;
	is_int(bad, 0, "from a limit of 48 on");
}

int main(void)
{
	the_table_holds();
	all_parts_together_leave_what_is_reserved();
	return tap_done();
}
