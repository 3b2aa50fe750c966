/* SPDX-License-Identifier: Apache-2.0 */
/* Sends batches to collectors by HTTP. Each batch is reported as delivered, refused, or given back. */
#ifndef EXPORTER_EXPORTER_H
#define EXPORTER_EXPORTER_H

#include "exporter/confirmer.h"
#include "http/client.h"
#include "policy/failing.h"
#include "span/inspect.h"
#include "telemetry/metrics.h"

/* Used by the agent without Kafka and by the drain. Waiting batches of one process are joined into one POST. A refused
 * POST is halved until the bad batch is alone. Failed POSTs are retried without end. Each collector has a breaker. A
 * batch counts as delivered when the collector has stored it or, when its counters cannot be read (confirmer.h), when
 * it answered 2xx.
 *
 * Each POST carries the headers
 *	spanspool-id        the ids of its batches, separated by ", "; of a part of a batch's spans
 *	                    "<id>/<first>-<last>", counted from 0, so that one id always stands for the same spans
 *	spanspool-received  when its first batch was received, as the item says
 *	spanspool-maybe-dup 1, when its spans may have arrived in an earlier POST; such batches are joined only
 *	                    with others of which the same is true */

struct exporter_opts {
	const char *const *urls; /* as operators write them, see endpoint.h; a name with several addresses is as
	                          * many collectors, each with its own window, counters and failure state */
	size_t nurls;
	uint64_t lookup_ms;              /* time between lookups of the addresses of a name; 0 is ADDRESSES_EVERY_MS */
	const char *const *metrics_urls; /* one for each of urls; NULL: default ports, see confirmer.h */
	enum confirmer_mode confirm;
	uint32_t confirm_attempts; /* see confirm_opts.attempts */
	struct http_client_opts client;
	uint64_t connect_ms; /* time-outs of a request */
	uint64_t total_ms;
	uint64_t max_in_flight; /* most POSTs without an answer at once, to all collectors together */
	uint64_t max_bytes;     /* of the items held, EXPORTER_ITEM_COST each beside its value; a larger one is
	                         * taken when it is alone */
	uint64_t failing_bytes; /* most memory of items that fail each time while others are delivered (failing.h). When
	                         * they take more, the items that began to fail last are given back to the owner. 0: no
	                         * item is given back */
	uint64_t max_spans_per_second; /* 0: no limit */
	bool pace_blind; /* while a collector's counters cannot be read, its backlog is sent at the pace of replay_pace.h;
	                  * CONFIRMER_OFF switches this off, since it reads no counters on purpose */
	uint32_t post_spans;    /* most in one POST, a batch with more is cut; 0 is 500 */
	uint64_t post_bytes;    /* batches are joined up to this many; 0 is 1 MiB */
	uint64_t wait_ms;       /* longest that a batch waits for others to be joined with; 0 is 40 ms */
	uint64_t more_wait_ms;  /* the same while events.more is true; 0 is 500 ms */
	bool gzip;              /* bodies are compressed */
	bool bare;              /* requests carry none of the spanspool- headers */
	uint64_t retry_base_ms; /* longest first pause; 0 is 250 ms */
	uint64_t retry_cap_ms;  /* longest pause; 0 is 30 s. Shorter after a refused connection or an answer */
};

enum {
	EXPORTER_ID_MAX = 512,    /* bytes of an id: longest host name, boot and sequence, with room to spare */
	EXPORTER_ITEM_COST = 512, /* bytes of memory for an item beside its value */
};

struct exporter_item {
	struct slice value;         /* a Batch that exporter_check accepted; borrowed until done */
	struct inspect_facts facts; /* as exporter_check found them */
	struct slice id;            /* at most EXPORTER_ID_MAX bytes of a header; empty: none */
	struct slice received;      /* decimal milliseconds since 1970, at most 20; empty: none */
	uint64_t produced_ms;       /* when its spans were received, since 1970; 0 unknown: now */
	bool maybe_dup;             /* a collector may have it from an earlier attempt */
	uint32_t losses;            /* exporter_report.losses of the earlier attempt; 0: none */
	void *token;
};

