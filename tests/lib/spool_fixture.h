/* SPDX-License-Identifier: Apache-2.0 */
/* spool_fixture.h — a small caller of the spool for tests: it numbers batches, keeps a ledger as the
 * flow does, and knows what every batch must look like when it comes back. */
#ifndef SPOOL_FIXTURE_H
#define SPOOL_FIXTURE_H

#include "spool/spool.h"
#include "tempdir.h"

struct spool_fixture {
	char dir[TEMPDIR_PATH];
	struct spool_opts opts;
	struct spool *s;
	struct spool_found found;
	struct spool_state state; /* the snapshot as it is now */
	uint64_t sequence;        /* of the last batch made */
	const uint8_t *pattern;   /* of PATTERN_LEN bytes, which every batch repeats from its first byte on */
	size_t pattern_len;       /* 0: a batch's bytes are its number's */
	size_t size;              /* bytes of a batch; sequence 3 in 7 gets a few more */
	struct spool_cycle turn;  /* the last one */
	struct why why;
	bool live;             /* note the state by spool_live around each turn */
	bool refuses;          /* batches were refused: position and sequence differ */
	uint64_t read_records; /* by spool_fixture_read */
	uint64_t read_spans;
	uint64_t wrong;           /* records whose bytes, number or order were not as they were put */
	struct ledger_count lost; /* reported by spool_fixture_read */
	uint64_t lost_from;       /* the first position of them, 0: none */
	uint8_t *times;           /* how often each position was read; NULL: not kept */
	size_t ntimes;
	uint64_t damages;
	char what[128]; /* of the last damage */
};

/* A new directory, segments of the least size, no limits. Nothing is open yet. */
void spool_fixture_init(struct spool_fixture *k);
/* Opens and begins: new boot, in_flight to uncertain. 0 or the error, with k->why. */
int spool_fixture_open(struct spool_fixture *k);
/* The same, and ends the program when it does not open. */
void spool_fixture_must_open(struct spool_fixture *k);
/* Clean stop. */
void spool_fixture_close(struct spool_fixture *k);
/* Ends without a word, as SIGKILL would: nothing is written any more. */
void spool_fixture_abandon(struct spool_fixture *k);
void spool_fixture_free(struct spool_fixture *k);

/* Makes and puts N batches in one turn; gives how many are durable. The rest counts as
 * disk_error. */
size_t spool_fixture_put(struct spool_fixture *k, size_t n);
/* Reads [first, end) in turns; what is damaged counts as quarantined. Gives the records read. */
uint64_t spool_fixture_read(struct spool_fixture *k, uint64_t first, uint64_t end);
/* Everything below CURSOR is delivered; the next turn says so. 0 or an error. */
int spool_fixture_deliver(struct spool_fixture *k, uint64_t cursor);
/* The same, and one turn with write_state. Gives state_rc. */
int spool_fixture_resolve(struct spool_fixture *k, uint64_t cursor);
/* A turn with nothing but the state. */
int spool_fixture_cycle(struct spool_fixture *k);

/* Spans of the batch with this sequence. */
uint32_t spool_fixture_spans(uint64_t sequence);
/* Of the batches [first, end). */
uint64_t spool_fixture_spans_in(uint64_t first, uint64_t end);
struct batch *spool_fixture_batch(struct spool_fixture *k, uint64_t sequence);
bool spool_fixture_is(const struct spool_fixture *k, const struct batch *b);

/* How many names below the spool's directory begin with PREFIX; "seg-", "quarantine/seg-". */
unsigned spool_fixture_names(const struct spool_fixture *k, const char *prefix);
/* The N-th such name, whole path; "" without one. */
const char *spool_fixture_path(
        const struct spool_fixture *k, const char *prefix, unsigned n, char to[TEMPDIR_PATH + 64]);
/* The data file of the N-th segment, open for reading and writing. */
int spool_fixture_data(const struct spool_fixture *k, unsigned segment);
/* Changes BITS of the byte at AT. */
void spool_fixture_flip(int fd, off_t at, uint8_t bits);
/* Blocks allocated to all files of the spool but next/. */
uint64_t spool_fixture_disk_bytes(const struct spool_fixture *k);

#endif
