/* SPDX-License-Identifier: Apache-2.0 */
/* Does a refusal concern one record, or everything? Pure functions of what passed meanwhile. */
#ifndef EVIDENCE_H
#define EVIDENCE_H

#include "base/base.h"

/* A record is called bad only by evidence: it was refused although it was sent alone, a record that was
 * offered after that refusal passed on the same partition, and it was refused again; twice running. A
 * partition, or a whole destination, that refuses everything therefore never condemns a record. */
enum {
	EVIDENCE_PARTITIONS = 1024, /* remembered; of two that share a place the later one counts */
	EVIDENCE_ROUNDS = 2,        /* refusals that must be confirmed before the one that condemns */
	EVIDENCE_SPOTS = 64,        /* places of the backlog from which probes are taken by turns */
};

struct evidence {
	struct {
		uint32_t partition;
		uint64_t offered_us; /* when the newest record that passed there was offered; 0: none */
	} passed[EVIDENCE_PARTITIONS];
};

/* A record that was offered at OFFERED_US was delivered to PARTITION. */
void evidence_passed(struct evidence *e, uint32_t partition, uint64_t offered_us);

/* Did a record that was offered after REFUSED_US pass on PARTITION? */
bool evidence_confirms(const struct evidence *e, uint32_t partition, uint64_t refused_us);

/* Is a record bad that was refused ALONE now, after CONFIRMED confirmed refusals? Never while the
 * destination as a whole is not known to take records. */
bool evidence_condemns(bool destination_takes, bool alone, unsigned confirmed);

/* How long a record rests after its REFUSALS-th refusal (1 is the first): 1 s, doubling up to 30 s. */
uint64_t evidence_rest_us(unsigned refusals);

/* From where the probe of round N is read, in 256ths of the backlog: the oldest record in every even
 * round; between them another place each time, spread evenly, until all EVIDENCE_SPOTS had their turn. */
unsigned evidence_spot(uint64_t round);

/* The watchdog: something waits and nothing was delivered, whatever else is said. */
enum { WATCHDOG_S = 30 };

struct watchdog {
	uint64_t delivered; /* batches, when last seen to grow */
	uint64_t since_us;  /* when that was, or when nothing waited; 0: not looked yet */
};

/* Seconds since the last delivery if something has waited for WATCHDOG_S or longer, else 0. */
uint64_t watchdog_look(struct watchdog *w, uint64_t now, uint64_t delivered, bool waits);

#endif
