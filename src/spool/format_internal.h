/* SPDX-License-Identifier: Apache-2.0 */
/* format_internal.h — what the files of the on-disk layout share: numbers, checksums, frames (private). */
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

/* State, head and trailer share a frame: magic, version, length at 8, checksum at the end. */
struct format_kind {
	uint32_t magic;
	uint16_t version; /* that is written */
	uint16_t oldest;  /* that is read */
	size_t fixed;     /* bytes before what varies */
	/* Where the key stands in the frame; NULL: it does not. */
	const uint8_t *(*key_in)(struct slice frame);
};

/* Completes the frame of LEN bytes at TO, checksum included: magic, version, length, checksum. */
void format_seal(uint8_t *to, const struct format_kind *k, const struct key *key, size_t len);
/* Cuts FROM, which begins with a frame and may go on behind it, to the frame without its checksum. Gives the
 * codes of format_state_decode. */
int format_unseal(struct slice *from, const struct format_kind *k, const struct key *key) MUST_USE;

#endif
