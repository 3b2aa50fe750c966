/* SPDX-License-Identifier: Apache-2.0 */
/* wire_reader.h — reads the integers and texts of one Kafka request or answer. What goes beyond its end sets BAD and reads
 * as 0. */
#ifndef WIRE_READER_H
#define WIRE_READER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { NAME = 128 }; /* of a topic, a member, a group; a longer one reads as "" */

struct reader {
	const uint8_t *at;
	size_t left;
	bool bad;
};

static inline int64_t read_int(struct reader *r, size_t bytes)
{
	uint64_t value = 0;

	if (r->left < bytes) {
		r->bad = true;
		r->left = 0;
		return 0;
	}
	for (size_t i = 0; i < bytes; i++)
		value = value << 8 | r->at[i];
	r->at += bytes;
	r->left -= bytes;
	return bytes == 8 ? (int64_t)value : (int64_t)(value << (64 - 8 * bytes)) >> (64 - 8 * bytes);
}

static inline const uint8_t *skip(struct reader *r, int64_t bytes)
{
	const uint8_t *at = r->at;

	if (bytes < 0)
		return at; /* null */
	if ((uint64_t)bytes > r->left) {
		r->bad = true;
		r->left = 0;
		return at;
	}
	r->at += bytes;
	r->left -= (size_t)bytes;
	return at;
}

static inline void read_text(struct reader *r, char to[NAME])
{
	int64_t len = read_int(r, 2);
	const uint8_t *at = skip(r, len);

	to[0] = '\0';
	if (!r->bad && len >= 0 && len < NAME)
		snprintf(to, NAME, "%.*s", (int)len, (const char *)at);
}

#endif
