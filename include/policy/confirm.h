/* SPDX-License-Identifier: Apache-2.0 */
/* Decides from a collector's counters which POSTs that it answered 2xx it has stored, and how many spans it may be sent
 * meanwhile. */
#ifndef CONFIRM_H
#define CONFIRM_H

#include "base/list.h"

/* The queue's capacity for a collector that stores before it answers: more spans than are ever in flight. */
enum { CONFIRM_NO_QUEUE = 1 << 20 };

/* The counters of a collector's metrics page, in spans since its process began. At any moment
 *   received = dropped + rejected + saved + failed - refused + the spans in the queue and in the workers;
 * the page does not read its counters at one moment, so this holds only but for the spans that moved meanwhile. */
struct confirm_counters {
	uint64_t process;    /* identifies the collector's process; never 0 */
	uint64_t received;   /* counted before a POST is answered */
	uint64_t dropped;    /* because the queue was full; counted before the POST is answered */
	uint64_t rejected;   /* by a filter of the collector, on purpose: no loss */
	uint64_t saved;      /* in the store */
	uint64_t failed;     /* refused by the store */
	uint64_t refused;    /* of failed: their POST was answered with the error, so its sender knows: no loss */
	uint64_t capacity;   /* of the queue; 0: not known yet; CONFIRM_NO_QUEUE: there is no queue */
	uint64_t overtake;   /* most spans that are saved while another worker has an older one that is not saved */
	uint64_t slowest_us; /* the longest that one save takes while others are saved; 0: not known */
};

/* A reading of the page, and the monotonic moments between which the page was made, in microseconds. */
struct confirm_reading {
	struct confirm_counters counters;
	uint64_t began_us;
	uint64_t ended_us;
};

enum confirm_verdict {
	CONFIRM_STORED,  /* every span of the POST is in the store */
	CONFIRM_LOST,    /* the collector lost spans since the POST was sent, perhaps some of its own: send it again */
	CONFIRM_RESTART, /* the collector's process ended, and its queue with it: send it again */
	CONFIRM_GIVE_UP, /* CONFIRM_LOST opts.attempts times with the smallest window: do not send it again */
};

/* Owned by the sender of the POST. The link is used from confirm_answered until the sender takes the POST out of the list
 * of decided POSTs, or withdraws it. */
struct confirm_post {
	struct list link; /* of confirm.awaiting, then of the decided POSTs */
	bool decided;     /* verdict is valid */
	enum confirm_verdict verdict;
	uint32_t spans;       /* set by the owner before confirm_sent */
	uint32_t attempts;    /* losses with the smallest window; the owner sets 0 and keeps it when sending again */
	uint32_t epoch;       /* confirm.epoch when it was sent */
	uint64_t lost;        /* spans that the process had lost, by the last reading before it was sent */
	uint64_t answered_us; /* monotonic moment of its 2xx */
	bool smallest_window; /* it was sent while the window was at its smallest */
	bool entered;         /* a reading began after its answer, so its spans had entered the queue */
	uint64_t entered_at;  /* spans that had entered the queue by that reading, its own among them */
	bool left;            /* a later reading had that many saved or failed, so its spans have left the queue */
	uint64_t left_at;     /* confirm.saving_us at the later reading */
};

struct confirm_opts {
	uint32_t post_spans;    /* most spans in one POST */
	uint32_t attempts;      /* losses with the smallest window until CONFIRM_GIVE_UP; 0: never */
	uint64_t read_every_us; /* least time between two readings while no POST waits for the window */
};

enum confirm_state {
	CONFIRM_UNREAD,   /* no reading yet: nothing may be sent */
	CONFIRM_STORING,  /* no loss between the last two readings */
	CONFIRM_LOSING,   /* the collector lost spans between the last two readings, of this sender or of others */
	CONFIRM_NO_STORE, /* the store refused spans between the last two readings, and saved none */
	CONFIRM_FOREIGN,  /* the page is another collector's: its counters do not contain this sender's spans */
};

struct confirm_stats {
	uint64_t confirmed; /* spans with CONFIRM_STORED */
	uint64_t resent;    /* spans with CONFIRM_LOST or CONFIRM_RESTART */
	uint64_t given_up;  /* spans with CONFIRM_GIVE_UP */
	uint64_t lost;      /* spans that the collector lost between readings, of all senders */
	uint64_t restarts;  /* times that a reading showed another process of the collector */
};

