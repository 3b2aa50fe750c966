/* SPDX-License-Identifier: Apache-2.0 */
/* test_spool_older.c — what an older version left in a spool's directory is never passed over. */
#include <config.h>

#include <fcntl.h>
#include <sys/stat.h>

#include "spool_fixture.h"
#include "spool/inspect.h"
#include "tap.h"

static void write_tail(const struct spool_fixture *k, const char *bytes)
{
	char path[TEMPDIR_PATH + 16];
	FILE *f;

	snprintf(path, sizeof(path), "%s/tail", k->dir);
	f = fopen(path, "w");
	if (f == NULL || fputs(bytes, f) < 0 || fclose(f) != 0)
		exit(99);
}

static void batches_in_a_tail_keep_the_spool_closed(void)
{
	struct spool_inspect *l;
	struct spool_fixture k;

	spool_fixture_init(&k);
	spool_fixture_must_open(&k);
	spool_fixture_put(&k, 20);
	spool_fixture_close(&k);
	write_tail(&k, "SSPR and so on");
	is_int(spool_fixture_open(&k), E_OLDER, "the agent does not start");
	ok(strstr(k.why.text, k.dir) != NULL && strstr(k.why.text, "tail: version 0.1.0") != NULL &&
	                strstr(k.why.text, "start and stop that version once") != NULL,
	        "%s", k.why.text);
	is_int(spool_inspect_open(&l, k.dir, SPOOL_INSPECT_REST, &k.why), E_OLDER, "nor do the tools");
	ok(strstr(k.why.text, k.dir) != NULL, "%s", k.why.text);
	is_int(spool_fixture_names(&k, "tail"), 1, "the file stays");
	tempdir_remove(k.dir);
}

static void an_empty_tail_goes(void)
{
	struct spool_inspect *l;
	struct spool_fixture k;

	spool_fixture_init(&k);
	spool_fixture_must_open(&k);
	spool_fixture_put(&k, 20);
	spool_fixture_close(&k);
	write_tail(&k, "");
	is_int(spool_inspect_open(&l, k.dir, SPOOL_INSPECT_REST, &k.why), 0, "the tools look past it");
	spool_inspect_close(l);
	is_int(spool_fixture_names(&k, "tail"), 1, "and leave it");
	spool_fixture_must_open(&k);
	is_int(spool_fixture_names(&k, "tail"), 0, "the agent removes it");
	is_int(spool_fixture_read(&k, 1, k.state.end), 20, "and has every record");
	spool_fixture_free(&k);
}

int main(void)
{
	tempdir_prefer_memory();
	batches_in_a_tail_keep_the_spool_closed();
	an_empty_tail_goes();
	return tap_done();
}
