/* SPDX-License-Identifier: Apache-2.0 */
/* Carries batches to collectors by HTTP; each ends delivered, refused, or given back. */
#ifndef EXPORTER_EXPORTER_H
#define EXPORTER_EXPORTER_H

#include "exporter/confirmer.h"
#include "http/client.h"
#include "span/inspect.h"
#include "telemetry/metrics.h"

/* The agent without Kafka and the drain share it: batches of one process that wait are joined into one POST,
 * refused POSTs are halved until the batch that is refused stands alone, retries never end, each collector
 * has a breaker, and a batch counts as delivered when the collector has stored it, as far as that can be
 * seen (confirmer.h).
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
	uint64_t lookup_ms;              /* so often are a name's addresses looked up; 0 is ADDRESSES_EVERY_MS */
	const char *const *metrics_urls; /* one for each of urls, or NULL: looked for; see confirmer.h */
	enum confirmer_mode confirm;
	uint32_t confirm_attempts; /* see confirm_opts.attempts */
	struct http_client_opts client;
	uint64_t connect_ms; /* time-outs of a request */
	uint64_t total_ms;
	uint64_t max_in_flight;        /* most POSTs without an answer at once, to all collectors together */
	uint64_t max_bytes;            /* of the items held, EXPORTER_ITEM_COST each beside its value; a larger one is
	                         * taken when it is alone */
	uint64_t max_spans_per_second; /* 0: no limit */
	bool pace_blind;               /* while no store can be seen a backlog leaves at the pace of replay_pace.h */
	uint32_t post_spans;           /* most in one POST, a batch with more is cut; 0 is 500 */
	uint64_t post_bytes;           /* batches are joined up to this many; 0 is 1 MiB */
	uint64_t wait_ms;              /* longest that a batch waits for others to be joined with; 0 is 40 ms */
	bool gzip;                     /* bodies are compressed */
	bool bare;                     /* requests carry none of the spanspool- headers */
	uint64_t retry_base_ms;        /* the first pause is up to this long; 0 is 250 ms */
	uint64_t retry_cap_ms;         /* none is longer; 0 is 30 s. Where asking is cheap, none gets so long */
};

enum {
	EXPORTER_ID_MAX = 512,    /* bytes of an id: longest host name, boot and sequence, with room to spare */
	EXPORTER_ITEM_COST = 512, /* bytes of memory for an item beside its value */
};

struct exporter_item {
	struct slice value;         /* a Batch that exporter_check took; borrowed until done */
	struct inspect_facts facts; /* as exporter_check found them */
	struct slice id;            /* at most EXPORTER_ID_MAX bytes of a header; empty: none */
	struct slice received;      /* decimal milliseconds since 1970, at most 20; empty: none */
	uint64_t produced_ms;       /* when its spans were received, since 1970; 0 unknown: now */
	bool maybe_dup;             /* an earlier sending may have arrived */
	void *token;
};

enum exporter_outcome {
	EXPORTER_DELIVERED,  /* stored, or answered 2xx by a collector whose store cannot be seen */
	EXPORTER_NOT_SENT,   /* given back; no collector has any of it */
	EXPORTER_MAYBE_SENT, /* given back; some of it may have arrived */
	EXPORTER_REFUSED,    /* no collector takes it */
};

/* Causes of EXPORTER_REFUSED beside those of response_cause. */
extern const char exporter_unconfirmed[]; /* lost confirm_attempts times by a collector that others flood */

struct exporter_report {
	void *token;
	enum exporter_outcome outcome;
	/* Of EXPORTER_REFUSED; false, 0 and "" otherwise. */
	bool too_large;     /* the collector refused the batch for its size */
	int status;         /* HTTP status of the answer that refused it; 0: none did */
	const char *cause;  /* one word: of response_cause, or exporter_unconfirmed */
	const char *detail; /* one sentence, at most 1 KiB, borrowed for the call */
};

enum exporter_state {
	EXPORTER_SENDING,  /* every collector takes the POSTs that are sent to it */
	EXPORTER_DEGRADED, /* some collectors do; the others are tried again after pauses */
	EXPORTER_WAITING,  /* no collector does; each is tried again after a pause, and no operator is needed */
	EXPORTER_BLOCKED,  /* no collector does until an operator changes something; slow tries go on */
};

struct exporter_events {
	/* Once for each item taken, never from inside exporter_send. The item is forgotten. */
	void (*done)(void *arg, const struct exporter_report *report);
	/* After E_FULL or E_DOWN: worth another try. */
	void (*room)(void *arg);
	/* SPANS of the item go out once more although they may have arrived; FIRST: its first are among
	 * them. Called as the request is handed to the network. May be NULL. */
	void (*sent_again)(void *arg, uint32_t spans, bool first);
	/* A collector answered 2xx; whether it stored the spans is still to be confirmed. May be NULL. */
	void (*answered)(void *arg);
	/* At each change of state or cause, with a sentence that names the collector, what it said and what to
	 * do; of a cause alone at most every ten seconds. SENDING: with the address alone. May be NULL. */
	void (*changed)(void *arg, enum exporter_state state, const char *sentence);
	/* SIGHT, whether the collectors' counters can be read, has changed; SENTENCE says why. STOPPED: none is sent
	 * anything; BLIND: the counters of one, which SENTENCE names, cannot be read; SEEING: all can. May be NULL. */
	void (*sight)(void *arg, enum confirmer_sight sight, const char *sentence);
	void *arg;
};

struct exporter_stats {
	uint64_t items;          /* held now */
	uint64_t bytes;          /* of these, with their cost */
	uint64_t in_flight;      /* requests on the wire */
	uint64_t unconfirmed;    /* spans answered 2xx whose storing is not confirmed yet */
	uint64_t posts;          /* ever sent, retries included */
	uint64_t posted_batches; /* batches and parts of batches in these */
	uint64_t retries;        /* of the posts: sent again */
	uint64_t sent_again;     /* spans sent once more although they may have arrived */
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

/* Gives back, before it returns, every item that is neither on the wire nor unconfirmed; one that is comes back
 * with its answer instead of being sent again. */
void exporter_purge(struct exporter *e);
/* The same for the items whose token WHICH says yes to. */
void exporter_recall(struct exporter *e, bool (*which)(void *arg, void *token), void *arg);

/* Sends on for BUDGET_MS at most, then cuts off what is on the wire and gives back all that is left.
 * FLUSHED is called once nothing is held, never from inside this call. */
void exporter_flush(struct exporter *e, uint64_t budget_ms, void (*flushed)(void *arg), void *arg);

/* Why some collector does not take spans, the worst cause of all; NULL while every one does. */
const char *exporter_trouble(const struct exporter *e);

/* One collector, or one address of a collector's name that has several, for pages. */
struct exporter_destination {
	const char *name;    /* "http://h:14268", or "http://h:14268 at 10.0.0.7:14268" */
	const char *address; /* "10.0.0.7:14268", "" where the name has one only */
	bool leaving;        /* the address is no longer one of the name: what it was sent is waited for */
	const char *trouble; /* why it takes nothing, "" when it does */
	const char *store;   /* whether its storing can be seen, a sentence */
	enum confirmer_sight sight;
	struct confirmer_stats confirmed;
};
void exporter_each(const struct exporter *e, void (*each)(void *arg, const struct exporter_destination *d), void *arg);

enum exporter_state exporter_state(const struct exporter *e);
const struct exporter_stats *exporter_stats(struct exporter *e);

/* Silence: what is still held is forgotten without a report. Not from inside done. NULL is fine. */
void exporter_free(struct exporter *e);

#endif
