/* SPDX-License-Identifier: Apache-2.0 */
/* test_spool_space.c — spool.min-free and the share of the quarantine, over a file system of the test's own making. */
#include <config.h>

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "disk.h"
#include "spool_fixture.h"
#include "tap.h"

static struct statvfs told;

/* Stands before libc's. */
int fstatvfs(int fd, struct statvfs *to)
{
	(void)fd;
	*to = told;
	return 0;
}

/* 100 GiB and a million inodes; so many hundredths of both are free. */
static void is_free(unsigned of_bytes, unsigned of_inodes)
{
	told = (struct statvfs){
		.f_bsize = 4096,
		.f_frsize = 4096,
		.f_blocks = 100 << 18,
		.f_bavail = (fsblkcnt_t)of_bytes << 18,
		.f_files = 1000000,
		.f_favail = (fsfilcnt_t)of_inodes * 10000,
	};
}

static void inodes_are_kept_in_the_same_share_as_bytes(void)
{
	struct disk_space d;

	is_free(50, 50);
	is_int(disk_space(0, &d), 0, "it is measured");
	ok(disk_space_over(&d, UINT64_C(10) << 30), "half is free of both, a tenth is kept");
	is_free(9, 50);
	is_int(disk_space(0, &d), 0, "bytes become scarce");
	ok(!disk_space_over(&d, UINT64_C(10) << 30), "that is too little");
	is_free(50, 9);
	is_int(disk_space(0, &d), 0, "inodes become scarce");
	ok(!disk_space_over(&d, UINT64_C(10) << 30), "that is too little as well");
	ok(disk_space_over(&d, UINT64_C(8) << 30), "but not where less is to be kept");
	told.f_files = told.f_favail = 0;
	is_int(disk_space(0, &d), 0, "a file system that does not count inodes");
	ok(disk_space_over(&d, UINT64_C(10) << 30), "has no bound on them");
}

/* Puts until it is refused, at most N times. */
static unsigned fill(struct spool_fixture *k, unsigned n)
{
	unsigned i = 0;

	while (i < n && spool_fixture_put(k, 100) == 100)
		i++;
	return i;
}

static void without_inodes_no_segment_begins_and_what_is_prepared_is_used(void)
{
	struct spool_fixture k;
	unsigned put;

	is_free(50, 50);
	spool_fixture_init(&k);
	k.opts.min_free = UINT64_C(10) << 30;
	spool_fixture_must_open(&k);
	ok(fill(&k, 40) == 40, "several segments are filled");
	is_free(50, 9);
	put = fill(&k, 200);
	is_int(k.turn.put_rc, E_FULL, "then inodes are scarce, and it is full");
	ok(put > 0 && put < 80, "but only after what was reserved: %u puts more", put);
	is_free(50, 50);
	ok(fill(&k, 40) == 40, "with inodes again it goes on by itself");
	spool_fixture_read(&k, 1, k.state.end);
	is_int(k.wrong, 0, "and all that was put is there");
	is_int(k.read_records, k.state.end - 1, "to the record");
	spool_fixture_close(&k);
	spool_fixture_free(&k);
}

/* With what is only reserved. */
static uint64_t blocks_taken(const struct spool_fixture *k)
{
	char path[TEMPDIR_PATH + 32];
	struct stat st;

	snprintf(path, sizeof(path), "%s/next/data.mdb", k->dir);
	return spool_fixture_disk_bytes(k) + (stat(path, &st) == 0 ? (uint64_t)st.st_blocks * 512 : 0);
}

static void what_is_reserved_is_below_max_bytes_too(void)
{
	enum { PAGES = 16 * 4096 }; /* what a commit takes is known to so many */
	uint64_t most = 0, used = 0;
	struct spool_fixture k;

	is_free(50, 50);
	spool_fixture_init(&k);
	k.size = 3500;
	k.opts.segment_bytes = 8 << 20;
	k.opts.max_bytes = 35 << 20;
	spool_fixture_must_open(&k);
	for (unsigned i = 0; i < 400 && k.turn.put_rc == 0; i++) {
		spool_fixture_put(&k, 50);
		most = max_u64(most, blocks_taken(&k));
		used = k.turn.stats.bytes;
	}
	is_int(k.turn.put_rc, E_FULL, "it is full in the end");
	ok(used > k.opts.max_bytes * 9 / 10, "with %u of %u KiB in use", (unsigned)(used >> 10),
	        (unsigned)(k.opts.max_bytes >> 10));
	ok(most <= k.opts.max_bytes + PAGES, "and never took more: %u KiB", (unsigned)(most >> 10));
	spool_fixture_free(&k);
}

static int set_aside(struct spool_fixture *k, uint64_t position)
{
	struct batch *b = spool_fixture_batch(k, position);
	int rc = spool_quarantine(k->s, b, "refused", "", &k->why);

	batch_unref(&b);
	return rc;
}

/* What is there is counted again now and then. */
static int set_aside_at_last(struct spool_fixture *k, uint64_t position)
{
	uint64_t deadline = clock_mono_us() + 30 * US_PER_S;
	int rc;

	while ((rc = set_aside(k, position)) == E_QUOTA && clock_mono_us() < deadline)
		usleep(10000);
	return rc;
}

static void the_quarantine_has_a_quarter_of_max_bytes(void)
{
	char path[TEMPDIR_PATH + 64];
	uint64_t n = 0;
	struct spool_fixture k;
	int rc;

	is_free(50, 50);
	spool_fixture_init(&k);
	k.size = 9000; /* three blocks with all that goes with it */
	k.opts.max_bytes = 4 << 20;
	spool_fixture_must_open(&k);
	while ((rc = set_aside(&k, n + 1)) == 0 && n < 1000)
		n++;
	is_int(rc, E_QUOTA, "in the end it takes no more");
	is_int(n, (1 << 20) / (3 * 4096), "when it has a quarter");
	spool_fixture_close(&k);
	spool_fixture_must_open(&k);
	is_int(set_aside(&k, n + 1), E_QUOTA, "nor after a new start");
	spool_fixture_path(&k, "quarantine/", 0, path);
	ok(remove(path) == 0, "one is taken out");
	is_int(set_aside_at_last(&k, n + 1), 0, "then another is taken");
	is_int(set_aside(&k, n + 2), E_QUOTA, "and no more than that");
	spool_fixture_free(&k);
}

static void the_quarantine_leaves_min_free(void)
{
	struct spool_fixture k;

	is_free(50, 50);
	spool_fixture_init(&k);
	k.opts.min_free = UINT64_C(10) << 30;
	spool_fixture_must_open(&k);
	is_int(set_aside(&k, 1), 0, "half is free: it is taken");
	is_free(9, 50);
	is_int(set_aside(&k, 2), E_FULL, "too little is free: it is not");
	is_int(spool_fixture_names(&k, "quarantine/"), 1, "nothing is left of it");
	spool_fixture_free(&k);
}

int main(void)
{
	inodes_are_kept_in_the_same_share_as_bytes();
	without_inodes_no_segment_begins_and_what_is_prepared_is_used();
	what_is_reserved_is_below_max_bytes_too();
	the_quarantine_has_a_quarter_of_max_bytes();
	the_quarantine_leaves_min_free();
	return tap_done();
}