enum exporter_outcome {
	EXPORTER_DELIVERED,  /* stored, or answered 2xx by a collector whose store cannot be seen */
	EXPORTER_NOT_SENT,   /* given back; no collector has any of its spans */
	EXPORTER_MAYBE_SENT, /* given back; a collector may have some of its spans */
	EXPORTER_REFUSED,    /* no collector accepts it */
};

/* Causes of EXPORTER_REFUSED beside those of response_cause. */
extern const char exporter_unconfirmed[]; /* lost confirm_attempts times by a collector that others flood */

struct exporter_report {
	void *token;
	enum exporter_outcome outcome;
	uint32_t losses; /* of an item that is given back: how often its spans were lost, of confirm_attempts */
	/* Of EXPORTER_REFUSED; false, 0 and "" otherwise. */
	bool too_large;     /* the collector refused the batch for its size */
	int status;         /* HTTP status of the answer that refused it; 0: none did */
	const char *cause;  /* one word: of response_cause, or exporter_unconfirmed */
	const char *detail; /* one sentence, at most 1 KiB, borrowed for the call */
};

enum exporter_state {
	EXPORTER_SENDING,  /* every collector accepts POSTs */
	EXPORTER_DEGRADED, /* some collectors accept POSTs; the others are tried again after pauses */
	EXPORTER_WAITING, /* no collector accepts POSTs; each is tried again after a pause, and no operator is needed */
	EXPORTER_BLOCKED, /* no collector accepts POSTs, and one needs a change by an operator; it is tried now and then */
};

struct exporter_events {
	/* Called once for each accepted item, never from inside exporter_send. The exporter no longer uses the item. */
	void (*done)(void *arg, const struct exporter_report *report);
	/* Called after E_FULL, E_DOWN or E_NOMEM when exporter_send may succeed. */
	void (*room)(void *arg);
	/* True while the owner has further items at hand: POSTs that are not full wait for them, at most
	 * opts.more_wait_ms. May be NULL. */
	bool (*more)(void *arg);
	/* SPANS of the item go out once more although they may have arrived; FIRST: its first are among
	 * them. Called as the request is handed to the network. May be NULL. */
	void (*sent_again)(void *arg, uint32_t spans, bool first);
	/* At each change of state or cause, with a sentence that names the collector, what it said and what to
	 * do; of a cause alone at most every ten seconds. SENDING: with the address alone. May be NULL. */
	void (*changed)(void *arg, enum exporter_state state, const char *sentence);
	/* SIGHT, whether the collectors' counters can be read, has changed; SENTENCE says why. STOPPED: none is sent
	 * anything; BLIND: the counters of one, which SENTENCE names, cannot be read; SEEING: all can. May be NULL. */
	void (*confirmer)(void *arg, enum confirmer_state state, const char *sentence);
	void *arg;
};

struct exporter_stats {
	uint64_t items;          /* items without a report */
	uint64_t bytes;          /* of these items, EXPORTER_ITEM_COST each included */
	uint64_t in_flight;      /* requests on the wire */
	uint64_t unconfirmed;    /* spans answered 2xx whose storing is not confirmed yet */
	uint64_t posts;          /* ever sent, retries included */
	uint64_t posted_batches; /* batches and parts of batches in these */
	uint64_t retries;        /* of the posts: sent again */
	uint64_t sent_again;     /* spans sent once more although they may have arrived */
	uint64_t given_back;     /* items given back because of opts.failing_bytes */
	uint64_t splits;         /* posts halved, because they were too large or refused */
	uint64_t unreachable;    /* requests that got no answer */
	uint64_t misconfigured;  /* requests that failed by URL, TLS or name */
	uint64_t by_status[600]; /* answers by HTTP status */
	struct histogram took;   /* until the answer */
	/* Of all collectors together, spans: */
	uint64_t confirmed, lost, resent, given_up; /* see confirm_stats */
	uint64_t window;                            /* may be unconfirmed at once; 0 where the store cannot be seen */
};

