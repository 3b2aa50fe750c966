/* SPDX-License-Identifier: Apache-2.0 */
/* confirmer_internal.h — what confirmer.c and confirmer_sentence.c share. */
#ifndef EXPORTER_CONFIRMER_IMPL_H
#define EXPORTER_CONFIRMER_IMPL_H

#include "exporter/confirmer.h"
#include "pages.h"
#include "policy/rate.h"

struct confirmer {
	struct pages *pages; /* NULL: CONFIRMER_OFF */
	struct timer *timer; /* the next look, or events to deliver */
	struct confirmer_events events;
	struct confirm policy;
	enum confirmer_mode mode;
	enum confirmer_sight sight;
	bool named;         /* the operator named the page */
	uint32_t waiting;   /* spans of the POST that the window does not let out; 0 none */
	bool post_failed;   /* the last POST that ended was not answered 2xx */
	uint64_t looked_us; /* the last look ended; 0: none yet */
	bool look_soon;     /* a look is wanted before its time */
	bool look_slow;     /* the last one took so long that no POST should wait for another */
	/* while SEEING and the page cannot be read */
	uint64_t away_us;     /* the first reading that failed began; 0: the last one was good */
	uint64_t answered_us; /* the first 2xx after that, and after the last POST that failed; 0 none */
	bool asked;           /* a POST was returned, to see whether the collector answers */
	/* while the page is another collector's */
	bool foreign;
	struct confirm_counters foreign_last; /* its last reading, */
	uint64_t foreign_spans;               /* and the spans that were sent and answered 2xx since */
	uint64_t foreign_asked;               /* of these: when the look that is under way began */
	/* for people */
	struct rate stored;
	uint32_t stored_epoch; /* of the policy, to which STORED belongs */
	uint64_t reads, reads_failed;
	struct buf sentence;
	/* for the owner, from the loop */
	struct list decided; /* struct confirm_post */
	bool changed;
	unsigned busy; /* frames that still need this object */
	bool closing;  /* the last of them frees it */
};

/* Writes c->sentence anew. */
void confirmer_describe(struct confirmer *c);

#endif
