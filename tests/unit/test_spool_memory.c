/* SPDX-License-Identifier: Apache-2.0 */
/* test_spool_memory.c — what waits on disk does not come into memory: resident size while 500 MB
 * are written, and while they are read. */
#include <config.h>

#include "spool_fixture.h"
#include "tap.h"

enum { TURNS = 160, BATCHES = 50, BATCH = 65000, MOST_KB = 20 * 1024 };

/* A sanitizer keeps what is freed; here that would be counted. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=1";
}

static long resident_kb(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[128];
	long kb = 0;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "VmRSS: %ld", &kb) == 1)
			break;
	if (f != NULL)
		fclose(f);
	return kb;
}

static void large(long *at_most, long now)
{
	*at_most = now > *at_most ? now : *at_most;
}

static void half_a_gigabyte_passes_through(void)
{
	long before, most = 0;
	struct spool_fixture k;

	spool_fixture_init(&k);
	k.size = BATCH;
	k.opts.segment_bytes = 64 << 20;
	spool_fixture_must_open(&k);
	before = resident_kb();
	for (int i = 0; i < TURNS; i++) {
		spool_fixture_put(&k, BATCHES);
		large(&most, resident_kb() - before);
	}
	ok(k.turn.stats.bytes > 490u << 20, "%llu MiB are on disk", (unsigned long long)k.turn.stats.bytes >> 20);
	ok(most < MOST_KB, "writing them took at most %ld kB more", most);
	spool_fixture_close(&k);
	spool_fixture_must_open(&k);
	before = resident_kb();
	most = 0;
	for (uint64_t at = 1; at < k.state.end; at += 300) {
		spool_fixture_read(&k, at, min_u64(at + 300, k.state.end));
		large(&most, resident_kb() - before);
	}
	is_int(k.read_records, TURNS * BATCHES, "all were read");
	is_int(k.wrong, 0, "whole");
	ok(most < MOST_KB, "reading them took at most %ld kB more", most);
	spool_fixture_free(&k);
}

/* Each commit looks at the edges of the tree through LMDB's map, and each look brings its
 * surroundings. */
static void small_turns_do_not_bring_the_map_into_memory(void)
{
	long before, most = 0;
	struct spool_fixture k;

	tempdir_prefer_memory();
	spool_fixture_init(&k);
	k.size = 3500;
	k.opts.segment_bytes = 64 << 20;
	spool_fixture_must_open(&k);
	spool_fixture_put(&k, 10);
	before = resident_kb();
	for (int i = 0; i < 1200; i++) {
		spool_fixture_put(&k, 10);
		large(&most, resident_kb() - before);
	}
	ok(most < 8 * 1024, "%llu MiB in small turns took at most %ld kB more",
	        (unsigned long long)k.turn.stats.bytes >> 20, most);
	spool_fixture_free(&k);
}

int main(void)
{
	half_a_gigabyte_passes_through();
	small_turns_do_not_bring_the_map_into_memory();
	return tap_done();
}
