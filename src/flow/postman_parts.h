/* postman_parts.h — the postman's inside: letters, the pieces they are sent in, and collectors. */
#ifndef POSTMAN_PARTS_H
#define POSTMAN_PARTS_H

#include "backoff.h"
#include "bucket.h"
#include "collector_cause.h"
#include "list.h"
#include "log.h"
#include "postman.h"
#include "slowstart.h"

struct postman;
struct collector;
struct letter;

/* What is posted in one request: a letter, or some spans of it.
 *
 *   READY ──sent──► ON_WIRE ──2xx──► delivered
 *     ▲  ▲             ├──"try again", a second time──► RESTING ──time──► READY
 *     │  └─────────────┤
 *     │                ├──too large──► two pieces, READY; one span ──► poison
 *     │                └──refused, nothing else passed──► SUSPECT ──asked──► READY or poison
 *     └── once more after the first refusal                                                    */
struct piece {
	struct list link; /* of ready, resting, wire, or its collector's suspects */
	struct letter *letter;
	struct collector *at; /* which has it, or had it last */
	struct buf cut;       /* its bytes while it is on the wire, unless it is the whole letter */
	uint64_t round;       /* of the collector, when it was sent */
	uint32_t first, count; /* spans */
	bool on_wire;
	bool maybe_stored; /* an earlier request with these spans may have arrived */
	uint32_t refusals;
	uint64_t first_refused_us;
	const char *cause;            /* the word for its last refusal */
	int status;                   /* what was last said against it */
	char *detail;                 /* the same in words; NULL: nothing, or memory ran out */
	uint32_t failures;            /* answers that said "try again" */
	uint64_t failing_us;          /* moment of the first of these */
	uint64_t good_then, bad_then; /* the postman's counts at that moment */
	uint64_t rests_until_us;
};

struct letter {
	struct list link; /* of the postman's letters, in the order they came */
	struct postman *postman;
	struct postman_letter is;
	struct piece whole; /* the first piece; it has no memory of its own */
	uint32_t pieces;    /* neither delivered, poison, nor dropped */
	bool maybe_sent;    /* some of it may have arrived unacknowledged, or has been delivered */
	bool give_back;     /* its owner wants it: what fails is dropped, not sent again */
	bool dropped;       /* a piece was */
	const char *cause;  /* of the first poison piece, which stands for all; NULL: none is */
	int status;         /* the same piece's, with its detail */
	char *detail;
};

enum collector_trouble { TROUBLE_NONE, TROUBLE_WAITING, TROUBLE_HELD };

struct collector {
	struct postman *postman;
	struct buf url;
	struct buf name; /* for logs */
	struct slowstart pace;
	struct bucket ramp;
	uint64_t in_round; /* requests of the pace's round on the wire */
	uint64_t last_good_us;
	uint64_t held_us; /* last moment it was found to refuse everything */
	uint32_t refused_in_row;
	enum collector_trouble trouble;
	char sentence[COLLECTOR_SENTENCE]; /* why, as last seen */
	int cause;                         /* its collector_cause_key */
	struct list suspects;
	bool asking; /* a batch known to be good is on its way to it */
	uint64_t asked_round;
};

struct postman {
	struct loop *loop;
	struct http_client *http;
	struct postman_opts opts;
	struct postman_events events;
	struct turn_hook *hook;
	struct timer *timer;
	struct timer *budget; /* of a flush */
	struct collector *collectors;
	size_t ncollectors;
	size_t turn; /* the collector that is asked first, in turns */
	struct list letters;
	struct list ready, resting, wire;
	struct bucket rate;
	uint64_t good, bad; /* answers, to tell a failing batch from a failing collector */
	uint64_t random;
	bool stirred; /* something happened since the pump ran */
	bool pumping;
	bool wants_room; /* a letter of wanted_bytes was refused */
	size_t wanted_bytes;
	enum postman_state told;
	int told_cause;
	struct log_gate cause_gate; /* of changes of the cause alone */
	void (*flushed)(void *arg);
	void *flushed_arg;
	struct postman_stats stats;
};

/* postman_letter.c */
struct letter *letter_take(struct postman *p, const struct postman_letter *is);
void letter_free(struct letter *l);
/* PIECE is delivered, or given up: nothing of it remains. May report the letter and free it. */
void piece_delivered(struct piece *piece);
void piece_dropped(struct piece *piece);
/* Notes what a collector said against PIECE, for the report in case that it becomes poison. */
void piece_blame(struct piece *piece, int status, const char *said);
void piece_poison(struct piece *piece, const char *cause);
/* To be sent again, now or after REST_US; dropped when its owner wants it back. */
void piece_again(struct piece *piece, uint64_t rest_us);
/* In two, each to be sent. E_TOO_LARGE when it is a single span, E_NOMEM. */
int piece_split(struct piece *piece) MUST_USE;
/* The bytes to post. */
int piece_bytes(struct piece *piece, struct slice *bytes) MUST_USE;

/* postman_headers.c: the header lines of one request; they borrow from it. */
struct piece_headers {
	const char *lines[4]; /* NULL-terminated */
	char id[POSTMAN_ID_MAX + 64];
	char received[64];
};
void piece_headers(const struct piece *piece, struct piece_headers *to);

/* postman_answer.c */
void postman_on_answer(void *piece, const struct http_answer *a);
void postman_on_asked(void *collector, const struct http_answer *a);

/* postman_pump.c */
void postman_pump(void *postman);
/* 0, or why a letter of BYTES is not taken now. */
int postman_refusal(const struct postman *p, size_t bytes);
/* Posts a batch that every collector takes, to learn whether C takes any. */
int postman_ask(struct collector *c) MUST_USE;

/* Something happened: the pump runs before the loop waits, or at once in the next turn if it has run
 * in this one already. */
static inline void postman_stir(struct postman *p)
{
	if (!p->stirred && !p->pumping)
		timer_start(p->timer, 0);
	p->stirred = true;
}

#endif
