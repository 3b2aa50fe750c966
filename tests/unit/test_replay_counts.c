/* SPDX-License-Identifier: Apache-2.0 */
/* test_replay_counts.c — every record is in one service or one kind of no batch, and in one time. */
#include <stdio.h>

#include "policy/replay_counts.h"
#include "tap.h"

static struct replay_counts c;

static void batch(const char *service, int64_t ms, uint64_t spans)
{
	replay_counts_add(&c, REPLAY_BATCH, slice_text(service), ms, spans);
}

static bool balances(void)
{
	struct replay_count services = c.other_services, times = c.no_time;

	for (size_t i = 0; i < c.nservices; i++) {
		services.records += c.services[i].count.records;
		services.spans += c.services[i].count.spans;
	}
	for (size_t i = 0; i < c.ntimes; i++) {
		times.records += c.times[i].count.records;
		times.spans += c.times[i].count.spans;
	}
	return services.records + c.bad.records + c.empty.records == c.all.records && services.spans == c.all.spans &&
	       times.records == c.all.records && times.spans == c.all.spans;
}

static void services_are_counted_by_name(void)
{
	batch("b", 0, 2);
	batch("a", 0, 1);
	batch("b", 59999, 3);
	batch("bb", 60000, 1);
	replay_counts_add(&c, REPLAY_BATCH, slice_of(NULL, 0), -1, 4);
	replay_counts_add(&c, REPLAY_BATCH, slice_of("a\0b", 3), -1, 4);
	replay_counts_add(&c, REPLAY_BAD, slice_of(NULL, 0), 0, 0);
	replay_counts_add(&c, REPLAY_EMPTY, slice_of(NULL, 0), 0, 0);
	is_int(c.nservices, 4, "four names");
	is_text(c.services[0].name, "", "in order: that of none");
	is_text(c.services[1].name, "a", "a");
	is_int(c.services[1].count.spans, 5, "a name ends at a NUL");
	is_text(c.services[2].name, "b", "b");
	is_int(c.services[2].count.records, 2, "has two records");
	is_int(c.services[2].count.spans, 5, "with five spans");
	is_text(c.services[3].name, "bb", "bb");
	is_int(c.bad.records, 1, "a bad one is counted apart");
	is_int(c.empty.records, 1, "so is an empty one");
	is_int(c.ntimes, 2, "two minutes");
	is_int(c.times[0].count.records, 5, "the first with all but three");
	is_int(c.no_time.records, 2, "two of which have no time");
	ok(balances(), "all in all");
	replay_counts_free(&c);
}

static void the_width_of_a_row_grows_with_the_time_that_is_read(void)
{
	for (int64_t minute = REPLAY_TIMES_MOST - 1; minute >= 0; minute--)
		batch("a", minute * 60000, 1);
	is_int(c.ntimes, REPLAY_TIMES_MOST, "a row each minute");
	is_int(c.width_ms, 60000, "of a minute");
	batch("a", REPLAY_TIMES_MOST * 60000, 1);
	is_int(c.ntimes, 5, "one more, and rows are ten minutes wide");
	is_int(c.times[0].count.records, 10, "with ten records in the first");
	batch("a", INT64_MAX, 1);
	batch("a", 0, 1);
	ok(c.ntimes <= REPLAY_TIMES_MOST && balances(), "nothing is lost");
	for (int64_t i = 0; i < 1000; i++)
		batch("a", i * 31449600000 * 3, 1);
	ok(c.ntimes <= REPLAY_TIMES_MOST && balances(), "however far they lie apart");
	replay_counts_free(&c);
}

static void the_number_of_names_is_bounded(void)
{
	char name[300];

	for (int i = 0; i < REPLAY_SERVICES_MOST + 10; i++) {
		snprintf(name, sizeof(name), "service-%d", i);
		batch(name, 0, 1);
	}
	is_int(c.nservices, REPLAY_SERVICES_MOST, "a thousand names");
	is_int(c.other_services.records, 10, "the rest together");
	ok(balances(), "all in all");
	replay_counts_free(&c);
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	batch(name, 0, 1);
	is_int(strlen(c.services[0].name), REPLAY_NAME_MOST, "a long name is cut");
	replay_counts_free(&c);
}

int main(void)
{
	services_are_counted_by_name();
	the_width_of_a_row_grows_with_the_time_that_is_read();
	the_number_of_names_is_bounded();
	return tap_done();
}
