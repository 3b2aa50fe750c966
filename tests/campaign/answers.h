/* SPDX-License-Identifier: Apache-2.0 */
/* answers_rig.h — an exporter before one or two scripted collectors over real HTTP, its batches in a book, and the
 * parts of collector_answers. */
#ifndef ANSWERS_RIG_H
#define ANSWERS_RIG_H

#include "answers_book.h"
#include "campaign.h"
#include "exporter/collector_cause.h"

enum { RIG_COLLECTORS = 2, RIG_SECONDS = 60 };

/* What a collector does with one POST. */
struct rig_act {
	struct scripted_answer answer;
	bool stores;
};

struct rig {
	struct trial *trial;
	struct book book;
	struct loop *loop;
	struct scripted_collector collector[RIG_COLLECTORS];
	unsigned collectors; /* 0 counts as 1 */
	struct exporter_opts opts;
	const char *name;             /* of the first collector, in its URL; NULL: its address */
	bool one_port;                /* the second one has the same port at 127.0.0.2 */
	char url[RIG_COLLECTORS][64]; /* "" before rig_open: the collector's own */
	struct exporter *exporter;
	/* ACT is 202, stored, or the answer that the poison in R gets; the script has the last word. May be NULL. */
	void (*script)(struct rig *g, const struct book_request *r, struct rig_act *act);
	/* True to reset the connection of R before its body is in. May be NULL. */
	bool (*cuts)(struct rig *g, const struct book_request *r);
	void *arg;                         /* the script's own */
	uint64_t ahead_us;                 /* the clock is moved on by so much at each look */
	size_t traffic;                    /* good batches that come in at each look, until all poison is reported */
	uint64_t requests_most;            /* 0: any number of POSTs */
	size_t good_only;                  /* not 0: it is over when so many batches, all that are good, are reported */
	char sentence[COLLECTOR_SENTENCE]; /* the exporter's last one */
	const char *says;                  /* see rig_until_blocked */
	bool was_blocked;                  /* the exporter has called for an operator */
};

/* With opts, url and the book as they are: those that rig_defaults gives, unless the part has changed them. */
void rig_defaults(struct rig *g, struct trial *t);
void rig_open(struct rig *g);
/* Hands in all batches, and waits until each is reported and nothing is on the wire. */
void rig_run(struct rig *g);
/* Hands in all batches, and more good ones, until the exporter calls for an operator with a sentence that has SAYS in it;
 * until then none is quarantined. */
void rig_until_blocked(struct rig *g, const char *says);
/* Holds what is left against the promises, tells the trial what was wrong, and takes everything away. */
void rig_close(struct rig *g);
/* The three, for a part that only has a script. */
void rig_play(struct rig *g);

/* N good batches of SPANS spans, of one process if JOINED, else each of its own. */
void rig_add_good(struct rig *g, size_t n, uint32_t spans, bool joined);

uint64_t rig_dice(struct rig *g, uint64_t sides);

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