struct exporter;

/* Checks VALUE before it is put into an item: it must be a Batch that Jaeger's decoders take, with a service
 * name that does not wedge a collector. 0, or E_MALFORMED: CAUSE becomes a word, WHY a sentence. */
int exporter_check(struct slice value, struct inspect_facts *facts, const char **cause, struct why *why) MUST_USE;

/* E_USAGE names the address that is none. The collectors need not be there. */
int exporter_open(struct exporter **out, struct loop *l, const struct exporter_opts *opts,
        const struct exporter_events *events, struct why *why) MUST_USE;

/* The result that exporter_send would have for ITEM. It looks only at the number of spans, the length and
 * produced_ms; room() comes likewise. To be asked before exporter_check, which costs more. */
int exporter_room(struct exporter *e, const struct exporter_item *item) MUST_USE;

/* 0: the report comes. E_FULL: no room now, or a backlog that is sent to a store that cannot be seen is ahead of
 * its pace. E_DOWN: no collector takes anything now. E_NOMEM. After any of these room() comes, and no
 * report does. */
int exporter_send(struct exporter *e, const struct exporter_item *item) MUST_USE;

/* Gives back every item. Items that are neither on the wire nor unconfirmed are reported before it returns; the others
 * with their answer or verdict, instead of being sent again. */
void exporter_purge(struct exporter *e);
/* Gives back, likewise, the items for whose token WHICH is true. */
void exporter_recall(struct exporter *e, bool (*which)(void *arg, void *token), void *arg);

/* Keeps sending for at most BUDGET_MS, then cancels the requests on the wire and gives back all remaining items. Calls
 * FLUSHED when no item is left, never from inside this call. */
void exporter_flush(struct exporter *e, uint64_t budget_ms, void (*flushed)(void *arg), void *arg);

/* Why a collector does not accept spans, the worst cause of all collectors; NULL while every collector does. */
const char *exporter_fault(const struct exporter *e);

/* One collector, or one address of a collector's name that has several, for pages. */
struct exporter_destination {
	const char *name;       /* "http://h:14268", or "http://h:14268 at 10.0.0.7:14268" */
	const char *address;    /* "10.0.0.7:14268", "" where the name has one only */
	bool leaving;           /* the name no longer has this address; requests to it are in flight or unconfirmed */
	const char *fault;      /* why it is sent nothing; "" when it works */
	const char *name_error; /* why the addresses of its name could not be looked up last; "" when they could */
	const char *store;      /* a sentence: whether its counters confirm deliveries */
	enum confirmer_state confirmer_state;
	struct confirmer_stats confirmed;
};
void exporter_each(const struct exporter *e, void (*each)(void *arg, const struct exporter_destination *d), void *arg);

/* Of the items that fail each time while others are delivered. */
struct exporter_failing {
	struct failing_load load;
	/* Of the one that has failed longest; NULL where there is none: */
	void *token;
	const char *detail; /* its last answer; borrowed until the loop's next turn */
};
void exporter_failing(const struct exporter *e, struct exporter_failing *to);

enum exporter_state exporter_state(const struct exporter *e);
/* How long items have been held while no collector answered and no delivery was confirmed. 0: no item is held. */
uint64_t exporter_silence_us(const struct exporter *e);
/* True when the pause of a collector that failed is over: it gets a POST, or has one that shows whether it works. */
bool exporter_probes(const struct exporter *e);
const struct exporter_stats *exporter_stats(struct exporter *e);

/* Frees E; remaining items get no report. Must not be called from inside events.done. E may be NULL. */
void exporter_free(struct exporter *e);

#endif
