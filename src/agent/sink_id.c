/* SPDX-License-Identifier: Apache-2.0 */
/* sink_id.c — prints a record's id; without printf, since it runs for each record. */
#include "sink_id.h"

size_t sink_decimal(uint64_t n, char to[20])
{
	char backwards[20];
	size_t len = 0;

	do {
		backwards[len++] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	for (size_t i = 0; i < len; i++)
		to[i] = backwards[len - 1 - i];
	return len;
}

size_t sink_id_text(const struct sink_id *id, const struct batch *b, char to[SINK_ID_TEXT])
{
	size_t len = min_u64(strlen(id->host), 255);

	memcpy(to, id->host, len);
	to[len++] = '/';
	len += sink_decimal(b->boot, to + len);
	to[len++] = '/';
	len += sink_decimal(b->sequence, to + len);
	return len;
}
