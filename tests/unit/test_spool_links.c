/* SPDX-License-Identifier: Apache-2.0 */
/* test_spool_links.c — symbolic links, hard links and FIFOs in place of the spool's files: none is followed,
 * waited for or written to, and the sentence names the file. */
#include <config.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dir_hash.h"
#include "spool_fixture.h"
#include "spool/inspect.h"
#include "spool/repair.h"
#include "tap.h"

enum { RECORDS = 100, PATH = TEMPDIR_PATH + 96 };

static const char SEGMENT[] = "seg-0000000000000001", DATA[] = "seg-0000000000000001/data.mdb";

struct trap {
	char away[TEMPDIR_PATH]; /* where links lead to */
	char victim[PATH];       /* what was at NAME, in there */
	struct dir_hash before;
	struct spool_fixture k;
};

static void must(int rc)
{
	if (rc >= 0)
		return;
	perror("Bail out!");
	exit(99);
}

static void path_of(char to[PATH], const struct spool_fixture *k, const char *name)
{
	snprintf(to, PATH, "%s/%s", k->dir, name);
}

static struct batch *first_batch(struct spool_fixture *k)
{
	struct batch *b = spool_fixture_batch(k, 1);

	b->boot = 7;
	return b;
}

/* A spool, closed. */
static void trap_make(struct trap *t)
{
	tempdir_make(t->away);
	spool_fixture_init(&t->k);
	spool_fixture_must_open(&t->k);
	spool_fixture_put(&t->k, RECORDS);
	spool_fixture_close(&t->k);
}

enum kind { SYMBOLIC, HARD, FIFO };

/* What the spool has at NAME is moved away, and a link to it or a FIFO stands in its place. */
static void trap_set(struct trap *t, const char *name, enum kind kind)
{
	char path[PATH];

	path_of(path, &t->k, name);
	snprintf(t->victim, PATH, "%s/victim", t->away);
	must(rename(path, t->victim));
	if (kind == SYMBOLIC)
		must(symlink(t->victim, path));
	else if (kind == HARD)
		must(link(t->victim, path));
	else
		must(mkfifo(path, 0600));
	dir_hash_take(&t->before, t->away);
}

static bool is_untouched(const struct trap *t)
{
	static struct dir_hash now;

	dir_hash_take(&now, t->away);
	return dir_hash_differ(&t->before, &now) == NULL;
}

static void trap_free(struct trap *t)
{
	spool_fixture_free(&t->k);
	tempdir_remove(t->away);
}

static int look_as(struct spool_fixture *k, enum spool_inspect_how how)
{
	struct spool_inspect *l;
	int rc = spool_inspect_open(&l, k->dir, how, &k->why);

	if (rc == 0)
		spool_inspect_close(l);
	return rc;
}

static const struct {
	const char *name;
	enum kind kind;
	bool at_rest; /* a look at rest is refused too; else only opening for use */
	bool live;    /* and one beside a running agent */
	const char *says;
} refused[] = {
	{ "lock", SYMBOLIC, true, false, "lock is a symbolic link" },
	{ "lock", HARD, true, false, "lock has 2 names" },
	{ "lock", FIFO, true, false, "lock is not a regular file" },
	{ "state", SYMBOLIC, true, true, "state is a symbolic link" },
	{ "state", HARD, true, true, "state has 2 names" },
	{ "state", FIFO, true, true, "state is not a regular file" },
	{ DATA, SYMBOLIC, false, false, "data.mdb is a symbolic link" },
	{ DATA, HARD, false, false, "data.mdb has 2 names" },
	{ SEGMENT, SYMBOLIC, false, false, "seg-0000000000000001 is a symbolic link" },
};

static void no_file_is_followed_out_of_the_spool(void)
{
	static const char *const kinds[] = { "a symbolic link", "a hard link", "a FIFO" };
	static const enum spool_inspect_how hows[] = { SPOOL_INSPECT_LIVE, SPOOL_INSPECT_REST, SPOOL_INSPECT_ALONE };

	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		static struct trap t;

		trap_make(&t);
		trap_set(&t, refused[i].name, refused[i].kind);
		for (size_t h = 0; h < ARRAY_LEN(hows); h++) {
			bool wanted = h == 0 ? refused[i].live : refused[i].at_rest;

			is_int(look_as(&t.k, hows[h]) < 0, wanted, wanted ? "a look is refused" : "a look is not");
			ok(!wanted || strstr(t.k.why.text, refused[i].says) != NULL, "%s",
			        wanted ? t.k.why.text : "it needs no sentence");
		}
		ok(spool_fixture_open(&t.k) < 0, "%s in place of %s is not opened", kinds[refused[i].kind],
		        refused[i].name);
		ok(strstr(t.k.why.text, refused[i].says) != NULL, "%s", t.k.why.text);
		ok(is_untouched(&t), "what it leads to is as it was");
		trap_free(&t);
	}
}

