/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a collector's counters while POSTs are unconfirmed, and says of each POST whether its
 * spans are stored. */
#ifndef EXPORTER_CONFIRMER_H
#define EXPORTER_CONFIRMER_H

#include "policy/confirm.h"
#include "http/client.h"

enum confirmer_mode { CONFIRMER_AUTO, CONFIRMER_REQUIRE, CONFIRMER_OFF };

struct confirmer_opts {
	enum confirmer_mode mode;
	const char *collector_url; /* of the POSTs, as endpoint_read makes it; borrowed for the open */
	const char *metrics_url;   /* NULL: looked for at the collector's host, ports 14269 and then 8888 */
	/* Where the POSTs connect to, see http_request.address; NULL: where the URL's name leads. The page is asked
	 * for there too, at its own port, when its URL has the same host. */
	const char *address;
	uint32_t post_spans; /* most spans of one POST */
	uint32_t attempts;   /* see confirm_opts.attempts */
};

enum confirmer_sight {
	CONFIRMER_LOOKING, /* the page has not been looked for yet, at most 2 s: may_send is false */
	CONFIRMER_SEEING,  /* its counters confirm */
	CONFIRMER_BLIND,   /* AUTO and no page, or OFF: a 2xx is all there is */
	CONFIRMER_STOPPED, /* REQUIRE and no page: may_send is false; an operator must look */
};

/* Called from the loop, never from inside a call of the owner. They may call anything here, free included. */
struct confirmer_events {
	/* Of each POST for which confirmer_answered said false, once, unless it is withdrawn. */
	void (*verdict)(void *arg, struct confirm_post *p, enum confirm_verdict v);
	/* The window, the sight or the state moved: what could not be sent may go now. */
	void (*changed)(void *arg);
	void *arg;
};

struct confirmer;

/* HTTP says how the POSTs are sent: the page is asked for with a client of its own, which has the same
 * certificates but neither user nor token nor headers, for the page may be another server's, or go
 * without TLS; a user and a password for the page stand in metrics_url. Borrowed as long as the confirmer
 * lives. E_NOMEM, E_USAGE (metrics_url is no URL), or what http_client_open says. */
int confirmer_open(struct confirmer **out, struct loop *l, const struct http_client_opts *http,
        const struct confirmer_opts *opts, const struct confirmer_events *events, struct why *why) MUST_USE;

enum confirmer_sight confirmer_sight(const struct confirmer *c);

/* Most spans that one POST may have now. */
uint32_t confirmer_post_spans(const struct confirmer *c);
/* May a POST of SPANS go out now? False: a reading is made due, and CHANGED is called when that may have
 * changed. */
bool confirmer_may_send(struct confirmer *c, uint32_t spans);
/* The owner has no room for more until some of what is unconfirmed has its verdict: the page is read as often as it
 * is for a POST that waits for the window, until the next confirmer_may_send. */
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
/* The collector's store takes nothing, or it loses spans at the smallest window: what it is sent now will not
 * be stored. */
bool confirmer_store_away(const struct confirmer *c);

struct confirmer_stats {
	struct confirm_stats confirm;
	uint64_t window;              /* spans */
	uint64_t unconfirmed;         /* spans answered 2xx, without a verdict */
	uint64_t reads, reads_failed; /* of pages, those looked for included */
	uint64_t stored_per_s;        /* spans of all senders that the collector stored, lately while it was read */
	enum confirm_state state;
};
void confirmer_stats(const struct confirmer *c, struct confirmer_stats *to);

/* Forgets POSTs without a verdict, silently. NULL is fine. */
void confirmer_free(struct confirmer *c);

#endif
