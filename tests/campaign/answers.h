/* SPDX-License-Identifier: Apache-2.0 */
/* answers.h — an exporter before one or two scripted collectors over real HTTP, its batches in a book, and the
 * parts of collector_answers. */
#ifndef ANSWERS_H
#define ANSWERS_H

#include "answers_book.h"
#include "campaign.h"
#include "exporter/collector_cause.h"

enum { ANSWERS_COLLECTORS = 2, ANSWERS_SECONDS = 60 };

/* What a collector does with one POST. */
struct answers_act {
	struct scripted_answer answer;
	bool stores;
};

struct answers {
	struct trial *trial;
	struct book book;
	struct loop *loop;
	struct scripted_collector collector[ANSWERS_COLLECTORS];
	unsigned collectors; /* 0 counts as 1 */
	struct exporter_opts opts;
	const char *name;                 /* of the first collector, in its URL; NULL: its address */
	bool one_port;                    /* the second one has the same port at 127.0.0.2 */
	char url[ANSWERS_COLLECTORS][64]; /* "" before answers_open: the collector's own */
	struct exporter *exporter;
	/* ACT is 202, stored, or the answer that the poison in R gets; the script has the last word. May be NULL. */
	void (*script)(struct answers *g, const struct book_request *r, struct answers_act *act);
	/* True to reset the connection of R before its body is in. May be NULL. */
	bool (*cuts)(struct answers *g, const struct book_request *r);
	void *arg;                         /* the script's own */
	uint64_t ahead_us;                 /* the clock is moved on by so much at each look */
	size_t traffic;                    /* good batches that come in at each look, until all poison is reported */
	uint64_t requests_most;            /* 0: any number of POSTs */
	size_t good_only;                  /* not 0: it is over when so many batches, all that are good, are reported */
	char sentence[COLLECTOR_SENTENCE]; /* the exporter's last one */
	const char *says;                  /* see answers_until_blocked */
	bool was_blocked;                  /* the exporter has called for an operator */
};

/* With opts, url and the book as they are: those that answers_defaults gives, unless the part has changed them. */
void answers_defaults(struct answers *g, struct trial *t);
void answers_open(struct answers *g);
/* Hands in all batches, and waits until each is reported and nothing is on the wire. */
void answers_run(struct answers *g);
/* Hands in all batches, and more good ones, until the exporter calls for an operator with a sentence that has SAYS in it;
 * until then none is quarantined. */
void answers_until_blocked(struct answers *g, const char *says);
/* Holds what is left against the promises, tells the trial what was wrong, and takes everything away. */
void answers_close(struct answers *g);
/* The three, for a part that only has a script. */
void answers_play(struct answers *g);

/* N good batches of SPANS spans, of one process if JOINED, else each of its own. */
void answers_add_good(struct answers *g, size_t n, uint32_t spans, bool joined);

uint64_t answers_dice(struct answers *g, uint64_t sides);

/* Names of the campaign's sums. */
enum { SUM_REQUESTS, SUM_JOINED, SUM_STORED, SUM_REPEATS, SUM_QUARANTINED, SUM_BLOCKED };

/* The parts, each a number of trials. */
struct answers_part {
	const char *name;
	uint64_t whole; /* trials that differ; or CAMPAIGN_ENDLESS */
	unsigned every; /* of --count trials this part plays one in so many */
	void (*run)(struct trial *t, void *arg);
};
extern const struct answers_part answers_status, answers_shapes, answers_patience, answers_poison, answers_failing,
        answers_names, answers_storm, answers_tls;

#endif