struct confirm {
	struct confirm_opts opts;
	enum confirm_state state;
	struct list awaiting;        /* POSTs answered 2xx and without a verdict, oldest answer first */
	struct confirm_reading last; /* the last reading; began_us 0: none yet */
	uint32_t epoch;              /* increases when a reading shows another process, and in confirm_forget */
	uint64_t processes[4];       /* processes that ended, newest first; one that returns means CONFIRM_FOREIGN */
	bool lossless;               /* this process has lost no span between readings: the window doubles */
	uint64_t read_at_us;         /* when the next reading is due */
	uint64_t urgent_at_us;       /* when it is due while a POST waits for the window */
	uint64_t pause_began_us;   /* sending pauses since this reading, see confirm_pause_or_resume; 0: it does not */
	uint64_t pause_again_us;   /* no pause begins before this moment */
	unsigned vain_pauses;      /* pauses in a row that decided no POST */
	uint64_t cost_us;          /* how long a reading takes while the collector is not busy */
	bool saving;               /* the last reading showed spans saved since the one before */
	uint64_t saving_us;        /* total time between readings during which spans were saved; see count_saving */
	uint64_t window;           /* most spans that the queue should have, of all senders */
	uint64_t stored_in_window; /* spans confirmed since the window last changed */
	uint64_t others;           /* spans of other senders received between the last two readings */
	uint64_t received_per_own; /* spans received, of all senders, for each own one; a recent average, >= 1 */
	uint64_t on_wire;          /* spans of own POSTs without an answer */
	uint64_t unsure;           /* spans of POSTs no longer awaited that may have come since last.began_us */
	uint64_t unsure_us;        /* monotonic moment by which all unsure spans have come, if at all */
	uint64_t stale_at;         /* once this many spans were saved or failed, no unsure span is in the queue */
	uint64_t unconfirmed;      /* spans of the POSTs in awaiting */
	uint64_t unread;           /* of unconfirmed: answered since the last reading began */
	uint64_t queued;           /* of unconfirmed: not known to have left the queue */
	uint64_t must_have_received; /* own spans that the process of the last reading must have received */
	uint64_t received_first;     /* "received" at the first reading of that process */
	struct confirm_stats stats;
};

void confirm_init(struct confirm *c, const struct confirm_opts *opts);

/* Most spans that one POST may have now: the window may be smaller than opts.post_spans. */
uint32_t confirm_post_spans(const struct confirm *c);
/* True when a POST of SPANS may be sent now. It may be false for four times opts.read_every_us while the queue is left to
 * run empty. */
bool confirm_may_send(const struct confirm *c, uint32_t spans);
/* P is sent. confirm_answered or confirm_unanswered must follow. */
void confirm_sent(struct confirm *c, struct confirm_post *p);
/* P was answered 2xx. Its verdict comes from a later confirm_read, unless it is withdrawn before. */
void confirm_answered(struct confirm *c, struct confirm_post *p, uint64_t now_us);
/* P got another answer, or none: it gets no verdict. Its spans may have arrived all the same. */
void confirm_unanswered(struct confirm *c, const struct confirm_post *p, uint64_t now_us);
/* The sender no longer waits for the verdict of an answered POST, or for the one that it has got. */
void confirm_withdraw(struct confirm *c, struct confirm_post *p);

/* When the page is to be read next, in monotonic microseconds; UINT64_MAX: no reading is needed. WAITING: the spans of
 * the next POST to be sent; 0: there is none. */
uint64_t confirm_read_at(const struct confirm *c, uint32_t waiting);
/* The page was read, as R. Moves the POSTs that R decides to DECIDED with their verdicts, oldest answer first. When the
 * state is CONFIRM_FOREIGN afterwards, the caller must call confirm_forget. */
void confirm_read(struct confirm *c, const struct confirm_reading *r, struct list *decided);
/* The page cannot be read any more, or is another collector's. Moves all POSTs without a verdict to DECIDED with
 * CONFIRM_RESTART, since they are not known to be stored. The next reading counts as the first one. */
void confirm_forget(struct confirm *c, struct list *decided);
/* Moves the oldest POST without a verdict to DECIDED with CONFIRM_RESTART, so that it is sent again. */
void confirm_return_oldest(struct confirm *c, struct list *decided);
/* When the oldest POST without a verdict was answered, in monotonic microseconds; 0: there is none. */
uint64_t confirm_oldest_us(const struct confirm *c);

/* Reading the page failed at ENDED_US. */
void confirm_read_failed(struct confirm *c, uint64_t ended_us);

/* True when spans that are sent now will not be stored: the store refuses all, or the collector loses spans although the
 * window is at its smallest. */
bool confirm_store_away(const struct confirm *c);

const char *confirm_state_name(enum confirm_state s);

#endif
