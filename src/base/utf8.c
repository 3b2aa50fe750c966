/* SPDX-License-Identifier: Apache-2.0 */
/* utf8.c — a table of valid second bytes for each range of first bytes. */
#include "base/utf8.h"

size_t utf8_sequence(struct slice s)
{
	/* Range of the first byte, range of the second byte, length. All further bytes are 80 to bf. */
	static const struct {
		uint8_t from, to, least, most;
		size_t length;
	} rows[] = {
		{ 0x00, 0x7f, 0, 0, 1 },
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (s.at[0] < rows[i].from || s.at[0] > rows[i].to)
			continue;
		if (s.len < rows[i].length)
			return 0;
		if (rows[i].length > 1 && (s.at[1] < rows[i].least || s.at[1] > rows[i].most))
			return 0;
		for (size_t k = 2; k < rows[i].length; k++)
			if ((s.at[k] & 0xc0) != 0x80)
				return 0;
		return rows[i].length;
	}
	return 0;
}
