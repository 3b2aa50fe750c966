/* SPDX-License-Identifier: Apache-2.0 */
/* exporter_internal.h — the exporter's inside: items, the parts and groups in which they wait, the requests that
 * carry them, and the collectors. */
#ifndef EXPORTER_INTERNAL_H
#define EXPORTER_INTERNAL_H

#include "http/addresses.h"
#include "policy/backoff.h"
#include "policy/token_bucket.h"
#include "exporter/collector_cause.h"
#include "exporter/exporter.h"
#include "base/list.h"
#include "base/log.h"
#include "policy/post_budget.h"
#include "policy/replay_pace.h"
#include "policy/slowstart.h"

struct collector;
struct destination;
struct group;
struct item;
struct request;

/* Spans of one item that travel together: all of them, or a range where the item is cut. */
struct part {
	struct list link; /* of its group's parts, or of its request's */
	struct item *item;
	struct group *group;   /* in which it waits; NULL: it is in a request */
	uint32_t first, count; /* spans */
	bool maybe_stored;     /* an earlier request of ours with these spans may have arrived */
};

struct item {
	struct list link; /* of the exporter's items, in the order they came */
	struct exporter *exporter;
	struct exporter_item is;
	struct part whole;   /* the first part; it has no memory of its own */
	uint64_t came_us;    /* monotonic */
	uint32_t parts;      /* neither delivered, refused, nor dropped */
	bool maybe_sent;     /* some of it may have arrived unacknowledged, or has been delivered */
	bool give_back;      /* its owner wants it: what fails is dropped, not sent again */
	bool dropped;        /* a part was */
	const char *refused; /* the cause of the first refused part, which stands for all; NULL: none is */
	int status;          /* the same part's, with its detail */
	char *detail;
};

/* Whole items of one process, byte for byte, that wait for a request: they may share it. */
struct group {
	struct list chain;     /* of the exporter's buckets */
	struct list link;      /* of full or partial */
	struct list parts;     /* oldest first, never none */
	uint64_t hash;         /* of the process */
	uint64_t spans, bytes; /* in parts */
	bool marked;           /* all parts are, or none is */
	bool is_full;          /* it fills a POST */
};

/* One POST: parts whose items have the same process, in the order they came.
 *
 *   READY ──sent──► ON_WIRE ──2xx──► UNCONFIRMED ──stored, or that cannot be seen──► delivered
 *     ▲  ▲             │                 └──lost, or the collector restarted──► READY
 *     │  │             ├──"try again", a second time──► RESTING ──time──► READY
 *     │  └─────────────┤
 *     │                ├──refused or too large, several parts──► two requests, READY
 *     │                ├──too large, one part──► two parts and requests, READY; one span ──► refused
 *     │                └──one part refused, nothing else passed──► SUSPECT ──asked──► READY or refused
 *     └── one part: once more after the first refusal                                               */
struct request {
	struct list link; /* of ready, resting, wire, or its collector's suspects or unconfirmed */
	struct exporter *exporter;
	struct destination *at; /* which has it, or had it last */
	struct list parts;
	uint32_t nparts, spans;
	struct confirm_post post;
	struct slice *pieces; /* of the body while it is on the wire, when it has several parts */
	struct buf cut;       /* the body while it is on the wire, when its part is not a whole item */
	uint8_t list_header[INSPECT_JOIN_LIST];
	uint64_t round; /* of the collector, when it was sent */
	uint32_t refusals;
	uint64_t first_refused_us;
	const char *cause;            /* the word for its last refusal */
	int status;                   /* what was last said against it */
	char *detail;                 /* the same in words; NULL: nothing, or memory ran out */
	uint32_t failures;            /* answers that said "try again" */
	uint64_t failing_us;          /* moment of the first of these */
	uint64_t good_then, bad_then; /* the exporter's counts at that moment */
	uint64_t rests_until_us;
};

enum destination_trouble { TROUBLE_NONE, TROUBLE_WAITING, TROUBLE_BLOCKED };

/* One of opts.urls. Behind its name is one destination, or one for each of its addresses: see collector.c. */
struct collector {
	struct exporter *exporter;
	struct buf url;                 /* of the POSTs */
	struct buf name;                /* for logs */
	const char *metrics_url;        /* NULL: looked for */
	struct addresses *addresses;    /* NULL: the URL has an address instead of a name */
	bool has_several;               /* addresses were found: each is a destination */
	bool incomplete;                /* memory ran out for one of them */
	struct log_limit changes_limit; /* of changes of its addresses */
};

