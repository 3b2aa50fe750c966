/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a collector's counters while POSTs are unconfirmed, and decides for each POST whether its spans are
 * stored. */
#ifndef EXPORTER_CONFIRMER_H
#define EXPORTER_CONFIRMER_H

#include "policy/confirm.h"
#include "http/client.h"

enum confirmer_mode { CONFIRMER_AUTO, CONFIRMER_REQUIRE, CONFIRMER_OFF };

struct confirmer_opts {
	enum confirmer_mode mode;
	const char *collector_url; /* of the POSTs, as endpoint_read makes it; borrowed during the open */
	const char *metrics_url;   /* NULL: ports 14269 and 8888 of the collector's host are tried */
	/* The address that POSTs connect to, see http_request.address; NULL: curl resolves the host of the URL. When
	 * the URL of the page has the same host, the page is requested from this address too, at its own port. */
	const char *address;
	uint32_t post_spans; /* most spans of one POST */
	uint32_t attempts;   /* see confirm_opts.attempts */
};

enum confirmer_state {
	CONFIRMER_STARTING,   /* before the first reading, at most 2 s: confirmer_may_send is false */
	CONFIRMER_CONFIRMING, /* the counters of the page confirm deliveries */
	CONFIRMER_BLIND,      /* AUTO without a page, or OFF: a 2xx counts as delivered */
	CONFIRMER_STOPPED,    /* REQUIRE without a page: confirmer_may_send is false until an operator acts */
};

/* Called from the loop, never from inside a call of the owner. They may call any function here, also free. */
struct confirmer_events {
	/* Called once for each POST for which confirmer_answered returned false, unless it is withdrawn. */
	void (*verdict)(void *arg, struct confirm_post *p, enum confirm_verdict v);
	/* The window, the state or the state changed: confirmer_may_send may be true now. */
	void (*changed)(void *arg);
	void *arg;
};

struct confirmer;

/* HTTP are the options of the client for POSTs, borrowed until confirmer_free. The page is requested with a separate
 * client that has the same certificates but neither user, token nor headers, because the page may be another server's
 * or without TLS. metrics_url may contain a user and a password for the page. E_NOMEM, E_USAGE (metrics_url is not a
 * URL), or an error of http_client_open. */
int confirmer_open(struct confirmer **out, struct loop *l, const struct http_client_opts *http,
        const struct confirmer_opts *opts, const struct confirmer_events *events, struct why *why) MUST_USE;

enum confirmer_state confirmer_state(const struct confirmer *c);

/* The most spans that one POST may have now. */
uint32_t confirmer_post_spans(const struct confirmer *c);
/* True when a POST of SPANS may be sent now. Else a reading is scheduled, and events.changed is called when the answer
 * may be another one. */
bool confirmer_may_send(struct confirmer *c, uint32_t spans);
/* To be called when the owner's memory is full of unconfirmed POSTs. Until the next call of confirmer_may_send the page is
 * read as often as while a POST waits for the window, so that verdicts, which free the memory, come early. */
void confirmer_hurry(struct confirmer *c);
/* The POST of P is sent now; the owner has set P.spans and P.attempts. One call of confirmer_answered or
 * confirmer_unanswered follows for P. */
void confirmer_sent(struct confirmer *c, struct confirm_post *p);
/* The POST of P was answered 2xx. True: the store cannot be seen, so the spans of P count as delivered now. False:
 * events.verdict will be called for P. */
bool confirmer_answered(struct confirmer *c, struct confirm_post *p) MUST_USE;
/* The POST of P got an answer other than 2xx, or none. */
void confirmer_unanswered(struct confirmer *c, const struct confirm_post *p);
/* The owner no longer waits for the verdict of P, which was answered. */
void confirmer_withdraw(struct confirmer *c, struct confirm_post *p);

/* One sentence for an operator on the state of C: which metrics page is read, why none is, or how many spans the
 * collector loses. The sentence contains no user, password or token. The text belongs to C and is valid until
 * the next call on C or the next turn of the loop. */
const char *confirmer_sentence(const struct confirmer *c);
/* True when the collector's store accepts nothing, or the collector loses spans at the smallest window: spans sent now
 * would not be stored. */
bool confirmer_store_away(const struct confirmer *c);

struct confirmer_stats {
	struct confirm_stats confirm;
	uint64_t window;              /* spans */
	uint64_t unconfirmed;         /* spans answered 2xx, without a verdict */
	uint64_t reads, reads_failed; /* readings of pages, tries of default ports included */
	uint64_t stored_per_s;        /* spans of all senders that the collector stored, lately while it was read */
	enum confirm_state state;
};
void confirmer_stats(const struct confirmer *c, struct confirmer_stats *to);

/* Frees C. POSTs without a verdict get none. C may be NULL. */
void confirmer_free(struct confirmer *c);

#endif
