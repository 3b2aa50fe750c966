/* SPDX-License-Identifier: Apache-2.0 */
/* format.c — checksums, the common frame of state, head and trailer, and the record; no I/O. Everything begins
 * with a magic and a version and has an XXH3 checksum made with the spool's key. A frame also stores its length,
 * so that a version that adds fields is still verified by an older program. State and head: format_state.c; the
 * trailer of a quarantine file: format_trailer.c. */
#include <sys/random.h>
#define XXH_STATIC_LINKING_ONLY /* XXH3_generateSecret */
#include <xxhash.h>

#include "format_internal.h"

enum {
	RECORD_MAGIC = 0x52505353, /* "SSPR" */
	FLAG_MAYBE_DUP = 1,
	RECORD_HEADER_SUM = RECORD_HEADER - 2 * CHECKSUM,
	RECORD_BATCH_SUM = RECORD_HEADER - CHECKSUM,
};

int format_key_make(struct key *key)
{
	uint8_t bytes[KEY_BYTES];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return E_IO;
	format_key_load(key, bytes);
	return 0;
}

void format_key_load(struct key *key, const uint8_t from[KEY_BYTES])
{
	memmove(key->bytes, from, KEY_BYTES);
	XXH3_generateSecret(key->secret, KEY_SECRET, key->bytes, KEY_BYTES);
}

static uint64_t checksum(const struct key *key, const uint8_t *bytes, size_t len)
{
	return XXH3_64bits_withSecret(bytes, len, key->secret, KEY_SECRET);
}

/*
 * Record
 *    0  u32 magic          4  u8 version   5  u8 flags   6  u16 header bytes
 *    8  u32 spans         12  u32 size
 *   16  u64 position      24  u64 boot    32  u64 sequence
 *   40  u64 received_ms   48  u64 spans_before
 *   56  u64 checksum of bytes 0 … 55
 *   64  u64 checksum of the batch's bytes, XOR the one before
 */
static uint64_t batch_sum(const uint8_t *header, const struct key *key, struct slice value)
{
	return checksum(key, value.at, value.len) ^ get64(header + RECORD_HEADER_SUM);
}

void format_record_encode(uint8_t to[RECORD_HEADER], const struct key *key, const struct record *r, struct slice value)
{
	put32(to, RECORD_MAGIC);
	to[4] = RECORD_VERSION;
	to[5] = r->maybe_dup ? FLAG_MAYBE_DUP : 0;
	put16(to + 6, RECORD_HEADER);
	put32(to + 8, r->spans);
	put32(to + 12, r->size);
	put64(to + 16, r->position);
	put64(to + 24, r->boot);
	put64(to + 32, r->sequence);
	put64(to + 40, r->received_ms);
	put64(to + 48, r->spans_before);
	put64(to + RECORD_HEADER_SUM, checksum(key, to, RECORD_HEADER_SUM));
	put64(to + RECORD_BATCH_SUM, batch_sum(to, key, value));
}

int format_record_decode(const uint8_t from[RECORD_HEADER], const struct key *key, struct record *r)
{
	if (get32(from) != RECORD_MAGIC || from[4] != RECORD_VERSION || get16(from + 6) != RECORD_HEADER)
		return E_CORRUPT;
	if (key != NULL && get64(from + RECORD_HEADER_SUM) != checksum(key, from, RECORD_HEADER_SUM))
		return E_CORRUPT;
	r->maybe_dup = (from[5] & FLAG_MAYBE_DUP) != 0;
	r->spans = get32(from + 8);
	r->size = get32(from + 12);
	if (r->size > RECORD_MOST)
		return E_CORRUPT;
	r->position = get64(from + 16);
	r->boot = get64(from + 24);
	r->sequence = get64(from + 32);
	r->received_ms = get64(from + 40);
	r->spans_before = get64(from + 48);
	return 0;
}

bool format_record_verify(const uint8_t header[RECORD_HEADER], const struct key *key, struct slice value)
{
	return key == NULL || get64(header + RECORD_BATCH_SUM) == batch_sum(header, key, value);
}

void format_seal(uint8_t *to, const struct format_kind *k, const struct key *key, size_t len)
{
	put32(to, k->magic);
	put16(to + 4, k->version);
	put32(to + 8, (uint32_t)len);
	put64(to + len - CHECKSUM, checksum(key, to, len - CHECKSUM));
}

static bool checksum_holds(struct slice frame, const struct key *key)
{
	return get64(frame.at + frame.len - CHECKSUM) == checksum(key, frame.at, frame.len - CHECKSUM);
}

/* True when FRAME has a version older than the key, and its unkeyed checksum is right. */
static bool is_older(struct slice frame, const struct format_kind *k)
{
	return get16(frame.at + 4) < k->oldest &&
	       get64(frame.at + frame.len - CHECKSUM) == XXH3_64bits(frame.at, frame.len - CHECKSUM);
}

/* Verifies the checksum of FRAME with KEY or, if that is NULL, with the key stored in FRAME. */
static int verify_frame(struct slice frame, const struct format_kind *k, const struct key *key)
{
	const uint8_t *bytes;
	struct key own;

	if (is_older(frame, k))
		return E_OLDER;
	if (key != NULL && checksum_holds(frame, key))
		return 0;
	bytes = k->key_in == NULL ? NULL : k->key_in(frame);
	if (bytes == NULL)
		return key == NULL && k->key_in == NULL ? 0 : E_CORRUPT;
	format_key_load(&own, bytes);
	if (!checksum_holds(frame, &own))
		return E_CORRUPT;
	return key == NULL ? 0 : E_FOREIGN;
}

int format_unseal(struct slice *from, const struct format_kind *k, const struct key *key)
{
	size_t len;
	int rc;

	if (from->len < 12 || get32(from->at) != k->magic)
		return E_CORRUPT;
	len = get32(from->at + 8);
	if (len < 12 + CHECKSUM || len > from->len)
		return E_CORRUPT;
	from->len = len;
	rc = verify_frame(*from, k, key);
	if (rc == 0 && get16(from->at + 4) > k->version)
		rc = E_NEWER;
	if (rc == 0 && (get16(from->at + 4) < k->oldest || len < k->fixed + CHECKSUM))
		rc = E_CORRUPT;
	from->len = len - CHECKSUM;
	return rc;
}
