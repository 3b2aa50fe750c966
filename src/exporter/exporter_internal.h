/* SPDX-License-Identifier: Apache-2.0 */
/* exporter_internal.h — private structs of the exporter: items, the parts and groups in which they wait, the
 * requests that carry them, and the collectors. */
#ifndef EXPORTER_INTERNAL_H
#define EXPORTER_INTERNAL_H

#include "http/addresses.h"
#include "policy/backoff.h"
#include "policy/token_bucket.h"
#include "exporter/collector_cause.h"
#include "exporter/exporter.h"
#include "base/list.h"
#include "base/log.h"
#include "base/pool.h"
#include "policy/post_budget.h"
#include "policy/replay_pace.h"
#include "policy/slowstart.h"

struct collector;
struct destination;
struct group;
struct item;
struct request;

/* The spans of one item that are sent in one request: all of them, or a range when the item is cut. */
struct part {
	struct list link; /* of its group's parts, or of its request's */
	struct item *item;
	struct group *group;   /* the group in which the part waits; NULL: the part is in a request */
	uint32_t first, count; /* spans */
	bool maybe_stored;     /* a collector may have stored these spans from an earlier request */
	uint32_t losses;       /* requests with these spans that were lost, see confirm_post.attempts */
};

struct item {
	struct list link; /* in exporter.items, oldest first */
	struct exporter *exporter;
	struct exporter_item is;
	struct part whole;   /* the first part; embedded, not allocated */
	uint64_t arrived_us; /* monotonic */
	uint32_t parts;      /* number of parts without an outcome */
	bool maybe_sent;     /* a part was delivered, or may be stored without an answer */
	bool give_back;      /* the owner reclaims it: a part that fails is dropped instead of sent again */
	bool dropped;        /* a part was dropped */
	uint32_t losses;     /* of the dropped part that was lost least often */
	const char *refused; /* cause of the first refused part; NULL: no part was refused */
	int status;          /* HTTP status of that refusal; DETAIL is its text */
	char *detail;
};

/* Waiting whole items with byte-identical processes. They may be joined into one request. */
struct group {
	struct list chain;     /* in exporter.buckets */
	struct list link;      /* in exporter.full or exporter.partial */
	struct list parts;     /* oldest first, never empty */
	uint64_t hash;         /* of the process */
	uint64_t spans, bytes; /* in parts */
	bool marked;           /* part_is_marked() of every part */
	bool is_full;          /* the parts fill a POST */
};

/* One POST: parts whose items have the same process, oldest first.
 *
 *   READY ──sent──► ON_WIRE ──2xx──► UNCONFIRMED ──stored, or no counters to tell──► delivered
 *     ▲  ▲             │                 └──lost, or the collector restarted──► READY
 *     │  │             ├──"try again", a second time──► RESTING ──time──► READY, or given back (failing.c)
 *     │  └─────────────┤
 *     │                ├──refused or too large, several parts──► two requests, READY
 *     │                ├──too large, one part──► two parts and requests, READY; one span ──► refused
 *     │                └──one part refused, nothing else accepted──► AWAITING PROBE ──► READY or refused
 *     └── one part: sent once more after the first refusal */
struct request {
	/* In ready, resting or wire of the exporter, or in awaiting_probe or unconfirmed of its destination. */
	struct list link;
	struct exporter *exporter;
	struct destination *at; /* the destination that it was last sent to */
	struct list parts;
	uint32_t nparts, spans;
	struct confirm_post post;
	struct slice *body_parts; /* body of several parts, while the request is on the wire */
	struct buf cut;           /* body of a part of an item, while the request is on the wire */
	uint8_t list_header[INSPECT_JOIN_LIST];
	uint64_t round; /* slowstart.round of the destination when the request was sent */
	uint32_t refusals;
	uint64_t first_refused_us;
	const char *cause;                /* one word for the last refusal */
	int status;                       /* HTTP status of the last failure */
	char *detail;                     /* text of the last failure; NULL: none, or memory ran out */
	uint32_t failures;                /* answers of class RESPONSE_RETRY */
	uint32_t confirmed;               /* see failure_history; also of the request that this was cut from */
	uint64_t failing_us;              /* when the first of these came; 0: none did */
	uint64_t good_before, bad_before; /* GOOD and BAD of the exporter at that time */
	uint64_t good_last;               /* GOOD of the exporter at the last one */
	uint64_t retry_at_us;
};

enum destination_fault { FAULT_NONE, FAULT_WAITING, FAULT_BLOCKED };

/* One of opts.urls. It has one destination, or one for each address of its name: see collector.c. */
struct collector {
	struct exporter *exporter;
	struct buf url;                 /* of the POSTs */
	struct buf name;                /* for logs */
	const char *metrics_url;        /* NULL: the default ports are tried */
	struct addresses *addresses;    /* NULL: the URL has an address instead of a name */
	bool has_several;               /* a lookup found several addresses: each is a destination */
	uint64_t turned_us;             /* when the other family of its addresses was tried last */
	bool incomplete;                /* memory ran out when a destination was added */
	struct log_limit changes_limit; /* of changes of its addresses */
};

