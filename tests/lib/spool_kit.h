/* spool_kit.h — a small caller of the spool for tests: it numbers batches, keeps a ledger as the
 * flow does, and knows what every batch must look like when it comes back. */
#ifndef SPOOL_KIT_H
#define SPOOL_KIT_H

#include "spool/spool.h"
#include "tempdir.h"

struct kit {
	char dir[TEMPDIR_PATH];
	struct spool_opts opts;
	struct spool *s;
	struct spool_found found;
	struct spool_state state; /* the snapshot as it is now */
	uint64_t sequence;        /* of the last batch made */
	const uint8_t *
	        pattern; /* of PATTERN_LEN bytes, which every batch repeats from its first byte on */
	size_t pattern_len;     /* 0: a batch's bytes are its number's */
	size_t size;            /* bytes of a batch; sequence 3 in 7 gets a few more */
	struct spool_cycle turn; /* the last one */
	struct why why;
	bool live;             /* note the state by spool_live around each turn */
	bool refuses;          /* batches were refused: position and sequence differ */
	uint64_t read_records; /* by kit_read */
	uint64_t read_spans;
	uint64_t wrong; /* records whose bytes, number or order were not as they were put */
	struct ledger_count lost; /* reported by kit_read */
	uint64_t lost_from;       /* the first position of them, 0: none */
	uint8_t *times;           /* how often each position was read; NULL: not kept */
	size_t ntimes;
	uint64_t damages;
	char what[128]; /* of the last damage */
};

/* A new directory, segments of the least size, no limits. Nothing is open yet. */
void kit_init(struct kit *k);
/* Opens and begins: new boot, in_flight to uncertain. 0 or the error, with k->why. */
int kit_open(struct kit *k);
/* The same, and ends the program when it does not open. */
void kit_must_open(struct kit *k);
/* Clean stop. */
void kit_close(struct kit *k);
/* Ends without a word, as SIGKILL would: nothing is written any more. */
void kit_abandon(struct kit *k);
void kit_free(struct kit *k);

/* Makes and puts N batches in one turn; gives how many are durable. The rest counts as
 * disk_error. */
size_t kit_put(struct kit *k, size_t n);
/* Reads [first, end) in turns; what is damaged counts as quarantined. Gives the records read. */
uint64_t kit_read(struct kit *k, uint64_t first, uint64_t end);
/* Everything below CURSOR is delivered; the next turn says so. 0 or an error. */
int kit_deliver(struct kit *k, uint64_t cursor);
/* The same, and one turn with write_state. Gives state_rc. */
int kit_resolve(struct kit *k, uint64_t cursor);
/* A turn with nothing but the state. */
int spool_fixture_cycle(struct kit *k);

/* Spans of the batch with this sequence. */
uint32_t kit_spans(uint64_t sequence);
/* Of the batches [first, end). */
uint64_t kit_spans_in(uint64_t first, uint64_t end);
struct batch *kit_batch(struct kit *k, uint64_t sequence);
bool kit_is(const struct kit *k, const struct batch *b);

/* How many names below the spool's directory begin with PREFIX; "seg-", "quarantine/seg-". */
unsigned kit_names(const struct kit *k, const char *prefix);
/* The N-th such name, whole path; "" without one. */
const char *kit_path(
        const struct kit *k, const char *prefix, unsigned n, char to[TEMPDIR_PATH + 64]);
/* The data file of the N-th segment, open for reading and writing. */
int kit_data(const struct kit *k, unsigned segment);
/* Changes BITS of the byte at AT. */
void kit_flip(int fd, off_t at, uint8_t bits);
/* Blocks allocated to all files of the spool but next/. */
uint64_t kit_disk_bytes(const struct kit *k);

#endif
