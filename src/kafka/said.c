/* SPDX-License-Identifier: Apache-2.0 */
/* said.c — a text is remembered by its hash. The place of the oldest is taken over once it could be
 * said again anyhow. */
#include "said.h"
#include "base/slice.h"

/* The slot that remembers HASH; if none does, a free slot, or else the one with the oldest sentence. */
static size_t place_of(const struct kafka_said *s, uint64_t hash)
{
	size_t oldest = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (s->hash[i] == hash)
			return i;
		if (s->at_us[i] < s->at_us[oldest])
			oldest = i;
	}
	return s->n < KAFKA_SAID_MOST ? s->n : oldest;
}

bool kafka_said_is_news(struct kafka_said *s, const char *text, uint64_t again_us, uint64_t now_us)
{
	uint64_t hash = slice_hash(slice_text(text), SLICE_HASH_BEGIN);
	size_t i = place_of(s, hash);

	if (i < s->n && now_us - s->at_us[i] < again_us) {
		s->held++;
		return false;
	}
	s->hash[i] = hash;
	s->at_us[i] = now_us;
	if (i == s->n)
		s->n++;
	return true;
}
