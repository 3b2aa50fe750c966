/* SPDX-License-Identifier: Apache-2.0 */
/* evidence.c — remembers for each partition the newest record that passed. */
#include "policy/evidence.h"

void evidence_passed(struct evidence *e, uint32_t partition, uint64_t offered_us)
{
	size_t at = partition % EVIDENCE_PARTITIONS;

	if (e->passed[at].partition == partition)
		offered_us = max_u64(offered_us, e->passed[at].offered_us);
	e->passed[at].partition = partition;
	e->passed[at].offered_us = offered_us;
}

bool evidence_confirms(const struct evidence *e, uint32_t partition, uint64_t refused_us)
{
	size_t at = partition % EVIDENCE_PARTITIONS;

	return e->passed[at].partition == partition && e->passed[at].offered_us > refused_us;
}

bool evidence_proves_bad(bool destination_takes, bool alone, unsigned confirmed)
{
	return destination_takes && alone && confirmed >= EVIDENCE_ROUNDS;
}

uint64_t evidence_rest_us(unsigned refusals)
{
	static const uint64_t most = 30 * US_PER_S;
	unsigned doublings = refusals > 0 ? refusals - 1 : 0;

	return doublings >= 5 ? most : min_u64(most, US_PER_S << doublings);
}

enum { PROBE_KINDS = 3 };

enum evidence_probe evidence_probe_of(uint64_t round)
{
	return (enum evidence_probe)(round % PROBE_KINDS);
}

/* A counter with its bits reversed (van der Corput): each new place halves the widest gap between the earlier ones. */
unsigned evidence_probe_place(uint64_t round)
{
	unsigned counter, place = 0;

	if (evidence_probe_of(round) != EVIDENCE_PROBE_ELSEWHERE)
		return 0;
	counter = (unsigned)(round / PROBE_KINDS % EVIDENCE_PLACES) + 1;
	for (unsigned bit = 0; bit < 8; bit++)
		place |= (counter >> bit & 1) << (7 - bit);
	return place;
}

uint64_t watchdog_observe(struct watchdog *w, uint64_t now, uint64_t delivered, bool waits)
{
	if (w->since_us == 0 || w->delivered != delivered || !waits) {
		w->delivered = delivered;
		w->since_us = now;
	}
	return now - w->since_us >= WATCHDOG_S * US_PER_S ? (now - w->since_us) / US_PER_S : 0;
}
