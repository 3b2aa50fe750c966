/* SPDX-License-Identifier: Apache-2.0 */
/* demo_report.c — prints the results as a table or as one JSON object. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "demo.h"
#include "admin/ledger_page.h"

static void print_row(const char *name, struct tally_count c, uint64_t spooled)
{
	printf("%-28s %9" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 "\n", name, c.sent, c.stored,
	        c.missing, c.duplicates, spooled);
}

static void print_table(const struct demo *d)
{
	uint64_t most = 0;
	char name[64];

	printf("\n%-28s %9s %9s %9s %9s %9s\n", "phase", "sent", "stored", "missing", "duplicate", "spooled");
	for (size_t i = 0; i <= d->phase; i++) {
		snprintf(name, sizeof(name), "%zu %s", i + 1, demo_plan[i].name);
		print_row(name, demo_count(d, i), d->results[i].spooled);
		most = max_u64(most, d->results[i].spooled);
	}
	print_row("all", tally_total(d->tally), most);
}

static void print_kill(const struct demo *d)
{
	char exposure[32];
	uint64_t lost = tally_total(d->tally).missing;

	if (d->kill.end == 0)
		return;
	if (d->opts.exposure_us > 0)
		printf("\nThe SIGKILL of the agent may cost %" PRIu64 " spans: %" PRIu64
		       " that its ledger says it had in memory\nonly (%s allow %" PRIu64 "), and %" PRIu64
		       " that were not read from the sockets. It cost %" PRIu64 ".\n",
		        demo_allowed(d), d->kill.in_memory,
		        units_print_duration(d->opts.exposure_us, exposure, sizeof(exposure)), d->kill.in_window,
		        d->kill.in_socket, lost);
	else
		printf("\nThe SIGKILL of the agent may cost %" PRIu64 " spans: %" PRIu64
		       " that were not read from the sockets, and\n%" PRIu64
		       " that were read and not committed yet. It cost %" PRIu64 ".\n",
		        demo_allowed(d), d->kill.in_socket, d->kill.in_memory, lost);
}

/* The counts cover the whole run, because the stub collector is never restarted. */
static void print_collector(const struct stub_store_counts *c)
{
	printf("The collector answered 202 to %" PRIu64 " spans, dropped %" PRIu64
	       " of them because its queue was full, and\ncould not store %" PRIu64
	       " of them because its store was away; %" PRIu64 " are stored.\n",
	        c->received, c->dropped, c->failed, c->saved);
}

static void print_ledger(const struct ledger *l)
{
	printf("The agent's ledger: %" PRIu64 " accepted = %" PRIu64 " delivered + %" PRIu64 " uncertain + %" PRIu64
	       " in flight + %" PRIu64 " in the\nspool; %" PRIu64 " boots, %" PRIu64 " unclean; %" PRIu64
	       " spans were sent again although they may have arrived.\n",
	        l->accepted.spans, l->place[LEDGER_DELIVERED].spans, l->place[LEDGER_UNCERTAIN].spans,
	        l->place[LEDGER_IN_FLIGHT].spans, l->place[LEDGER_IN_SPOOL].spans, l->boots, l->unclean_stops,
	        l->maybe_duplicate.spans);
}

void demo_print(const struct demo *d)
{
	print_table(d);
	print_kill(d);
	print_ledger(&d->ledger);
	print_collector(stub_store_counts(stub_collector_store(d->rig.stub)));
	if (d->opts.keep)
		printf("Spool and logs: %s\n", d->rig.directory);
	for (size_t i = 0; i < d->nbroken; i++)
		printf("BROKEN: %s\n", d->broken[i]);
	if (d->nbroken == 0)
		printf("Every promise was kept, in %.1f s.\n", (double)d->took_us / 1e6);
}

static json_t *count_json(struct tally_count c)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "sent", (json_int_t)c.sent, "stored", (json_int_t)c.stored, "missing",
	        (json_int_t)c.missing, "duplicate", (json_int_t)c.duplicates);
}

static json_t *phases_json(const struct demo *d)
{
	json_t *all = json_array();

	for (size_t i = 0; i <= d->phase; i++) {
		json_t *p = json_pack("{s:s}", "phase", demo_plan[i].name);
		json_t *counts = count_json(demo_count(d, i));

		json_object_update(p, counts);
		json_decref(counts);
		json_object_set_new(p, "spooled", json_integer((json_int_t)d->results[i].spooled));
		json_object_set_new(p, "seconds", json_real((double)d->results[i].took_us / 1e6));
		json_array_append_new(all, p);
	}
	return all;
}

static json_t *ledger_as_json(const struct ledger *l)
{
	struct buf text = { 0 };
	json_t *j;

	ledger_json(&text, l, "");
	j = json_loads(buf_cstr(&text), 0, NULL);
	buf_free(&text);
	return j == NULL ? json_null() : j;
}

static json_t *broken_json(const struct demo *d)
{
	json_t *all = json_array();

	for (size_t i = 0; i < d->nbroken; i++)
		json_array_append_new(all, json_string(d->broken[i]));
	return all;
}

static json_t *collector_json(const struct stub_store_counts *c)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "taken", (json_int_t)c->received, "dropped", (json_int_t)c->dropped,
	        "failed", (json_int_t)c->failed, "stored", (json_int_t)c->saved);
}

static json_t *kill_json(const struct demo *d)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "allowed", (json_int_t)demo_allowed(d), "unread",
	        (json_int_t)d->kill.in_socket, "read", (json_int_t)(demo_allowed(d) - d->kill.in_socket), "lost",
	        (json_int_t)tally_total(d->tally).missing);
}

void demo_print_json(const struct demo *d)
{
	json_t *j = json_object();

	json_object_set_new(j, "phases", phases_json(d));
	json_object_set_new(j, "all", count_json(tally_total(d->tally)));
	json_object_set_new(j, "sigkill", kill_json(d));
	json_object_set_new(j, "ledger", ledger_as_json(&d->ledger));
	json_object_set_new(j, "collector", collector_json(stub_store_counts(stub_collector_store(d->rig.stub))));
	json_object_set_new(j, "broken", broken_json(d));
	json_object_set_new(j, "seconds", json_real((double)d->took_us / 1e6));
	json_dumpf(j, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(6));
	putchar('\n');
	json_decref(j);
}
