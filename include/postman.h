/* flow: carries batches to collectors by HTTP; each ends delivered, as poison, or given back. */
#ifndef POSTMAN_H
#define POSTMAN_H

#include "http_client.h"
#include "inspect.h"
#include "metrics.h"
#include "sink.h"

/* Each request carries the headers
 *	spanspool-id        the letter's id; of a part of its spans "<id>/<first>-<last>", counted from 0, so that
 *	                    one id always stands for the same spans, however a batch is cut
 *	spanspool-received  as the letter says
 *	spanspool-maybe-dup 1, when these spans may have arrived in an earlier request
 *
 * What the agent's direct mode and the drain share: the table of answers, splitting, endless
 * retries, one failure state for each collector, slow start. A postman never gives up on a letter:
 * it ends delivered, as poison, or given back because its owner purged or flushed. */

struct postman_opts {
	const char *const *urls; /* as operators write them, see endpoint.h */
	size_t nurls;
	struct http_client_opts client;
	uint64_t connect_ms; /* time-outs of a request */
	uint64_t total_ms;
	uint64_t max_in_flight;  /* requests, all collectors together */
	uint64_t max_bytes;      /* of the letters held; a larger one is taken when it is alone */
	uint32_t spans_per_post; /* a batch with more is cut; 0 is 500 */
	uint64_t max_spans_per_second; /* 0 none */
	uint64_t retry_base_ms;        /* the first pause is up to this long; 0 is 250 ms */
	uint64_t
	        retry_cap_ms; /* none is longer; 0 is 30 s. Where asking is cheap, none gets so long */
	bool bare;            /* requests carry none of the spanspool- headers */
};

struct postman_letter {
	struct slice value;    /* a Batch that postman_check took; borrowed until done */
	uint32_t spans;        /* in it */
	struct slice id;       /* at most POSTMAN_ID_MAX bytes of a header; empty: none */
	struct slice received; /* decimal milliseconds since 1970, at most 20; empty: none */
	bool maybe_dup;        /* an earlier sending may have arrived */
	void *token;
};

/* Bounds what postman.h's id may be: longest host name, boot and sequence, with room to spare. */
enum { POSTMAN_ID_MAX = 512 };

struct postman_report {
	void *token;
	enum sink_outcome outcome;
	int status;         /* HTTP status that made it poison, else 0 */
	const char *cause;  /* why it is poison, in a word; else "" */
	const char *detail; /* and in a sentence, at most 1 KiB; else "" */
};

enum postman_state {
	POSTMAN_SENDING, /* every collector takes what it is sent */
	POSTMAN_LIMPING, /* some do */
	POSTMAN_WAITING, /* none does: pausing between tries, heals by itself */
	POSTMAN_HELD,    /* none does, and an operator must look: slow tries go on */
};

struct postman_events {
	/* Once for each letter taken, never from inside postman_send. The letter is forgotten. */
	void (*done)(void *arg, const struct postman_report *report);
	/* After E_FULL or E_DOWN: worth another try. */
	void (*room)(void *arg);
	/* SPANS of the letter go out once more although they may have arrived; FIRST: its first are among
	 * them. Called as the request is handed to the network. May be NULL. */
	void (*sent_again)(void *arg, uint32_t spans, bool first);
	/* At each change of state or cause, with a sentence that names the collector, what it said and what to
	 * do; of a cause alone at most every ten seconds. SENDING: with the address alone. May be NULL. */
	void (*changed)(void *arg, enum postman_state state, const char *sentence);
	void *arg;
};

struct postman_stats {
	uint64_t letters;        /* held now */
	uint64_t bytes;          /* of these */
	uint64_t in_flight;      /* requests on the wire */
	uint64_t posts;          /* ever sent, tries again included */
	uint64_t retries;        /* of these: tries again */
	uint64_t sent_again;     /* spans sent once more although they may have arrived */
	uint64_t splits;         /* posts cut in two after an answer */
	uint64_t unreachable;    /* requests that got no answer */
	uint64_t misconfigured;  /* requests that failed by URL, TLS or name */
	uint64_t by_status[600]; /* answers by HTTP status */
	struct histogram took;   /* until the answer */
};

struct postman;

/* What may be put into a letter: a Batch that Jaeger's decoders take, with a service name that does
 * not wedge a collector. 0, or E_MALFORMED: CAUSE becomes a word, WHY a sentence. */
int postman_check(struct slice value, struct inspect_facts *facts, const char **cause,
        struct why *why) MUST_USE;

/* E_USAGE names the address that is none. The collectors need not be there. */
int postman_open(struct postman **out, struct loop *l, const struct postman_opts *opts,
        const struct postman_events *events, struct why *why) MUST_USE;

/* 0: the report comes. E_FULL: no room now. E_DOWN: no collector takes anything now. E_NOMEM. After
 * any of these room() comes, and no report does. */
int postman_send(struct postman *p, const struct postman_letter *letter) MUST_USE;

/* Gives back, before it returns, every letter that is not on the wire; one that is comes back with
 * its answer instead of being sent again. */
void postman_purge(struct postman *p);
/* The same for the letters whose token WHICH says yes to. */
void postman_recall(struct postman *p, bool (*which)(void *arg, void *token), void *arg);

/* Sends on for BUDGET_MS at most, then cuts off what is on the wire and gives back all that is left.
 * FLUSHED is called once nothing is held, never from inside this call. */
void postman_flush(struct postman *p, uint64_t budget_ms, void (*flushed)(void *arg), void *arg);

/* Why some collector does not take spans, the worst trouble of all; NULL while every one does. */
const char *postman_trouble(const struct postman *p);

/* Calls EACH for every collector, with its address and its trouble, "" for none. */
void postman_each(const struct postman *p,
        void (*each)(void *arg, const char *name, const char *trouble), void *arg);

enum postman_state postman_state(const struct postman *p);
const struct postman_stats *postman_stats(const struct postman *p);

/* Silence: what is still held is forgotten without a report. Not from inside done. NULL is fine. */
void postman_free(struct postman *p);

#endif
