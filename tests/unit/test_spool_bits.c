/* SPDX-License-Identifier: Apache-2.0 */
/* test_spool_bits.c — any bits of any file of a small spool may be wrong: all records that are
 * intact are delivered, the others are reported with their spans. */
#include <config.h>

#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "spool_fixture.h"
#include "tap.h"

enum { PAGE = 4096 };

static uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return *seed >> 17;
}

/* One to three bits of one file; half of them where the structure is: near the start of a page. */
static void damage(const struct spool_fixture *k, uint64_t *seed)
{
	char path[TEMPDIR_PATH + 64];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s/state", k->dir);
	fd = next_random(seed) % 8 == 0
	             ? open(path, O_RDWR)
	             : spool_fixture_data(k, (unsigned)(next_random(seed) % spool_fixture_names(k, "seg-")));
	fstat(fd, &st);
	for (uint64_t n = next_random(seed) % 3; n < 3; n++) {
		off_t at = (off_t)(next_random(seed) % (uint64_t)st.st_size);

		if (next_random(seed) % 2 == 0)
			at = at / PAGE * PAGE + (off_t)(next_random(seed) % 64);
		spool_fixture_flip(fd, at, (uint8_t)(1u << next_random(seed) % 8));
	}
	close(fd);
}

/* Copies the spool of K, which is closed, to a directory of COPY's own. */
static void copy(const struct spool_fixture *k, struct spool_fixture *copy)
{
	char command[2 * TEMPDIR_PATH + 32];

	*copy = *k;
	tempdir_make(copy->dir);
	copy->opts.directory = copy->dir;
	snprintf(command, sizeof(command), "cp -a %s/. %s/", k->dir, copy->dir);
	if (system(command) != 0)
		exit(1);
}

static bool survives(const struct spool_fixture *whole, uint64_t *seed, uint64_t *lost)
{
	struct spool_fixture k;
	uint64_t got;
	bool good;

	copy(whole, &k);
	damage(&k, seed);
	spool_fixture_must_open(&k);
	got = spool_fixture_read(&k, k.state.cursor, k.state.end);
	good = k.wrong == 0 && got + k.lost.batches == k.sequence && k.lost.batches <= 3 &&
	       k.read_spans + k.lost.spans == spool_fixture_spans_in(1, k.sequence + 1) &&
	       ledger_check(&k.state.ledger) == NULL;
	if (!good)
		diag("got %" PRIu64 " lost %" PRIu64 " (%" PRIu64 " + %" PRIu64 " spans) wrong %" PRIu64, got,
		        k.lost.batches, k.read_spans, k.lost.spans, k.wrong);
	*lost += k.lost.batches;
	spool_fixture_free(&k);
	return good;
}

/* SPOOL_DAMAGE_ROUNDS and SPOOL_DAMAGE_SEED make it longer and another one. */
static void any_bit_may_be_wrong(void)
{
	const char *rounds_text = getenv("SPOOL_DAMAGE_ROUNDS"), *seed_text = getenv("SPOOL_DAMAGE_SEED");
	unsigned rounds = rounds_text != NULL ? (unsigned)atoi(rounds_text) : 200;
	uint64_t seed = seed_text != NULL ? strtoull(seed_text, NULL, 10) : 12345;

	for (size_t size = 700; size <= 3500; size += 2800) {
		uint64_t lost = 0;
		unsigned bad = 0;
		struct spool_fixture whole;

		spool_fixture_init(&whole);
		whole.size = size;
		spool_fixture_must_open(&whole);
		for (int n = 0; n < 10; n++)
			spool_fixture_put(&whole, 80);
		spool_fixture_close(&whole);
		for (unsigned i = 0; i < rounds / 2; i++) {
			uint64_t was = seed;

			if (!survives(&whole, &seed, &lost)) {
				diag("with the seed %" PRIu64, was);
				bad++;
			}
		}
		ok(bad == 0,
		        "of batches of %zu bytes, all that are intact are delivered, the rest "
		        "reported",
		        size);
		diag("%u rounds, %" PRIu64 " records lost", rounds / 2, lost);
		spool_fixture_free(&whole);
	}
}

int main(void)
{
	tempdir_prefer_memory();
	any_bit_may_be_wrong();
	return tap_done();
}