struct destination {
	struct exporter *exporter;
	struct collector *of;
	struct buf address; /* to connect to; empty: curl resolves the host of the URL */
	struct buf name;    /* for logs: the name of the collector, and the address */
	bool leaving;       /* the name no longer has this address: no request is sent to it */
	uint64_t left_us;   /* when LEAVING was last changed */
	struct confirmer *confirmer;
	enum confirmer_state confirmer_state; /* at the last change */
	struct slowstart slowstart;
	struct token_bucket ramp;
	uint64_t in_round; /* requests of the current slowstart.round on the wire */
	uint64_t last_good_us;
	uint64_t blocked_us; /* when it last refused everything */
	uint32_t refused_in_row;
	uint32_t joined_refused;  /* joined POSTs refused since the last one was accepted */
	uint64_t single_until_us; /* batches are not joined until then */
	bool closes;              /* the last answer came over a new connection, not a kept-alive one */
	enum destination_fault fault;
	char sentence[COLLECTOR_SENTENCE]; /* why it failed last, for an operator */
	int cause;                         /* collector_cause_key of that failure */
	bool no_connection;                /* it was HTTP_NO_CONNECTION */
	struct list awaiting_probe;
	struct list unconfirmed;
	bool probing; /* a probe is on the wire */
	uint64_t probe_round;
};

enum { EXPORTER_BUCKETS = 1024 /* thousands of processes give short chains */ };

struct exporter {
	struct loop *loop;
	struct http_client *http;
	struct exporter_opts opts;
	struct exporter_events events;
	struct turn_hook *hook;
	struct timer *timer;
	struct timer *flush_timer; /* bounds exporter_flush */
	struct collector *collectors;
	size_t ncollectors;
	struct destination **destinations; /* of all collectors; at least one is not leaving */
	size_t ndestinations;
	size_t nleaving;
	struct confirm_stats
	        freed;           /* confirm_stats of all freed destinations added up, so that the totals never fall */
	size_t next_destination; /* index where destination_pick begins, round-robin */
	bool confirmer_changed;  /* confirmer_state of a destination changed since the last report */
	enum confirmer_state reported_confirmer;
	const struct destination *reported_confirmer_of; /* the destination of that report; compared, never followed */
	struct list items;
	struct pool spare_items;
	struct list buckets[EXPORTER_BUCKETS]; /* groups by hash of the process */
	struct list full, partial;             /* groups, longest waiting first */
	struct list ready, resting, wire;      /* requests */
	struct post_budget posts;
	struct replay_pace replay;
	struct token_bucket rate;
	/* Requests that were accepted, and requests that failed and were not split for it. Their growth tells a batch
	 * that fails from a collector that fails. */
	uint64_t good, bad;
	uint64_t heard_us; /* monotonic; when a collector last answered, or its counters told the fate of a POST */
	uint64_t random;
	bool failed_last;  /* the last request sent was a retry */
	bool failed_again; /* a request failed a second time or more: the share of the failing ones may have grown */
	bool step_wanted;  /* state changed: exporter_step must run */
	bool stepping;
	bool wants_room;             /* an item was refused for lack of room; events.room is due */
	struct exporter_item wanted; /* that item; its pointers are not used */
	enum exporter_state reported_state;
	int reported_cause;
	struct log_limit cause_limit; /* limits reports of a changed cause in the same state */
	void (*flushed)(void *arg);
	void *flushed_arg;
	struct exporter_stats stats;
};

/* True when the request must carry the header spanspool-maybe-dup. */
static inline bool part_is_marked(const struct part *part)
{
	return part->maybe_stored || part->item->is.maybe_dup;
}

/* item.c */
struct item *item_new(struct exporter *e, const struct exporter_item *is, uint64_t now_us);
/* Frees I without a report. Its parts must not be in a group or request. */
void item_free(struct item *i);
/* Ends PART as delivered, and frees it. The last part of an item reports the item and frees it. */
void part_delivered(struct part *part);
/* Ends PART as given back to the owner, likewise. */
void part_dropped(struct part *part);
/* Ends PART as refused, likewise. CAUSE, STATUS and DETAIL (may be NULL) go into the report of the item. */
void part_refused(struct part *part, const char *cause, int status, const char *detail);

/* group.c */
int group_add(struct exporter *e, struct part *part) MUST_USE;
/* Removes PART from its group. A group without parts is freed. */
void group_remove(struct part *part);
/* Makes a request of the parts of G that fit into one POST to D, at least the first part. NULL: no memory. */
struct request *group_make_request(struct group *g, struct destination *d);

