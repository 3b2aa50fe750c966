/* SPDX-License-Identifier: Apache-2.0 */
/* drain_report.c — prints the counts of a dry run. */
#include <inttypes.h>
#include <stdio.h>

#include "drainer.h"
#include "admin/json_add.h"
#include "base/units.h"

enum { TIME_TEXT = 40 };

static const char *time_text(uint64_t ms, char *to)
{
	return units_print_time(ms, to, TIME_TEXT);
}

/* NAME comes from a record, so control characters must not reach the terminal. */
static void print_row(const char *name, const struct replay_count *n)
{
	char shown[REPLAY_NAME_MOST + 1];
	size_t len = 0;

	for (; name[len] != '\0' && len < REPLAY_NAME_MOST; len++)
		shown[len] = (unsigned char)name[len] < ' ' || name[len] == 0x7f ? '?' : name[len];
	shown[len] = '\0';
	if (n->records > 0)
		printf("%-48s %12" PRIu64 " %14" PRIu64 "\n", shown, n->records, n->spans);
}

static void print_table(const struct replay_counts *c)
{
	char text[TIME_TEXT];

	printf("%-48s %12s %14s\n", "SERVICE", "RECORDS", "SPANS");
	for (size_t i = 0; i < c->nservices; i++)
		print_row(c->services[i].name[0] == '\0' ? "(no name)" : c->services[i].name, &c->services[i].count);
	print_row("(further services)", &c->other_services);
	print_row("(no batch: would go to quarantine)", &c->bad);
	print_row("(empty: would be skipped)", &c->empty);
	printf("\n%-48s %12s %14s\n", "TIME", "RECORDS", "SPANS");
	for (size_t i = 0; i < c->ntimes; i++)
		print_row(time_text(c->times[i].start_ms, text), &c->times[i].count);
	print_row("(no time)", &c->no_time);
	printf("\n%-48s %12" PRIu64 " %14" PRIu64 "\n", "ALL", c->all.records, c->all.spans);
}

static json_t *count_json(const char *key, const char *name, const struct replay_count *n)
{
	json_t *o = json_object();

	if (key != NULL)
		json_add_text(&o, key, name);
	json_add_count(&o, "records", n->records);
	json_add_count(&o, "spans", n->spans);
	return o;
}

static json_t *services_json(const struct replay_counts *c)
{
	json_t *all = json_array();

	for (size_t i = 0; i < c->nservices; i++)
		json_array_append_new(all, count_json("service", c->services[i].name, &c->services[i].count));
	return all;
}

static json_t *times_json(const struct replay_counts *c)
{
	json_t *all = json_array();
	char text[TIME_TEXT];

	for (size_t i = 0; i < c->ntimes; i++)
		json_array_append_new(
		        all, count_json("from", time_text(c->times[i].start_ms, text), &c->times[i].count));
	return all;
}

static void write_json(const struct replay_counts *c, struct buf *to)
{
	json_t *o = count_json(NULL, NULL, &c->all);

	json_add(&o, "services", services_json(c));
	json_add(&o, "further_services", count_json(NULL, NULL, &c->other_services));
	json_add(&o, "no_batch", count_json(NULL, NULL, &c->bad));
	json_add(&o, "empty", count_json(NULL, NULL, &c->empty));
	json_add(&o, "times", times_json(c));
	json_add_count(&o, "time_width_seconds", c->width_ms / 1000);
	json_add(&o, "no_time", count_json(NULL, NULL, &c->no_time));
	json_write(to, o);
}

int drainer_report(const struct drainer *d)
{
	struct buf text = { 0 };

	if (d->set.json) {
		write_json(&d->counts, &text);
		puts(buf_cstr(&text));
	} else {
		print_table(&d->counts);
	}
	buf_free(&text);
	if (fflush(stdout) == 0)
		return EXIT_FINE;
	log_error("drain: the counts cannot be printed to standard output");
	return EXIT_FAILED;
}
