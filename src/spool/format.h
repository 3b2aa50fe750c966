/* SPDX-License-Identifier: Apache-2.0 */
/* format.h — the on-disk format of everything in the spool that is not LMDB's own (private). Numbers are
 * little-endian on every host. docs/spool-format.md describes the same format. */
#ifndef FORMAT_H
#define FORMAT_H

#include "base/slice.h"
#include "spool/spool.h"

enum {
	RECORD_VERSION = 2,
	STATE_VERSION = 4,
	HEAD_VERSION = 2,
	TRAILER_VERSION = 2,
	RECORD_HEADER = 72,
	RECORD_MOST = SPOOL_RECORD_MOST,
	HOST_BYTES = 255,
	KEY_BYTES = 32,
	KEY_SECRET = 192,
	STATE_FIXED = 136,
	STATE_COUNTS = 1, /* counts of the ledger that were added in version 4 */
	STATE_NUMBERS = 4 + LEDGER_OUTCOMES_N + 2 + 2 * LEDGER_PLACES_N + 2 + 2 * LEDGER_CAUSES_N + 2 * STATE_COUNTS,
	STATE_BYTES = STATE_FIXED + 8 * STATE_NUMBERS + SPOOL_POSITIONS_BYTES + 8,
	HEAD_FIXED = 80,
	HEAD_BYTES = HEAD_FIXED + HOST_BYTES + STATE_BYTES + 8,
	SLOT_BYTES = 4096, /* of the state file; a state fits in one */
	PAGE_ROOM = 4080,  /* bytes that one overflow page of LMDB holds; a head fits in one */
};

_Static_assert((int)STATE_BYTES <= (int)SLOT_BYTES, "a state must fit in its slot");
_Static_assert((int)HEAD_BYTES <= (int)PAGE_ROOM, "a head must fit in one page");

/* A position with the number of spans in all records below it since the spool was made. The difference of two of
 * these is the number of spans between them, whatever is damaged there. Position 0: unknown. */
struct span_offset {
	uint64_t position;
	uint64_t spans;
};

/* The key of the spool's checksums: a random number that appears nowhere outside the spool's files. The bytes
 * inside a span come from anybody; without the key nobody can make them pass for a record, a head or a state. */
struct key {
	uint8_t bytes[KEY_BYTES];   /* as on disk */
	uint8_t secret[KEY_SECRET]; /* derived from BYTES, in the form XXH3 takes */
};

/* Identity of a spool, with the low water mark and the size that are stored beside it. */
struct spool_id {
	uint64_t spool; /* random number of the spool; 0: neither it nor KEY is known */
	struct key key;
	struct span_offset low_water; /* first position of the oldest segment that is left */
	uint64_t bytes;               /* of all segments without the one being written */
};

/* Header of a record, in a segment and in a quarantine file. The batch's bytes follow it. */
struct record {
	uint64_t position;
	uint64_t boot;
	uint64_t sequence;
	uint64_t received_ms;
	uint64_t spans_before; /* in all positions below this one */
	uint32_t spans;
	uint32_t size; /* of the batch's bytes */
	bool maybe_dup;
};

/* Head: the value of key 0 of a segment. It has what the segment holds and the state as of the last commit. */
struct head {
	uint64_t txnid;           /* LMDB's id of the transaction that wrote this head */
	struct span_offset first; /* first position of the segment */
	struct span_offset end;   /* one above its last position */
	uint64_t made_ms;         /* wall clock */
	uint64_t first_ms;        /* received_ms of its first record */
	uint64_t last_ms;         /* the largest received_ms in it */
	char host[HOST_BYTES + 1];
	struct spool_state state;
	struct spool_id id;
};

/* A new key from the kernel's random numbers. 0 or E_IO. */
int format_key_make(struct key *key) MUST_USE;
/* Fills KEY from the KEY_BYTES that are stored on disk. */
void format_key_load(struct key *key, const uint8_t from[KEY_BYTES]);

/* Writes two checksums: one of the header, and one of VALUE combined with the first. */
void format_record_encode(uint8_t to[RECORD_HEADER], const struct key *key, const struct record *r, struct slice value);
/* Decodes and verifies the header only, not the batch. 0, then size is at most RECORD_MOST; E_CORRUPT: the header
 * was not written with KEY. KEY NULL: no checksum is verified. */
int format_record_decode(const uint8_t from[RECORD_HEADER], const struct key *key, struct record *r) MUST_USE;
bool format_record_verify(const uint8_t header[RECORD_HEADER], const struct key *key, struct slice value);

/* Returns the bytes written, at most STATE_BYTES. The checksum is made with ID's key, which is stored in the
 * state. */
size_t format_state_encode(uint8_t *to, const struct spool_state *s, const struct spool_id *id);
/* 0; E_CORRUPT; E_FOREIGN: intact, but with the key of another spool; E_NEWER and E_OLDER only when the checksum
 * is right, so that a flipped bit never looks like a version. KEY NULL: verified with the key that the bytes
 * contain; only for bytes that nothing but the spool can have written. */
int format_state_decode(struct slice from, const struct key *key, struct spool_state *s, struct spool_id *id) MUST_USE;

bool format_is_head(struct slice from); /* only the magic is compared */
size_t format_head_encode(uint8_t *to, const struct head *h);
/* The same results as format_state_decode. */
int format_head_decode(struct slice from, const struct key *key, struct head *h) MUST_USE;

/* The trailer follows the record in a quarantine file. Returns the bytes written, at most format_trailer_size of
 * the same texts. */
size_t format_trailer_size(const char *cause, const char *detail);
size_t format_trailer_encode(uint8_t *to, const struct key *key, const char *cause, const char *detail);
/* 0, E_CORRUPT, E_NEWER, E_OLDER. CAUSE and DETAIL point into FROM. KEY NULL: no checksum is verified. */
int format_trailer_decode(struct slice from, const struct key *key, struct slice *cause, struct slice *detail) MUST_USE;

#endif
