/* SPDX-License-Identifier: Apache-2.0 */
/* confirmer_internal.h — private struct of confirmer.c and confirmer_sentence.c. */
#ifndef EXPORTER_CONFIRMER_IMPL_H
#define EXPORTER_CONFIRMER_IMPL_H

#include "exporter/confirmer.h"
#include "pages.h"
#include "policy/rate.h"

struct confirmer {
	struct pages *pages; /* NULL: CONFIRMER_OFF */
	struct timer *timer; /* the next reading, or events to deliver */
	struct confirmer_events events;
	struct confirm policy;
	enum confirmer_mode mode;
	enum confirmer_state state;
	bool named;          /* the operator named the page */
	uint32_t waiting;    /* spans of the POST that waits for the window; 0: none */
	bool post_failed;    /* the last POST that ended was not answered 2xx */
	uint64_t read_us;    /* monotonic, when the last reading of the page ended; 0: the page was never read */
	bool read_soon;      /* the next reading comes early */
	bool last_read_slow; /* the last reading was slow: no POST waits for the next one */
	/* of the time in which the state is CONFIRMER_CONFIRMING and readings of the page fail */
	uint64_t away_us;     /* when the first failed reading began; 0: the last one succeeded */
	uint64_t answered_us; /* when the first 2xx came after that and after the last failed POST; 0: none */
	bool probed;          /* a POST was returned to the owner, to be sent again as a probe */
	/* while the page is another collector's */
	bool foreign;
	struct confirm_counters foreign_last; /* its last counters */
	uint64_t foreign_spans;               /* spans answered 2xx since then */
	uint64_t foreign_requested;           /* of these, before the current reading began */
	/* for status and messages */
	struct rate stored;
	uint32_t stored_epoch; /* policy.epoch that STORED belongs to */
	uint64_t reads, reads_failed;
	struct buf sentence;
	/* delivered to the owner from the loop */
	struct list decided; /* struct confirm_post */
	bool changed;
	unsigned busy; /* calls of report_events on the stack */
	bool closing;  /* confirmer_free was called; the outermost call frees the object */
};

/* Updates c->sentence. */
void confirmer_describe(struct confirmer *c);

#endif