struct destination {
	struct exporter *exporter;
	struct collector *of;
	struct buf address; /* to connect to; empty: where the URL leads */
	struct buf name;    /* for logs: the collector's, with the address */
	bool leaving;       /* its address is no longer one of the name: it is sent nothing */
	uint64_t left_us;   /* since when */
	struct confirmer *confirmer;
	enum confirmer_sight sight; /* as last told */
	struct slowstart pace;
	struct token_bucket ramp;
	uint64_t in_round; /* requests of the pace's round on the wire */
	uint64_t last_good_us;
	uint64_t blocked_us; /* last moment it was found to refuse everything */
	uint32_t refused_in_row;
	uint32_t joined_refused;  /* joined POSTs refused since one passed */
	uint64_t single_until_us; /* until then nothing is joined for it */
	bool closes;              /* its last answer came over a connection made for it */
	enum destination_trouble trouble;
	char sentence[COLLECTOR_SENTENCE]; /* why, as last seen */
	int cause;                         /* its collector_cause_key */
	struct list suspects;
	struct list unconfirmed;
	bool asking; /* a batch known to be good is on its way to it */
	uint64_t asked_round;
};

enum { EXPORTER_BUCKETS = 1024 /* a topic has thousands of processes; chains stay short */ };

struct exporter {
	struct loop *loop;
	struct http_client *http;
	struct exporter_opts opts;
	struct exporter_events events;
	struct turn_hook *hook;
	struct timer *timer;
	struct timer *budget; /* of a flush */
	struct collector *collectors;
	size_t ncollectors;
	struct destination **destinations; /* of all collectors; never all of them are leaving */
	size_t ndestinations;
	size_t nleaving;
	struct confirm_stats left; /* of destinations that have left, summed */
	size_t turn;               /* the destination that is asked first, in turns */
	bool sight_moved;          /* of some destination, since it was last told */
	enum confirmer_sight sight_told;
	const struct destination *sight_of; /* whose sentence was told with it; only compared */
	struct list items;
	struct list buckets[EXPORTER_BUCKETS]; /* groups by hash */
	struct list full, partial;             /* groups, those that wait longest first */
	struct list ready, resting, wire;      /* requests */
	struct post_budget posts;
	struct replay_pace replay;
	struct token_bucket rate;
	uint64_t good, bad; /* answers, to tell a failing batch from a failing collector */
	uint64_t random;
	bool failed_last; /* the last request that went out had failed before */
	bool stirred;     /* something happened since exporter_step ran */
	bool stepping;
	bool wants_room;             /* an item was refused: */
	struct exporter_item wanted; /* of which only the numbers are looked at */
	enum exporter_state told;
	int told_cause;
	struct log_limit cause_limit; /* of changes of the cause alone */
	void (*flushed)(void *arg);
	void *flushed_arg;
	struct exporter_stats stats;
};

/* Its request tells that its spans may have arrived before. */
static inline bool part_is_marked(const struct part *part)
{
	return part->maybe_stored || part->item->is.maybe_dup;
}

/* item.c */
struct item *item_take(struct exporter *e, const struct exporter_item *is);
/* Without a report, and without looking after its parts' groups and requests. */
void item_free(struct item *i);
/* PART is delivered, or given back: nothing of it remains. May report the item and free it. */
void part_delivered(struct part *part);
void part_dropped(struct part *part);
/* No collector takes it: CAUSE, STATUS and DETAIL (may be NULL) go into the item's report. */
void part_refused(struct part *part, const char *cause, int status, const char *detail);

/* group.c */
int group_add(struct exporter *e, struct part *part) MUST_USE;
/* PART leaves its group, which ends with its last part. */
void group_leave(struct part *part);
/* The parts of G that fit into one POST to D, as a request; at least the first. NULL: no memory. */
struct request *group_take(struct group *g, struct destination *d);

