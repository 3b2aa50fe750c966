/* SPDX-License-Identifier: Apache-2.0 */
/* test_kept.c — the files of a quarantine directory: all names in order, in chunks; headers as they were; removal of
 * what was read and of nothing else. And refusals counted by cause. */
#include <fcntl.h>

#include "must.h"
#include "policy/cause_counts.h"
#include "quarantine/kept.h"
#include "tap.h"
#include "tempdir.h"

enum { MANY = 9000 }; /* more than two chunks hold */

static char dir[TEMPDIR_PATH];

static void write_file(const char *name, const char *ending, const char *text)
{
	char path[TEMPDIR_PATH + 300];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s%s", dir, name, ending);
	f = fopen(path, "w");
	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		bail_out(path);
}

static void write_pair(const char *name, const char *headers)
{
	write_file(name, ".headers", headers);
	write_file(name, ".value", name);
}

static struct kept *open_dir(void)
{
	struct kept *k;
	struct why why;

	must(kept_open(&k, dir, true, &why), &why);
	return k;
}

/* Names are made in an order that has nothing to do with theirs. */
static void all_names_come_once_and_in_order(void)
{
	char name[32], last[KEPT_NAME] = "";
	int records = 0, foreign = 0, wrong = 0;
	enum kept_found found;
	struct kept *k;
	struct why why;

	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "t-0-%05d", i * 7919 % MANY);
		write_pair(name, "spanspool-cause: c\n");
	}
	write_file("t-0-04500", ".txt", "of others");
	k = open_dir();
	do {
		struct kept_record r = { .name = "" };

		found = kept_next(k, &r, &why);
		wrong += found != KEPT_END && strcmp(r.name, last) <= 0;
		wrong += found == KEPT_RECORD && !slice_is(buf_slice(&r.value), r.name);
		records += found == KEPT_RECORD;
		foreign += found == KEPT_FOREIGN;
		snprintf(last, sizeof(last), "%s", r.name);
		/* What is removed on the way must not move the rest. */
		wrong += found == KEPT_RECORD && records % 2 == 0 && kept_remove(k, &r, &why) < 0;
		kept_record_free(&r);
	} while (found == KEPT_RECORD || found == KEPT_FOREIGN);
	is_int(found, KEPT_END, "a directory of many files has an end");
	is_int(records, MANY, "each record comes");
	is_int(foreign, 1, "and what is none");
	is_int(wrong, 0, "once, in the order of their names, with its value");
	is_int((int64_t)kept_count(k), MANY, "the first listing has counted them");
	kept_free(k);
}

struct heard {
	int n, wrong;
};

static void hear(void *arg, const char *name, struct slice value)
{
	static const struct {
		const char *name;
		struct slice value;
	} rows[] = { { "key", { (const uint8_t *)"\0k%", 3 } }, { "a b", { (const uint8_t *)"x: y", 4 } },
		{ "empty", { (const uint8_t *)"", 0 } }, { "spanspool-cause", { (const uint8_t *)"c", 1 } } };
	struct heard *h = arg;

	h->wrong += h->n >= (int)ARRAY_LEN(rows) || strcmp(name, rows[h->n].name) != 0 ||
	            !slice_same(value, rows[h->n].value);
	h->n++;
}

static void headers_are_as_they_were(void)
{
	static const char *const bad[] = { "spanspool-cause: c", "spanspool-cause: c\nno colon\n",
		"spanspool-cause: c\na: %4\n", "spanspool-cause: c\na: %zz\n", "a: b\n", "" };
	struct kept_record r = { .name = "" };
	struct heard h = { 0 };
	struct kept *k;
	struct why why;

	tempdir_make(dir);
	write_pair("one", "key: %00k%25\na b: x: y\nempty: \nspanspool-cause: c\n");
	k = open_dir();
	is_int(kept_next(k, &r, &why), KEPT_RECORD, "a record");
	kept_headers(&r, hear, &h);
	ok(h.n == 4 && h.wrong == 0, "has its headers");
	kept_record_free(&r);
	kept_free(k);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct kept_record other = { .name = "" };

		write_pair("one", bad[i]);
		k = open_dir();
		is_int(kept_next(k, &other, &why), KEPT_UNREADABLE, "what no quarantine has written is no record");
		kept_record_free(&other);
		kept_free(k);
	}
}

static bool is_there(const char *name)
{
	char path[TEMPDIR_PATH + 40];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return access(path, F_OK) == 0;
}

static void what_is_written_anew_is_not_removed(void)
{
	struct kept_record r = { .name = "" };
	struct kept *k, *second;
	char from[TEMPDIR_PATH + 40], to[TEMPDIR_PATH + 40];
	struct why why;

	write_pair("one", "spanspool-cause: c\n");
	k = open_dir();
	is_int(kept_open(&second, dir, true, &why), E_LOCKED, "one may remove at a time");
	is_int(kept_next(k, &r, &why), KEPT_RECORD, "a record is read");
	write_file("new", ".value", "one");
	snprintf(from, sizeof(from), "%s/new.value", dir);
	snprintf(to, sizeof(to), "%s/one.value", dir);
	if (rename(from, to) < 0)
		bail_out("no rename");
	is_int(kept_remove(k, &r, &why), E_CHANGED, "another one took its name: it is not removed");
	ok(is_there("one.value") && is_there("one.headers"), "both its files are there");
	kept_record_free(&r);
	kept_free(k);
	k = open_dir();
	r = (struct kept_record){ .name = "" };
	is_int(kept_next(k, &r, &why), KEPT_RECORD, "read again");
	is_int(kept_remove(k, &r, &why), 0, "it is removed");
	ok(!is_there("one.value") && !is_there("one.headers"), "with both files");
	is_int(kept_sync(k, &why), 0, "durably");
	kept_record_free(&r);
	kept_free(k);
}

static void causes_are_bounded(void)
{
	struct cause_counts c = { 0 };
	uint64_t records = 0, spans = 0;
	char cause[64];

	cause_counts_add(&c, "too_large", 3);
	cause_counts_add(&c, "too_large", 4);
	cause_counts_add(&c, "a_cause_with_a_very_long_name_that_is_cut_0", 1);
	cause_counts_add(&c, "a_cause_with_a_very_long_name_that_is_cut_1", 1);
	ok(c.n == 2 && c.at[0].records == 2 && c.at[0].spans == 7 && c.at[1].records == 2, "refusals of one cause");
	for (int i = 0; i < 100; i++) {
		snprintf(cause, sizeof(cause), "cause_%d", i);
		cause_counts_add(&c, cause, 1);
	}
	for (size_t i = 0; i < c.n; i++) {
		records += c.at[i].records;
		spans += c.at[i].spans;
	}
	ok(c.n == CAUSE_COUNTS_MOST && strcmp(c.at[c.n - 1].cause, "other") == 0, "of many causes the last are one");
	ok(records == 104 && spans == 109, "and none is lost");
}

int main(void)
{
	tempdir_prefer_memory();
	tempdir_make(dir);
	all_names_come_once_and_in_order();
	tempdir_remove(dir);
	headers_are_as_they_were();
	what_is_written_anew_is_not_removed();
	tempdir_remove(dir);
	causes_are_bounded();
	return tap_done();
}
