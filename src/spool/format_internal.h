/* SPDX-License-Identifier: Apache-2.0 */
/* format_internal.h — little-endian numbers and the frame with its checksum, for the format_*.c files (private). */
#ifndef FORMAT_IMPL_H
#define FORMAT_IMPL_H

#include <endian.h>

#include "format.h"

enum { CHECKSUM = 8 }; /* bytes of one */

static inline void put16(uint8_t *to, uint16_t v)
{
	v = htole16(v);
	memcpy(to, &v, sizeof(v));
}

static inline void put32(uint8_t *to, uint32_t v)
{
	v = htole32(v);
	memcpy(to, &v, sizeof(v));
}

static inline void put64(uint8_t *to, uint64_t v)
{
	v = htole64(v);
	memcpy(to, &v, sizeof(v));
}

static inline uint16_t get16(const uint8_t *from)
{
	uint16_t v;

	memcpy(&v, from, sizeof(v));
	return le16toh(v);
}

static inline uint32_t get32(const uint8_t *from)
{
	uint32_t v;

	memcpy(&v, from, sizeof(v));
	return le32toh(v);
}

static inline uint64_t get64(const uint8_t *from)
{
	uint64_t v;

	memcpy(&v, from, sizeof(v));
	return le64toh(v);
}

/* State, head and trailer have the same frame: magic, version, length at offset 8, checksum at the end. */
struct format_kind {
	uint32_t magic;
	uint16_t version; /* version that this program writes */
	uint16_t oldest;  /* oldest version that it reads */
	size_t fixed;     /* bytes of fixed size at the start */
	/* Returns the key stored in the frame; NULL: this kind stores none. */
	const uint8_t *(*key_in)(struct slice frame);
};

/* Writes magic, version, length and checksum of the frame of LEN bytes at TO. */
void format_seal(uint8_t *to, const struct format_kind *k, const struct key *key, size_t len);
/* Verifies the frame at the start of FROM and cuts FROM to the frame without its checksum. Returns the same
 * errors as format_state_decode. */
int format_unseal(struct slice *from, const struct format_kind *k, const struct key *key) MUST_USE;

#endif