/* request.c */
struct request *request_new(struct exporter *e);
void request_add(struct request *r, struct part *part);
/* With its parts, which nobody hears of. */
void request_free(struct request *r);
/* All requests of the list. */
void requests_free(struct list *of);
void request_delivered(struct request *r);
/* Notes the collector's words against R, for the report in case that it is refused. */
void request_blame(struct request *r, int status, const char *said);
void request_refused(struct request *r, const char *cause);
/* To be sent again, now or after REST_US, without the parts whose owner wants them back. */
void request_again(struct request *r, uint64_t rest_us);
/* In two, each to be sent. E_TOO_LARGE when it is a single span, E_NOMEM. */
int request_split(struct request *r) MUST_USE;
/* Parts whose owner wants them back are dropped; true: R had no other, and is gone. */
bool request_give_back(struct request *r);
/* Every later request with R's spans carries the mark, and R's owners are told if they get them back. */
void request_doubt(struct request *r);
/* The body. Valid until request_off_wire. */
int request_body(struct request *r, struct http_request *to) MUST_USE;
void request_off_wire(struct request *r);

/* headers.c: the header lines of one request; they borrow from it. */
enum {
	HEADER_IDS_MAX = 4096 /* bytes; half of what the strictest of common proxies takes in a line */
};
struct request_headers {
	const char *lines[4]; /* NULL-terminated */
	char ids[HEADER_IDS_MAX + EXPORTER_ID_MAX + 64];
	char received[64];
};
void request_headers(const struct request *r, struct request_headers *to);
/* Bytes that PART's id takes in the header. */
size_t header_id_len(const struct part *part);

/* answer.c */
void exporter_on_answer(void *request, const struct http_answer *a);
void exporter_on_asked(void *destination, const struct http_answer *a);
void exporter_on_verdict(void *destination, struct confirm_post *p, enum confirm_verdict v);

/* collector.c */
int collectors_open(struct exporter *e, struct why *why) MUST_USE;
/* With all destinations. */
void collectors_free(struct exporter *e);
/* Ends what has left, and joins what could not be joined; WAKE is lowered to when more is to be done. */
void collectors_tidy(struct exporter *e, uint64_t now, uint64_t *wake);

/* destination.c */
/* ADDRESS NULL: where the collector's URL leads. */
int destination_open(struct destination **out, struct collector *of, const char *address, struct why *why) MUST_USE;
/* With its requests, which nobody hears of; nothing of it may be on the wire. NULL is fine. */
void destination_free(struct destination *d);
/* What is unconfirmed is not waited for: it is sent again, marked, or given back. Returns the spans. */
uint64_t destination_withdraw(struct destination *d);
/* Tells the owner whether the stores can be seen, when that has changed. */
void destinations_tell_sight(struct exporter *e);
/* D answered a request of ROUND, so it works, whatever the answer says of the batch. */
void destination_answers(struct destination *d, uint64_t round);
void destination_fails(
        struct destination *d, uint64_t round, enum destination_trouble trouble, const struct http_answer *a);
/* The confirmer says that D answers 2xx and stores nothing: D is paused like one that fails. */
void destination_cannot_store(struct destination *d, uint64_t round);
/* The one with the least to do that may be sent SPANS now, BUT last of all; NULL: none, and WAKE is lowered to
 * when that may change. */
struct destination *destination_pick(
        struct exporter *e, uint32_t spans, const struct destination *but, uint64_t now, uint64_t *wake);
/* Why D takes nothing; NULL: it does. */
const char *destination_trouble(const struct destination *d);
const struct destination *destination_worst(const struct exporter *e);
uint64_t exporter_random(struct exporter *e);

/* send.c */
void exporter_step(void *exporter);
/* ITEM may be part of a backlog that is sent to stores which cannot be seen: it keeps the pace of replay_pace.h. */
bool exporter_paces(const struct exporter *e, const struct exporter_item *item);
/* 0, or why ITEM is not taken now; WAKE is lowered to when that may change by itself. */
int exporter_refusal(struct exporter *e, const struct exporter_item *item, uint64_t *wake);
/* Posts a batch that every collector takes, to learn whether D takes any. */
int exporter_ask(struct destination *d) MUST_USE;

/* Something happened: exporter_step runs before the loop waits, or at once in the next turn if it has run
 * in this one already. */
static inline void exporter_stir(struct exporter *e)
{
	if (!e->stirred && !e->stepping)
		timer_start(e->timer, 0);
	e->stirred = true;
}

#endif
