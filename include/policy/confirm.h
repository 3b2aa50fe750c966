/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the POSTs that a collector took with 2xx it has stored, by its own counters, and how
 * many spans it may be sent meanwhile. */
#ifndef CONFIRM_H
#define CONFIRM_H

#include "base/list.h"

/* The capacity of a collector that stores before it answers: more spans than are ever under way. */
enum { CONFIRM_NO_QUEUE = 1 << 20 };

/* One reading of a collector's metrics page, in spans since its process began. The page promises that at
 * any moment received = dropped + rejected + saved + failed - refused + what waits in the queue or in a worker's
 * hand; its counters are not read at one moment, so this holds only up to what moved meanwhile. */
struct confirm_counters {
	uint64_t process;    /* tells one process of the collector from the next; never 0 */
	uint64_t received;   /* counted before a POST is answered */
	uint64_t dropped;    /* found the queue full; counted before the POST is answered */
	uint64_t rejected;   /* filtered out on purpose, which is no loss */
	uint64_t saved;      /* the store has them */
	uint64_t failed;     /* the store refused them */
	uint64_t refused;    /* of these: their sender was told so by its answer, which is no loss */
	uint64_t capacity;   /* spans that the queue holds; 0 is not known yet, CONFIRM_NO_QUEUE that it has none */
	uint64_t overtake;   /* so many spans at most are saved while another worker still holds an older one */
	uint64_t slowest_us; /* no save takes longer while others are saved; 0: that is not known */
};

/* A reading with the monotonic moments between which the page was made, in microseconds. */
struct confirm_reading {
	struct confirm_counters counters;
	uint64_t began_us;
	uint64_t ended_us;
};

enum confirm_verdict {
	CONFIRM_STORED,  /* delivered: every span of the POST is in the store */
	CONFIRM_LOST,    /* spans were lost between its sending and now, perhaps some of its own: send it again */
	CONFIRM_RESTART, /* the collector's process ended, and its queue with it: send it again */
	CONFIRM_GIVE_UP, /* lost opts.attempts times with the smallest window: let it go, and say so */
};

/* Owned by the sender of the POST. From confirm_answered until it is taken out of a list of decided POSTs, or
 * withdrawn, the link is not the owner's. */
struct confirm_post {
	struct list link; /* of confirm.awaiting, then of the decided POSTs */
	bool decided;     /* it has a verdict: */
	enum confirm_verdict verdict;
	uint32_t spans;    /* set by the owner before confirm_sent */
	uint32_t attempts; /* losses while the window was at its smallest; 0 at first, kept by the owner from then on */
	uint32_t epoch;    /* by the last reading before it was sent: which process it was, */
	uint64_t lost;     /* and how many spans that had lost */
	uint64_t answered_us; /* monotonic moment of its 2xx */
	bool smallest_window; /* it was sent while the window was at its smallest */
	bool entered;         /* a reading began after its answer, */
	uint64_t entered_at;  /* at which so many spans had entered the queue, its own among them */
	bool left;            /* as many were saved or refused by a later one: none of its own is queued */
	uint64_t left_at;     /* confirm.saving_us at that reading */
};

struct confirm_opts {
	uint32_t post_spans;    /* most spans in one POST */
	uint32_t attempts;      /* losses with the smallest window until a POST is given up; 0 never */
	uint64_t read_every_us; /* least time between two readings while no POST waits for the window */
};

enum confirm_state {
	CONFIRM_UNREAD,   /* no reading yet: nothing may be sent */
	CONFIRM_STORING,  /* the collector stores what it takes, or nothing was sent lately */
	CONFIRM_LOSING,   /* it dropped spans between the last two readings, ours or others' */
	CONFIRM_NO_STORE, /* its store refused spans between the last two readings, and took none */
	CONFIRM_FOREIGN,  /* the page is another collector's: what we sent does not show in it */
};

struct confirm_stats {
	uint64_t confirmed; /* spans stored */
	uint64_t resent;    /* spans to be sent again, for a loss or a restart */
	uint64_t given_up;  /* spans let go */
	uint64_t lost;      /* spans that the collector lost while we looked, whoever had sent them */
	uint64_t restarts;  /* processes of the collector that ended while we looked */
};

