/* SPDX-License-Identifier: Apache-2.0 */
/* recent_lines.c — a line is remembered by its hash. The slot of the oldest is reused once its period is over. */
#include "recent_lines.h"
#include "base/slice.h"

/* The slot of HASH; else a free slot; else the slot of the oldest line. */
static size_t place_of(const struct kafka_recent_lines *s, uint64_t hash)
{
	size_t oldest = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (s->hash[i] == hash)
			return i;
		if (s->at_us[i] < s->at_us[oldest])
			oldest = i;
	}
	return s->n < KAFKA_RECENT_MOST ? s->n : oldest;
}

bool kafka_recent_is_new(
        struct kafka_recent_lines *s, const char *text, uint32_t client, uint64_t again_us, uint64_t now_us)
{
	uint64_t hash = slice_hash(slice_text(text), SLICE_HASH_BEGIN);
	size_t i = place_of(s, hash);

	if (i < s->n && now_us - s->at_us[i] < again_us) {
		if (s->hash[i] == hash)
			s->clients[i] |= client;
		s->suppressed++;
		return false;
	}
	s->hash[i] = hash;
	s->at_us[i] = now_us;
	s->clients[i] = client;
	if (i == s->n)
		s->n++;
	return true;
}

void kafka_recent_forget(struct kafka_recent_lines *s, uint32_t client)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n; i++) {
		s->clients[i] &= ~client;
		if (s->clients[i] == 0)
			continue;
		s->hash[kept] = s->hash[i];
		s->at_us[kept] = s->at_us[i];
		s->clients[kept] = s->clients[i];
		kept++;
	}
	s->n = kept;
}