/* As soon as it is put right all records are there. */
static void a_segment_that_was_refused_is_not_lost(void)
{
	static struct trap t;
	char path[PATH];

	trap_make(&t);
	trap_set(&t, SEGMENT, SYMBOLIC);
	ok(spool_fixture_open(&t.k) < 0, "the spool is refused");
	is_int(spool_fixture_names(&t.k, "quarantine/seg-"), 0, "and nothing set aside");
	path_of(path, &t.k, SEGMENT);
	must(unlink(path));
	must(rename(t.victim, path));
	spool_fixture_must_open(&t.k);
	is_int(spool_fixture_read(&t.k, 1, RECORDS + 1), RECORDS, "put back, every record is read");
	trap_free(&t);
}

/* Its records can be whole: it is not for a mend to put it away, whatever the reason. */
static void a_segment_that_is_refused_is_not_mended(void)
{
	static const struct {
		const char *name;
		enum kind kind;
	} traps[] = { { SEGMENT, SYMBOLIC }, { DATA, SYMBOLIC }, { DATA, HARD } };

	for (size_t i = 0; i < ARRAY_LEN(traps); i++) {
		static struct trap t;
		struct spool_inspect *l;
		uint64_t records;

		trap_make(&t);
		trap_set(&t, traps[i].name, traps[i].kind);
		if (spool_inspect_open(&l, t.k.dir, SPOOL_INSPECT_ALONE, &t.k.why) < 0)
			exit(99);
		ok(spool_repair_check(l, &t.k.why) < 0, "refused: %s", t.k.why.text);
		ok(strstr(t.k.why.text, SEGMENT) != NULL, "the sentence names it");
		ok(spool_quarantine_segment(l, 0, &t.k.why) < 0, "it is not set aside: %s", t.k.why.text);
		ok(spool_rewrite(l, 0, &records, &t.k.why) < 0, "nor renewed: %s", t.k.why.text);
		spool_inspect_close(l);
		ok(is_untouched(&t) && spool_fixture_names(&t.k, SEGMENT) == 1 &&
		                spool_fixture_names(&t.k, "quarantine/") == 0,
		        "all is as it was");
		trap_free(&t);
	}
}

static void a_link_named_next_is_removed_and_not_what_it_leads_to(void)
{
	static struct trap t;
	char path[PATH], inside[PATH];
	struct stat st;

	trap_make(&t);
	path_of(path, &t.k, "next");
	must(mkdir(path, 0700));
	snprintf(inside, sizeof(inside), "%.300s/precious", path);
	must(close(open(inside, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)));
	trap_set(&t, "next", SYMBOLIC);
	spool_fixture_must_open(&t.k);
	spool_fixture_put(&t.k, 5000);
	ok(is_untouched(&t), "what is in the directory stays");
	ok(lstat(path, &st) < 0 || S_ISDIR(st.st_mode), "next/ is a directory, or not there");
	ok(spool_fixture_names(&t.k, "seg-") > 1, "new segments are made");
	trap_free(&t);
}

static void a_link_named_quarantine_takes_nothing_in(void)
{
	static struct trap t;
	struct spool_inspect *l;
	struct batch *b;
	char path[PATH];

	trap_make(&t);
	path_of(path, &t.k, "quarantine");
	must(mkdir(path, 0700));
	trap_set(&t, "quarantine", SYMBOLIC);
	spool_fixture_must_open(&t.k);
	b = first_batch(&t.k);
	ok(spool_quarantine(t.k.s, b, "refused", "", &t.k.why) < 0, "a record is not kept there: %s", t.k.why.text);
	ok(strstr(t.k.why.text, "link") != NULL, "the sentence says why");
	ok(is_untouched(&t), "nothing was written through it");
	batch_unref(&b);
	spool_fixture_close(&t.k);
	if (spool_inspect_open(&l, t.k.dir, SPOOL_INSPECT_ALONE, &t.k.why) < 0)
		exit(99);
	ok(spool_quarantine_segment(l, 0, &t.k.why) < 0, "nor a segment: %s", t.k.why.text);
	spool_inspect_close(l);
	ok(is_untouched(&t) && spool_fixture_names(&t.k, SEGMENT) == 1, "it stays where it is");
	trap_free(&t);
}

