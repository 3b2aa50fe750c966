/* SPDX-License-Identifier: Apache-2.0 */
/* format.h — every byte of the spool that is not LMDB's own (private). docs/spool-format.md is the
 * prose; numbers are little-endian on disk whatever the host is. */
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
	STATE_COUNTS = 1, /* of the ledger, that came with version 4 */
	STATE_NUMBERS = 4 + LEDGER_OUTCOMES_N + 2 + 2 * LEDGER_PLACES_N + 2 + 2 * LEDGER_CAUSES_N + 2 * STATE_COUNTS,
	STATE_BYTES = STATE_FIXED + 8 * STATE_NUMBERS + SPOOL_MARKS_BYTES + 8,
	HEAD_FIXED = 80,
	HEAD_BYTES = HEAD_FIXED + HOST_BYTES + STATE_BYTES + 8,
	SLOT_BYTES = 4096, /* of the state file; a state fits in one */
	PAGE_ROOM = 4080,  /* what an overflow page of LMDB takes; a head fits in one */
};

_Static_assert((int)STATE_BYTES <= (int)SLOT_BYTES, "a state must fit in its slot");
_Static_assert((int)HEAD_BYTES <= (int)PAGE_ROOM, "a head must fit in one page");

/* How many spans stand in all positions below this one, since the spool was made. Two of these say
 * what was lost between them, whatever is broken there. Position 0: not known. */
struct span_offset {
	uint64_t position;
	uint64_t spans;
};

/* What the checksums of a spool are computed with, so that bytes inside a span, which come from
 * anybody, never pass for a record, a head or a state: a random number that nothing outside the
 * spool's files ever shows. */
struct key {
	uint8_t bytes[KEY_BYTES];   /* as on disk */
	uint8_t secret[KEY_SECRET]; /* derived from the key, in the form XXH3 takes */
};

/* Which spool it is, by two random numbers, where its oldest segment begins, and what it takes. */
struct spool_id {
	uint64_t spool; /* names the spool; 0: not known, and nor is KEY */
	struct key key;
	struct span_offset low_water;
	uint64_t bytes; /* of all segments but the one that is being written */
};

/* What stands before a batch's bytes, in a segment and in quarantine alike. */
struct record {
	uint64_t position;
	uint64_t boot;
	uint64_t sequence;
	uint64_t received_ms;
	uint64_t spans_before; /* in all positions below this one */
	uint32_t spans;
	uint32_t size; /* of the batch's bytes, which follow */
	bool maybe_dup;
};

/* The value of key 0 of a segment: what it holds, and the state as of its last commit. */
struct head {
	uint64_t txnid;           /* LMDB's number of the transaction that wrote this */
	struct span_offset first; /* the segment's first position */
	struct span_offset end;   /* one behind its last */
	uint64_t made_ms;         /* wall clock */
	uint64_t first_ms;        /* received_ms of its first record */
	uint64_t last_ms;         /* the largest received_ms in it */
	char host[HOST_BYTES + 1];
	struct spool_state state;
	struct spool_id origin;
};

/* A new key from the kernel's random numbers. 0 or E_IO. */
int format_key_make(struct key *key) MUST_USE;
/* Fills KEY from its KEY_BYTES on disk. */
void format_key_load(struct key *key, const uint8_t from[KEY_BYTES]);

/* Two checksums: one of the header and with it of the position, one of header and VALUE. */
void format_record_encode(uint8_t to[RECORD_HEADER], const struct key *key, const struct record *r, struct slice value);
/* 0 or E_CORRUPT: the header is not one that KEY was used for. Looks at the header only; size is at
 * most RECORD_MOST. KEY NULL: nothing is verified. */
int format_record_decode(const uint8_t from[RECORD_HEADER], const struct key *key, struct record *r) MUST_USE;
bool format_record_verify(const uint8_t header[RECORD_HEADER], const struct key *key, struct slice value);

/* Gives the bytes written, at most STATE_BYTES; sealed with ORIGIN's key, which stands in it. */
size_t format_state_encode(uint8_t *to, const struct spool_state *s, const struct spool_id *origin);
/* 0; E_CORRUPT; E_FOREIGN: whole, by the key of another spool; E_NEWER and E_OLDER only when the
 * checksum holds, so that a flipped bit is never a version. KEY NULL: by the key that stands in it,
 * which is for bytes that only the spool itself can have put where they are. */
int format_state_decode(
        struct slice from, const struct key *key, struct spool_state *s, struct spool_id *origin) MUST_USE;

bool format_is_head(struct slice from); /* by its magic */
size_t format_head_encode(uint8_t *to, const struct head *h);
/* As format_state_decode. */
int format_head_decode(struct slice from, const struct key *key, struct head *h) MUST_USE;

/* What stands behind a record in its quarantine file. Gives the bytes written, at most
 * format_trailer_size of the same texts. */
size_t format_trailer_size(const char *cause, const char *detail);
size_t format_trailer_encode(uint8_t *to, const struct key *key, const char *cause, const char *detail);
/* 0, E_CORRUPT, E_NEWER, E_OLDER. CAUSE and DETAIL are borrowed from FROM. KEY NULL: nothing is verified. */
int format_trailer_decode(struct slice from, const struct key *key, struct slice *cause, struct slice *detail) MUST_USE;

#endif
