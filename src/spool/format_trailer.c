/* SPDX-License-Identifier: Apache-2.0 */
/* format_trailer.c — the bytes behind the record in a quarantine file: cause and detail. */
#include "format_internal.h"

enum {
	TRAILER_MAGIC = 0x51505353, /* "SSPQ" */
	TRAILER_FIXED = 16,
	TEXT_MOST = 1024, /* bytes of each text */
};

static const struct format_kind trailer_kind = { TRAILER_MAGIC, TRAILER_VERSION, TRAILER_VERSION, TRAILER_FIXED, NULL };

/*
 * Trailer of a quarantine file
 *    0  u32 magic   4  u16 version   6  u16 cause bytes   8  u32 length   12  u32 detail bytes
 *   16  cause, then detail, then u64 checksum of all before (of the trailer)
 */
size_t format_trailer_size(const char *cause, const char *detail)
{
	return TRAILER_FIXED + strnlen(cause, TEXT_MOST) + strnlen(detail, TEXT_MOST) + CHECKSUM;
}

size_t format_trailer_encode(uint8_t *to, const struct key *key, const char *cause, const char *detail)
{
	size_t causes = strnlen(cause, TEXT_MOST), details = strnlen(detail, TEXT_MOST);
	size_t len = format_trailer_size(cause, detail);

	put16(to + 6, (uint16_t)causes);
	put32(to + 12, (uint32_t)details);
	memcpy(to + TRAILER_FIXED, cause, causes);
	memcpy(to + TRAILER_FIXED + causes, detail, details);
	format_seal(to, &trailer_kind, key, len);
	return len;
}

int format_trailer_decode(struct slice from, const struct key *key, struct slice *cause, struct slice *detail)
{
	int rc = format_unseal(&from, &trailer_kind, key);
	size_t causes, details;

	if (rc < 0)
		return rc;
	causes = get16(from.at + 6);
	details = get32(from.at + 12);
	if (causes > TEXT_MOST || details > TEXT_MOST || from.len != TRAILER_FIXED + causes + details)
		return E_CORRUPT;
	*cause = slice_of(from.at + TRAILER_FIXED, causes);
	*detail = slice_of(from.at + TRAILER_FIXED + causes, details);
	return 0;
}