/* A link by the name of a record is not that record: dropping the batch for it would lose it. */
static void a_link_by_the_name_of_a_record_is_replaced(void)
{
	static struct trap t;
	struct stat st = { 0 };
	struct batch *b;
	char path[PATH];

	trap_make(&t);
	spool_fixture_must_open(&t.k);
	b = first_batch(&t.k);
	is_int(spool_quarantine(t.k.s, b, "refused", "", &t.k.why), 0, "a record is kept");
	trap_set(&t, "quarantine/7-1.record", SYMBOLIC);
	is_int(spool_quarantine(t.k.s, b, "refused", "again", &t.k.why), 0, "its file is a link now");
	path_of(path, &t.k, "quarantine/7-1.record");
	ok(lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 1000, "a file replaces it");
	ok(is_untouched(&t), "and what it led to is as it was");
	batch_unref(&b);
	trap_free(&t);
}

static void a_part_that_is_a_link_is_not_written_through(void)
{
	static struct trap t;
	struct batch *b;
	char path[PATH];

	trap_make(&t);
	path_of(path, &t.k, "quarantine");
	must(mkdir(path, 0700));
	path_of(path, &t.k, "quarantine/7-1.record.part");
	must(close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)));
	trap_set(&t, "quarantine/7-1.record.part", SYMBOLIC);
	spool_fixture_must_open(&t.k);
	b = first_batch(&t.k);
	is_int(spool_quarantine(t.k.s, b, "refused", "", &t.k.why), 0, "the record is kept");
	ok(is_untouched(&t), "what the link led to is as it was");
	batch_unref(&b);
	trap_free(&t);
}

/* As an operator has it on another disk. */
static void the_directory_itself_may_be_a_link(void)
{
	static struct trap t;
	char real[PATH];

	trap_make(&t);
	snprintf(real, sizeof(real), "%s/disk", t.away);
	must(rename(t.k.dir, real));
	must(symlink(real, t.k.dir));
	is_int(look_as(&t.k, SPOOL_INSPECT_REST), 0, "a look goes through it");
	spool_fixture_must_open(&t.k);
	is_int(spool_fixture_put(&t.k, 5000), 5000, "and so does an agent, new segments too");
	is_int(spool_fixture_read(&t.k, 1, RECORDS + 5001), RECORDS + 5000, "every record is read");
	spool_fixture_close(&t.k);
	must(unlink(t.k.dir));
	must(rename(real, t.k.dir));
	trap_free(&t);
}

static void a_directory_that_is_renamed_stays_the_same_spool(void)
{
	static struct trap t;
	char elsewhere[PATH];

	trap_make(&t);
	spool_fixture_must_open(&t.k);
	snprintf(elsewhere, sizeof(elsewhere), "%s/moved", t.away);
	must(rename(t.k.dir, elsewhere));
	is_int(spool_fixture_put(&t.k, 5000), 5000, "new segments are made where the directory is now");
	spool_fixture_close(&t.k);
	must(rename(elsewhere, t.k.dir));
	spool_fixture_must_open(&t.k);
	is_int(spool_fixture_read(&t.k, 1, RECORDS + 5001), RECORDS + 5000, "every record is read");
	trap_free(&t);
}

int main(void)
{
	no_file_is_followed_out_of_the_spool();
	a_segment_that_was_refused_is_not_lost();
	a_segment_that_is_refused_is_not_mended();
	a_link_named_next_is_removed_and_not_what_it_leads_to();
	a_link_named_quarantine_takes_nothing_in();
	a_link_by_the_name_of_a_record_is_replaced();
	a_part_that_is_a_link_is_not_written_through();
	the_directory_itself_may_be_a_link();
	a_directory_that_is_renamed_stays_the_same_spool();
	return tap_done();
}