struct confirm {
	struct confirm_opts opts;
	enum confirm_state state;
	struct list awaiting;        /* posts answered and without a verdict, oldest answer first */
	struct confirm_reading last; /* began_us 0: none yet */
	uint32_t epoch;              /* counts stretches of readings of one process, and of none between two of these */
	uint64_t processes[4];       /* ended ones, newest first: none of them may come back */
	bool lossless;               /* this process lost nothing while we looked: the window doubles */
	uint64_t read_at_us;         /* the next reading is due, */
	uint64_t urgent_at_us;       /* or is due already when a POST waits for the window */
	uint64_t cost_us;            /* what a reading takes a collector that is not busy */
	bool saving;                 /* the last reading showed spans saved since the one before */
	uint64_t saving_us;          /* time between readings that all showed spans saved, so far */
	uint64_t window;             /* spans that the queue may hold, others' among them */
	uint64_t clean;              /* spans confirmed since the window last changed */
	uint64_t others;             /* spans that others sent between the last two readings */
	uint64_t crowd;              /* spans that the collector received for each of ours, lately; 1 at least */
	uint64_t on_wire;            /* spans of ours without an answer */
	uint64_t
	        unsure; /* spans of ours that may have come in since the last reading began, of POSTs no longer waited for */
	uint64_t unsure_us;      /* by this moment the last of these had come in, if at all; monotonic */
	uint64_t stale_at;       /* all of these have left the queue once so many spans were saved or refused */
	uint64_t unconfirmed;    /* spans of ours in awaiting */
	uint64_t unread;         /* of these: answered since the last reading began */
	uint64_t queued;         /* of these: not known to have left the queue */
	uint64_t taken;          /* spans of ours that the process of the last reading must have received */
	uint64_t received_first; /* what that process had received when it was first read */
	struct confirm_stats stats;
};

void confirm_init(struct confirm *c, const struct confirm_opts *opts);

/* Most spans that one POST may have now: the window may be smaller than opts.post_spans. */
uint32_t confirm_post_spans(const struct confirm *c);
/* May a POST of SPANS go out now? */
bool confirm_may_send(const struct confirm *c, uint32_t spans);
/* It goes out. Ends in confirm_answered or confirm_unanswered. */
void confirm_sent(struct confirm *c, struct confirm_post *p);
/* It was answered 2xx. Its verdict comes from a later confirm_read, or it is withdrawn. */
void confirm_answered(struct confirm *c, struct confirm_post *p, uint64_t now_us);
/* It got another answer, or none: it is the sender's again. Its spans may have arrived all the same. */
void confirm_unanswered(struct confirm *c, const struct confirm_post *p, uint64_t now_us);
/* The sender no longer waits for the verdict of an answered POST, or for the one that it has got. */
void confirm_withdraw(struct confirm *c, struct confirm_post *p);

/* When the page is to be read next, in monotonic microseconds; UINT64_MAX: nothing depends on it. WAITING: the
 * spans of the POST that is to go next; 0: there is none. */
uint64_t confirm_read_at(const struct confirm *c, uint32_t waiting);
/* R was read. The POSTs that R decides are put into DECIDED with their verdicts, oldest answer first, and are
 * no longer held. When this leaves the state CONFIRM_FOREIGN, confirm_forget comes next. */
void confirm_read(struct confirm *c, const struct confirm_reading *r, struct list *decided);
/* The page cannot be read any more, or is another collector's. The POSTs without a verdict get CONFIRM_RESTART,
 * for what is not known to be stored is sent again. The next reading, whenever it comes, is a first one. */
void confirm_forget(struct confirm *c, struct list *decided);
/* Lets the oldest POST without a verdict be sent again, as CONFIRM_RESTART. */
void confirm_return_oldest(struct confirm *c, struct list *decided);
/* When the oldest POST without a verdict was answered, monotonic microseconds; 0: there is none. */
uint64_t confirm_oldest_us(const struct confirm *c);

/* The page could not be read; the attempt ended then. */
void confirm_read_failed(struct confirm *c, uint64_t ended_us);

/* Spans that are sent to the collector now will not be stored: its store takes nothing, or it loses spans although the
 * window is at its smallest. */
bool confirm_store_away(const struct confirm *c);

const char *confirm_state_name(enum confirm_state s);

#endif
