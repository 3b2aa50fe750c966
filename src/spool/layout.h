/* layout.h — every byte of the spool that is not LMDB's own (private). docs/spool-format.md is the
 * prose; numbers are little-endian on disk whatever the host is. */
#ifndef LAYOUT_H
#define LAYOUT_H

#include "slice.h"
#include "spool.h"

enum {
	RECORD_VERSION = 1,
	STATE_VERSION = 2, /* 1 had no times of losses */
	HEAD_VERSION = 1,
	TRAILER_VERSION = 1,
	RECORD_HEADER = 64,
	RECORD_MOST = 1 << 20, /* bytes of a batch; what the agent reads stays well below */
	HOST_BYTES = 255,
	STATE_FIXED = 96,
	STATE_NUMBERS = 4 + LEDGER_OUTCOMES_N + 2 + 2 * LEDGER_PLACES_N + 2 + 2 * LEDGER_CAUSES_N,
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
struct spot {
	uint64_t position;
	uint64_t spans;
};

/* Which spool it is, by a random number, and where its oldest segment begins. */
struct origin {
	uint64_t spool; /* 0: not known */
	struct spot floor;
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
	uint64_t txnid;    /* LMDB's number of the transaction that wrote this */
	struct spot first; /* the segment's first position */
	struct spot end;   /* one behind its last */
	uint64_t made_ms;  /* wall clock */
	uint64_t first_ms; /* received_ms of its first record */
	uint64_t last_ms;  /* the largest received_ms in it */
	char host[HOST_BYTES + 1];
	struct spool_state state;
	struct origin origin;
};

/* The checksum covers the header and VALUE, and with the header the position. */
void layout_record_encode(uint8_t to[RECORD_HEADER], const struct record *r, struct slice value);
/* 0 or E_CORRUPT. Looks at the header only; size is at most RECORD_MOST. */
int layout_record_decode(const uint8_t from[RECORD_HEADER], struct record *r) MUST_USE;
bool layout_record_verify(const uint8_t header[RECORD_HEADER], struct slice value);

/* Gives the bytes written, at most STATE_BYTES. */
size_t layout_state_encode(uint8_t *to, const struct spool_state *s, const struct origin *origin);
/* 0; E_CORRUPT; E_NEWER only when the checksum holds, so that a flipped bit is never a version. */
int layout_state_decode(struct slice from, struct spool_state *s, struct origin *origin) MUST_USE;
/* Bytes the state at FROM takes by its own word; 0 when it is none. */
size_t layout_state_size(struct slice from);

bool layout_is_head(struct slice from); /* by its magic */
size_t layout_head_encode(uint8_t *to, const struct head *h);
int layout_head_decode(struct slice from, struct head *h) MUST_USE;

/* What stands behind a record in its quarantine file. Gives the bytes written, at most
 * layout_trailer_size of the same texts. */
size_t layout_trailer_size(const char *cause, const char *detail);
size_t layout_trailer_encode(uint8_t *to, const char *cause, const char *detail);
/* 0, E_CORRUPT, E_NEWER. CAUSE and DETAIL are borrowed from FROM. */
int layout_trailer_decode(struct slice from, struct slice *cause, struct slice *detail) MUST_USE;

#endif
