/* metronome.h — when is what due, at a set rate. Pure: the clock comes in as a number. */
#ifndef METRONOME_H
#define METRONOME_H

#include "base/base.h"

struct metronome {
	uint64_t per_s; /* units a second; 0: all is due at once */
	uint64_t began_us;
	uint64_t done; /* units */
};

/* Units due at NOW. One that has fallen far behind (a stopped process) does not make up for it in
 * one burst that no socket could hold: what is older than METRONOME_LATE_US is let go. */
uint64_t metronome_due(struct metronome *m, uint64_t now_us);

/* Microseconds until the next unit is due, 0 when one is. */
uint64_t metronome_wait_us(const struct metronome *m, uint64_t now_us);

enum { METRONOME_LATE_US = 100000 };

#endif
