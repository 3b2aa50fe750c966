/* SPDX-License-Identifier: Apache-2.0 */
/* from_quarantine_report.c — what became of the records that --from-quarantine sent again. */
#include <inttypes.h>
#include <stdio.h>

#include "drainer.h"

static void print_count(const char *what, const struct drain_count *n)
{
	printf("%-32s %12" PRIu64 " %14" PRIu64 "\n", what, n->records, n->spans);
}

static void print_records(const char *what, uint64_t records)
{
	if (records > 0)
		printf("%-32s %12" PRIu64 " %14s\n", what, records, "-");
}

static void print_causes(const struct cause_counts *c)
{
	for (size_t i = 0; i < c->n; i++)
		printf("  %-30s %12" PRIu64 " %14" PRIu64 "\n", c->at[i].cause, c->at[i].records, c->at[i].spans);
}

static void print_table(const struct drainer *d, const struct from_directory_counts *c)
{
	const struct drain_ledger *l = drainer_ledger_of(d);

	printf("%-32s %12s %14s\n", "FROM QUARANTINE", "RECORDS", "SPANS");
	print_count("sent again", &l->read);
	print_count("delivered", &l->place[DRAIN_DELIVERED]);
	print_count("refused again", &l->place[DRAIN_QUARANTINED]);
	print_causes(&c->refused);
	print_records("left to the next run", l->handed_on.records);
	print_records("empty, skipped", l->place[DRAIN_SKIPPED_EMPTY].records);
	print_records("delivered, not removed", c->not_removed);
	print_records("unreadable", c->unreadable);
	print_records("files of others", c->foreign);
}

/* Nothing is left that a run could have sent. */
static bool is_empty_now(const struct drainer *d, const struct from_directory_counts *c)
{
	struct drain_progress p;

	drainer_progress_of(d, &p);
	return p.finished && !c->failed && drainer_ledger_of(d)->place[DRAIN_QUARANTINED].records == 0 &&
	       c->unreadable == 0 && c->not_removed == 0;
}

int drainer_report_from_quarantine(const struct drainer *d)
{
	struct from_directory_counts counts = { .refused = d->refused };

	if (d->directory != NULL)
		counts = *from_directory_counts(d->directory);
	print_table(d, &counts);
	if (fflush(stdout) != 0) {
		log_error("drain: the table cannot be printed to standard output");
		return EXIT_FAILED;
	}
	if (is_empty_now(d, &counts))
		return EXIT_FINE;
	log_warn("drain: something is left in quarantine, %s: the next run tries it again", d->set.quarantine);
	return EXIT_FAILED;
}