/* request.c */
struct request *request_new(struct exporter *e);
void request_add(struct request *r, struct part *part);
/* Frees R and its parts without a report. */
void request_free(struct request *r);
/* Frees all requests of the list, likewise. */
void requests_free(struct list *of);
void request_delivered(struct request *r);
/* Sets status and detail of R for the report of a refusal. */
void request_set_detail(struct request *r, int status, const char *said);
void request_refused(struct request *r, const char *cause);
/* Queues R to be sent again, now or after REST_US. Parts that the owner reclaims are dropped. */
void request_retry(struct request *r, uint64_t rest_us);
/* Counts one more loss of the spans of R if the policy has counted one for its POST. */
void request_count_loss(struct request *r);
/* Splits R into two requests and queues both. E_INDIVISIBLE: R has a single span. E_NOMEM. */
int request_split(struct request *r) MUST_USE;
/* Drops the parts that the owner reclaims. True: no part was left, and R was freed. */
bool request_give_back(struct request *r);
/* A collector may have stored the parts of R without a 2xx: later requests with them carry spanspool-maybe-dup, and an
 * item that its owner reclaims is reported as EXPORTER_MAYBE_SENT. */
void request_mark_maybe_stored(struct request *r);
/* Sets the body of TO to that of R, which request_free_body frees after the answer. */
int request_body(struct request *r, struct http_request *to) MUST_USE;
void request_free_body(struct request *r);

/* failing.c: gives back what exceeds opts.failing_bytes. */
void exporter_give_back_failing(struct exporter *e);

/* headers.c: the header lines of one request; they borrow from it. */
enum {
	HEADER_IDS_MAX = 4096 /* bytes; half of the strictest line limit among common proxies */
};
struct request_headers {
	const char *lines[4]; /* NULL-terminated */
	char ids[HEADER_IDS_MAX + EXPORTER_ID_MAX + 64];
	char received[64];
};
void request_headers(const struct request *r, struct request_headers *to);
/* Most bytes of the id of PART in the header. */
size_t header_id_len(const struct part *part);

/* answer.c */
void exporter_on_answer(void *request, const struct http_answer *a);
void exporter_on_probe_answer(void *destination, const struct http_answer *a);
void exporter_on_verdict(void *destination, struct confirm_post *p, enum confirm_verdict v);

/* collector.c */
int collectors_open(struct exporter *e, struct why *why) MUST_USE;
/* Frees the collectors and all destinations. */
void collectors_free(struct exporter *e);
/* Frees destinations that have left, and adds those for which memory ran out. Lowers WAKE to the time of the next
 * call. */
void collectors_tidy(struct exporter *e, uint64_t now, uint64_t *wake);

/* destination.c */
/* ADDRESS NULL: curl resolves the host of the URL. */
int destination_open(struct destination **out, struct collector *of, const char *address, struct why *why) MUST_USE;
/* Frees D and its requests without a report. No request of D may be on the wire. D may be NULL. */
void destination_free(struct destination *d);
/* Queues the unconfirmed requests of D to be sent again, marked, or gives them back. Returns their spans. */
uint64_t destination_withdraw(struct destination *d);
/* Calls events.confirmer when the worst state of the confirmers has changed. */
void destinations_report_confirmer(struct exporter *e);
/* Records that D answered a request of ROUND and works, whether it accepted the batch or not. */
void destination_answered(struct destination *d, uint64_t round);
void destination_failed(
        struct destination *d, uint64_t round, enum destination_fault fault, const struct http_answer *a);
/* Pauses D as after a failure: its counters show that it answers 2xx and stores nothing. */
void destination_cannot_store(struct destination *d, uint64_t round);
/* The destination with the fewest requests that may be sent SPANS now; BUT only when no other may. NULL: none, and
 * WAKE is lowered to the time when that may change. */
struct destination *destination_pick(
        struct exporter *e, uint32_t spans, const struct destination *but, uint64_t now, uint64_t *wake);
/* Why the name of D could not be looked up last; "" when it could, or has not been yet. */
const char *destination_name_error(const struct destination *d);
/* Why D is sent nothing, for an operator; NULL when it works. */
const char *destination_fault(const struct destination *d);
const struct destination *destination_worst(const struct exporter *e);
uint64_t exporter_random(struct exporter *e);

/* send.c */
void exporter_step(void *exporter);
/* True when ITEM must keep the pace of replay_pace.h: opts.pace_blind is set, the time when ITEM was produced is known, and
 * no collector's counters can be read although they were looked for (not CONFIRMER_OFF). */
bool exporter_paces(const struct exporter *e, const struct exporter_item *item);
/* 0, E_FULL or E_DOWN. WAKE is lowered to the time when ITEM may be accepted without any other event. */
int exporter_refusal(struct exporter *e, const struct exporter_item *item, uint64_t now, uint64_t *wake);
/* Posts a valid batch without spans to D, to learn whether D accepts any batch. */
int exporter_send_probe(struct destination *d) MUST_USE;

/* Makes exporter_step run before the loop waits, or in the next loop iteration when it has already run in this one. */
static inline void exporter_wake(struct exporter *e)
{
	if (!e->step_wanted && !e->stepping)
		timer_start(e->timer, 0);
	e->step_wanted = true;
}

#endif
