/* SPDX-License-Identifier: Apache-2.0 */
/* test_ledger_read.c — the ledger as an agent prints it, read back; and what is none. */
#include "admin/ledger_read.h"
#include "tap.h"

static const char good[] = "{\"ledger\": 1, \"host\": \"h\", \"boots\": 3, \"unclean_stops\": 1,"
                           "\"datagrams\": {\"received\": 15, \"accepted\": 5, \"malformed\": 4, \"oversize\": 3,"
                           " \"unknown_method\": 2, \"queue_full\": 1, \"kernel_dropped\": 9},"
                           "\"spans\": {\"accepted\": 55, \"delivered\": 10, \"in_flight\": 9, \"in_spool\": 8, "
                           "\"quarantined\": 7,"
                           " \"uncertain\": 6, \"dropped\": {\"spool_full\": 5, \"max_age\": 4, \"disk_error\": 3, "
                           "\"too_large\": 2,"
                           " \"refused\": 1}},"
                           "\"batches\": {\"accepted\": 5, \"delivered\": 1, \"in_flight\": 1, \"in_spool\": 1, "
                           "\"quarantined\": 1,"
                           " \"uncertain\": 1, \"dropped\": {\"spool_full\": 0, \"max_age\": 0, \"disk_error\": 0, "
                           "\"too_large\": 0,"
                           " \"refused\": 0}},"
                           "\"maybe_duplicate\": {\"spans\": 12, \"batches\": 2},"
                           "\"unconfirmed\": {\"spans\": 3, \"batches\": 1}}";

static void every_figure_is_in_its_place(void)
{
	struct ledger l;
	struct why why = { .text = "" };
	bool falling = true;

	is_int(ledger_read(slice_text(good), &l, &why), 0, "a ledger is read");
	is_int(l.boots, 3, "boots");
	is_int(l.unclean_stops, 1, "unclean stops");
	is_int(l.received, 15, "received");
	is_int(l.kernel_dropped, 9, "dropped by the kernel");
	is_int(l.accepted.spans, 55, "accepted");
	for (int i = 0; i < LEDGER_OUTCOMES_N; i++)
		falling &= l.outcome[i] == (uint64_t)(5 - i);
	ok(falling, "the outcomes of datagrams");
	for (int i = 0; i < LEDGER_PLACES_N; i++)
		falling &= l.place[i].spans == (uint64_t)(10 - i);
	ok(falling, "the places of spans");
	is_int(l.maybe_duplicate.spans, 12, "possible duplicates");
	ok(l.unconfirmed.spans == 3 && l.unconfirmed.batches == 1, "what was never confirmed");
	ok(ledger_check(&l) == NULL, "the identities hold");
}

static void an_agent_of_an_earlier_version_has_nothing_unconfirmed(void)
{
	const char *at = strstr(good, ",\"unconfirmed\"");
	char text[sizeof(good)];
	struct ledger l;
	struct why why;

	snprintf(text, sizeof(text), "%.*s}", (int)(at - good), good);
	is_int(ledger_read(slice_text(text), &l, &why), 0, "its ledger is read");
	is_int(l.unconfirmed.spans, 0, "and the figure is 0");
}

/* GOOD with FROM made TO. */
static void is_refused(const char *from, const char *to, const char *named)
{
	char text[sizeof(good) + 64];
	const char *at = strstr(good, from);
	struct ledger l;
	struct why why = { .text = "" };

	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
	is_int(ledger_read(slice_text(text), &l, &why), E_MALFORMED, to[0] == '\0' ? "(left out)" : to);
	ok(strstr(why.text, named) != NULL, "is named: %s", why.text);
}

static void what_is_no_ledger_is_named(void)
{
	is_refused("\"boots\": 3,", "", "boots");
	is_refused("\"in_spool\": 8,", "", "in_spool");
	is_refused("\"max_age\": 4,", "", "max_age");
	is_refused("\"received\": 15", "\"received\": -1", "received");
	is_refused("\"uncertain\": 6", "\"uncertain\": \"6\"", "uncertain");
	is_refused("\"spans\": {\"accepted\"", "\"spins\": {\"accepted\"", "spans");
	is_refused("\"spans\": 3", "\"spans\": -3", "spans");
	is_refused("}}", "", "JSON");
}

int main(void)
{
	every_figure_is_in_its_place();
	an_agent_of_an_earlier_version_has_nothing_unconfirmed();
	what_is_no_ledger_is_named();
	return tap_done();
}
