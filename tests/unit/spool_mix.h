/* SPDX-License-Identifier: Apache-2.0 */
/* spool_mix.h — a small spool of four segments, and hands that mix up what is in its directory. */
#ifndef SPOOL_MIX_H
#define SPOOL_MIX_H

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "fault.h"
#include "dir_hash.h"
#include "spool_fixture.h"
#include "tap.h"

enum { MIX_TURNS = 16, MIX_EACH = 100, ALL = MIX_TURNS * MIX_EACH, PAGE = 4096, SLOTS = 4 };

static inline void mix_fail(const struct spool_fixture *k, const char *what)
{
	printf("Bail out! %s in %s: %s\n", what, k->dir, strerror(errno));
	exit(1);
}

static inline void mix_fill(struct spool_fixture *k, int turns)
{
	for (int i = 0; i < turns; i++)
		if (spool_fixture_put(k, MIX_EACH) != MIX_EACH)
			mix_fail(k, "cannot be filled");
}

/* ALL records in four segments. Closed. */
static inline void mix_make(struct spool_fixture *k)
{
	spool_fixture_init(k);
	k->size = 3500;
	spool_fixture_must_open(k);
	mix_fill(k, MIX_TURNS);
	spool_fixture_close(k);
	if (spool_fixture_names(k, "seg-") != 4)
		mix_fail(k, "not four segments");
}

/* Where the N-th segment begins, by its name. */
static inline uint64_t mix_first(const struct spool_fixture *k, unsigned n)
{
	char path[TEMPDIR_PATH + 64];

	return strtoull(strstr(spool_fixture_path(k, "seg-", n, path), "seg-") + 4, NULL, 16);
}

static inline void mix_move(struct spool_fixture *k, const char *from, const char *to)
{
	if (rename(from, to) < 0)
		mix_fail(k, from);
}

/* The A-th and the B-th segment by their names. */
static inline void mix_swap(struct spool_fixture *k, unsigned a, unsigned b)
{
	char one[TEMPDIR_PATH + 64], other[TEMPDIR_PATH + 64], aside[TEMPDIR_PATH + 64];

	spool_fixture_path(k, "seg-", a, one);
	spool_fixture_path(k, "seg-", b, other);
	snprintf(aside, sizeof(aside), "%s/aside", k->dir);
	mix_move(k, one, aside);
	mix_move(k, other, one);
	mix_move(k, aside, other);
}

static inline void mix_rename(struct spool_fixture *k, unsigned n, const char *name)
{
	char from[TEMPDIR_PATH + 64], to[TEMPDIR_PATH + 64];

	snprintf(to, sizeof(to), "%s/%s", k->dir, name);
	mix_move(k, spool_fixture_path(k, "seg-", n, from), to);
}

/* The N-th segment of FROM, once more in K as NAME. */
static inline void mix_copy(struct spool_fixture *k, const struct spool_fixture *from, unsigned n, const char *name)
{
	char path[TEMPDIR_PATH + 64], line[2 * TEMPDIR_PATH + 256];

	snprintf(line, sizeof(line), "cp -r '%s' '%s/%s'", spool_fixture_path(from, "seg-", n, path), k->dir, name);
	if (system(line) != 0)
		mix_fail(k, line);
}

/* Noise over pages [from, end) of a file below the directory. */
static inline void mix_noise(struct spool_fixture *k, const char *file, unsigned from, unsigned end, uint8_t with)
{
	char path[TEMPDIR_PATH + 128];
	uint8_t page[PAGE];
	int fd;

	memset(page, with, sizeof(page));
	snprintf(path, sizeof(path), "%s/%s", k->dir, file);
	fd = open(path, O_WRONLY);
	for (; from < end; from++)
		if (pwrite(fd, page, PAGE, (off_t)from * PAGE) != PAGE)
			mix_fail(k, path);
	close(fd);
}

/* The N-th segment has no head any more, and all its records. */
static inline void mix_behead(struct spool_fixture *k, unsigned n)
{
	char file[64];

	snprintf(file, sizeof(file), "seg-%016" PRIx64 "/data.mdb", mix_first(k, n));
	mix_noise(k, file, 0, 2, 0x5a);
}

/* An agent that is open reads every record from FROM on. */
static inline void mix_all_from(struct spool_fixture *k, uint64_t from, const char *when)
{
	uint64_t end = k->state.end, got = spool_fixture_read(k, from, end);

	ok(end > ALL && got == end - from && k->wrong == 0 && k->damages == 0,
	        "%s: %" PRIu64 " records are read, %" PRIu64 " lost", when, got, k->lost.batches);
	ok(ledger_check(&k->state.ledger) == NULL, "and the ledger balances");
}

#endif
