/* SPDX-License-Identifier: Apache-2.0 */
/* answers_book.h — the oracle of collector_answers: batches that were handed to an exporter, what the collectors
 * stored of each, and every report and mark held against that. */
#ifndef ANSWERS_BOOK_H
#define ANSWERS_BOOK_H

#include "exporter/exporter.h"
#include "scripted_collector.h"

/* How the collector answers a POST with such a batch in it, always. The first eight are answers of Jaeger 1.62, 1.76 and
 * 2.13 to what is named, of a proxy before them, or of a collector that checks more than they do. */
enum poison {
	GOOD,
	POISON_TYPE,          /* a byte that is no type of Thrift */
	POISON_TRUNCATED,     /* the batch ends within a field */
	POISON_FIELD,         /* a required field that is missing, or of another type */
	POISON_PROCESS,       /* no process, or one that cannot be processed */
	POISON_ZERO_IDS,      /* a span of zero ids; refused without a word */
	POISON_UNSUPPORTED,   /* another content than Thrift */
	POISON_TOO_LARGE,     /* however small */
	POISON_500_TOO_LARGE, /* the same in the words of Jaeger 2 */
	POISON_500,           /* while it takes all else */
	POISON_CUTS,          /* connection lost: a batch that ends the collector's process */
	POISONS_N
};
enum {
	POISON_KINDS = POISON_500_TOO_LARGE /* those that one refusal and a look at others settles */
};

struct book_batch {
	struct buf value;
	char id[16];
	uint32_t spans;
	enum poison poison;
	uint16_t *stored; /* how often, by span */
	bool *doubt;      /* by span: it was in a request that was not clearly refused */
	uint32_t refused; /* requests with it alone, that were answered 400, 413, 415, 422 */
	int reports;
	enum exporter_outcome outcome;
	bool returned;  /* given back, and not taken again yet */
	bool maybe_dup; /* it was given back as one that may have arrived */
};

struct book {
	struct book_batch **batch;
	size_t n, cap;
	size_t poisoned; /* of n */
	size_t taken;    /* by the exporter: those before */
	size_t reported, quarantined;
	uint64_t requests, probes, joined; /* POSTs; without spans; of several batches */
	uint64_t repeats;                  /* spans stored once more */
	bool doubts_all; /* time-outs are so short that a request may fail without the collector's doing */
	bool may_return; /* failing batches may be given back; they are handed in again */
	uint64_t returns;
	size_t next_return; /* where the search for the next one begins */
	bool may_refuse;    /* good batches too are refused by the collector, and may be quarantined */
	char wrong[300];    /* the first promise that was broken; "" none */
};

/* A batch of SPANS spans, numbered b->n + 1 in its trace id. */
void book_add(struct book *b, const char *service, uint32_t spans, enum poison poison);
void book_free(struct book *b);
/* The N-th batch as the exporter takes it; its token is the batch. */
struct exporter_item book_item(struct book *b, size_t n);

/* The next batch that was given back; false: there is none. */
bool book_next_returned(struct book *b, size_t *n);

/* What of one batch is in a request. */
struct book_range {
	struct book_batch *batch;
	uint32_t first, last;
};
enum { BOOK_RANGES = 512 };

/* A request as its headers describe it; WHOLE: its body is there, and held against them. */
struct book_request {
	struct book_range range[BOOK_RANGES];
	size_t n; /* 0: the exporter's probe */
	bool marked;
	struct book_batch *poison; /* the first that is; NULL: all are good */
};
void book_read(struct book *b, const struct scripted_request *r, bool whole, struct book_request *to);
/* The collector's answer to it, or the cut of its connection, is TO; all of it is STORED or nothing. */
void book_answered(struct book *b, const struct book_request *r, const struct scripted_answer *to, bool stored);
/* The answer that the poison in R gets. */
void book_poison_answer(const struct book_request *r, struct scripted_answer *to);

/* Holds the exporter's report against what is stored. */
void book_report(struct book *b, const struct exporter_report *r);

void book_wrong(struct book *b, const char *fmt, ...) PRINTF(2, 3);

#endif
