/* SPDX-License-Identifier: Apache-2.0 */
/* client.c — queues requests and runs curl's multi handle on the loop.
 *
 *   send ──► WAITING ──fewer than max_connections active──► ACTIVE ──curl is done──► answered ──► spare
 *
 * curl_multi_socket_action() is called when one of curl's sockets is ready (client_sockets.c), and when its timer
 * expires (on_want_timer) or is due at once (on_turn). After that, never inside it, deliver_done() calls the owners of
 * finished requests. Owners may send, cancel and free inside `answered`: `busy` counts the stack frames that still use
 * the client, and the last one frees it. */
#include <errno.h>
#include <stdlib.h>

#include "client_internal.h"
#include "client_sockets.h"
#include "base/clock.h"
#include "base/log.h"

enum { MAX_CONNECTIONS = 64 };

struct http_client {
	struct loop *loop;
	CURLM *multi;  /* its easy handles share connections and DNS entries */
	CURLSH *share; /* shares TLS sessions between the easy handles */
	struct http_client_opts opts;
	struct credentials *credentials;
	CURL *model;                /* the easy handle that new exchanges copy */
	unsigned nmodels;           /* number of models created so far */
	struct curl_slist *headers; /* headers of every request */
	struct client_sockets *sockets;
	struct timer *timer;
	struct turn_hook *hook;
	bool due;            /* curl is to be called in this loop iteration */
	struct list waiting; /* struct exchange, oldest first */
	struct list active;
	struct list spare;
	size_t nspare;
	size_t nwaiting;
	size_t nactive;
	size_t max;
	unsigned busy;
	bool closing;
	bool global; /* curl_global_init was called */
};

static void on_timer(void *arg);
static void on_turn(void *arg);
static void deliver_done(void *arg);
static void free_exchanges(struct list *l);
static int on_want_timer(CURLM *multi, long after_ms, void *arg);

/* ---- open ---- */

/* Builds a new model with the changed credentials; the next request uses it. */
static void on_credentials(void *arg)
{
	struct http_client *c = arg;
	CURL *model;
	struct why why;

	if (client_model(&model, &c->opts, c->credentials, &why) < 0) {
		log_error("http: new credentials are not used: %s", why.text);
		curl_easy_cleanup(model);
		return;
	}
	curl_easy_cleanup(c->model);
	c->model = model;
	c->nmodels++;
	free_exchanges(&c->spare);
	c->nspare = 0;
}

static int add_header(struct http_client *c, const char *header)
{
	struct curl_slist *longer = curl_slist_append(c->headers, header);

	if (longer == NULL)
		return E_NOMEM;
	c->headers = longer;
	return 0;
}

static int make_multi(struct http_client *c, const struct http_client_opts *o, struct why *why)
{
	int rc = add_header(c, "Expect:");

	for (const char *const *h = o->headers; rc == 0 && h != NULL && *h != NULL; h++)
		rc = add_header(c, *h);
	c->multi = curl_multi_init();
	c->share = curl_share_init();
	if (rc < 0 || c->multi == NULL || c->share == NULL || timer_open(&c->timer, c->loop, on_timer, c) < 0 ||
	        turn_hook_open(&c->hook, c->loop, on_turn, c) < 0)
		return why_set(why, E_NOMEM, "http client");
	if (client_sockets_open(&c->sockets, c->loop, c->multi, deliver_done, c) < 0)
		return why_set(why, E_IO, "http client: %s", strerror(errno));
	curl_share_setopt(c->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, on_want_timer);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
	curl_multi_setopt(c->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	curl_multi_setopt(c->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)c->max);
	curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, (long)c->max);
	return 0;
}

int http_client_open(struct http_client **out, struct loop *l, const struct http_client_opts *opts, struct why *why)
{
	struct http_client *c;
	int rc = http_client_check(opts, why);

	if (rc < 0)
		return rc;
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return why_set(why, E_NOMEM, "http client");
	c->loop = l;
	c->opts = *opts;
	c->max = opts->max_connections == 0 ? MAX_CONNECTIONS : opts->max_connections;
	list_init(&c->waiting);
	list_init(&c->active);
	list_init(&c->spare);
	c->global = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
	rc = c->global ? credentials_open(&c->credentials, l, opts->files, on_credentials, c, why)
	               : why_set(why, E_IO, "http client: curl does not start");
	if (rc == 0)
		rc = client_model(&c->model, opts, c->credentials, why);
	if (rc == 0)
		rc = make_multi(c, opts, why);
	if (rc < 0) {
		http_client_free(c);
		return rc;
	}
	*out = c;
	return 0;
}

/* ---- free ---- */

static void free_exchanges(struct list *l)
{
	list_each_safe (node, l) {
		struct exchange *x = container_of(node, struct exchange, link);

		list_remove(&x->link);
		exchange_free(x);
	}
}

static void free_client(struct http_client *c)
{
	list_each (node, &c->active)
		curl_multi_remove_handle(c->multi, container_of(node, struct exchange, link)->easy);
	free_exchanges(&c->active);
	free_exchanges(&c->waiting);
	free_exchanges(&c->spare);
	credentials_free(c->credentials);
	curl_easy_cleanup(c->model);
	curl_multi_cleanup(c->multi);
	curl_share_cleanup(c->share);
	client_sockets_free(c->sockets);
	curl_slist_free_all(c->headers);
	timer_free(c->timer);
	turn_hook_free(c->hook);
	if (c->global)
		curl_global_cleanup();
	free(c);
}

void http_client_free(struct http_client *c)
{
	if (c == NULL)
		return;
	c->closing = true;
	if (c->busy == 0)
		free_client(c);
}

static void ref_client(struct http_client *c)
{
	c->busy++;
}

static void unref_client(struct http_client *c)
{
	if (--c->busy == 0 && c->closing)
		free_client(c);
}

/* ---- send ---- */

static int begin_exchange(struct http_client *c, struct exchange *x)
{
	x->began_us = clock_mono_us();
	if (curl_multi_add_handle(c->multi, x->easy) != CURLM_OK)
		return E_NOMEM;
	list_push(&c->active, &x->link);
	c->nactive++;
	return 0;
}

/* Keeps X for the next request, unless its model is outdated. */
static void put_spare(struct http_client *c, struct exchange *x)
{
	if (c->nspare >= c->max || x->model_number != c->nmodels) {
		exchange_free(x);
		return;
	}
	list_push(&c->spare, &x->link);
	c->nspare++;
}

static struct exchange *take_spare(struct http_client *c)
{
	struct exchange *x;

	if (list_empty(&c->spare)) {
		x = exchange_new(c->model, c->share);
		if (x != NULL)
			x->model_number = c->nmodels;
		return x;
	}
	x = list_first(&c->spare, struct exchange, link);
	list_remove(&x->link);
	c->nspare--;
	return x;
}

int http_client_send(struct http_client *c, const struct http_request *r,
        void (*answered)(void *arg, const struct http_answer *a), void *arg)
{
	struct exchange *x;
	int rc;

	credentials_refresh(c->credentials);
	x = take_spare(c);
	if (x == NULL)
		return E_NOMEM;
	x->answered = answered;
	x->arg = arg;
	rc = exchange_prepare(x, r, c->headers, c->opts.server_name);
	if (rc == 0 && c->nactive < c->max) {
		rc = begin_exchange(c, x);
	} else if (rc == 0) {
		list_push(&c->waiting, &x->link);
		c->nwaiting++;
	}
	if (rc < 0)
		put_spare(c, x);
	return rc;
}

size_t http_client_pending(const struct http_client *c)
{
	return c->nactive + c->nwaiting;
}

/* ---- answers ---- */

/* Releases the borrowed body and calls the owner. */
static void deliver_answer(struct http_client *c, struct exchange *x, const struct http_answer *a)
{
	request_body_clear(&x->upload);
	x->answered(x->arg, a);
	put_spare(c, x);
}

static void fail_exchange(struct http_client *c, struct exchange *x, enum http_fault fault)
{
	struct http_answer a;

	exchange_answer(x, CURLE_ABORTED_BY_CALLBACK, &a);
	if (a.failure != HTTP_ANSWERED) {
		a.fault = fault;
		a.error = http_fault_text(fault);
	}
	deliver_answer(c, x, &a);
}

static void begin_waiting(struct http_client *c)
{
	while (!c->closing && c->nactive < c->max && !list_empty(&c->waiting)) {
		struct exchange *x = list_first(&c->waiting, struct exchange, link);

		list_remove(&x->link);
		c->nwaiting--;
		if (begin_exchange(c, x) < 0)
			fail_exchange(c, x, HTTP_NO_MEMORY);
	}
}

static void finish_exchange(struct http_client *c, CURLMsg *m)
{
	CURLcode rc = m->data.result;
	struct exchange *x = NULL;
	struct http_answer a;

	curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &x);
	curl_multi_remove_handle(c->multi, x->easy); /* frees M */
	list_remove(&x->link);
	c->nactive--;
	exchange_answer(x, rc, &a);
	if (a.status == 401 || a.status == 403 || a.fault == HTTP_TLS)
		credentials_refresh(c->credentials);
	deliver_answer(c, x, &a);
}

/* Calls the owners of finished requests, and begins queued ones. */
static void deliver_done(void *arg)
{
	struct http_client *c = arg;
	CURLMsg *m;
	int left;

	ref_client(c);
	while (!c->closing && (m = curl_multi_info_read(c->multi, &left)) != NULL)
		if (m->msg == CURLMSG_DONE)
			finish_exchange(c, m);
	begin_waiting(c);
	unref_client(c);
}

void http_client_cancel_all(struct http_client *c)
{
	struct list out;

	ref_client(c);
	list_init(&out);
	list_each_safe (node, &c->active) {
		curl_multi_remove_handle(c->multi, container_of(node, struct exchange, link)->easy);
		list_remove(node);
		list_push(&out, node);
	}
	list_each_safe (node, &c->waiting) {
		list_remove(node);
		list_push(&out, node);
	}
	c->nactive = c->nwaiting = 0;
	while (!c->closing && !list_empty(&out)) {
		struct exchange *x = list_first(&out, struct exchange, link);

		list_remove(&x->link);
		fail_exchange(c, x, HTTP_CANCELLED);
	}
	free_exchanges(&out);
	unref_client(c);
}

/* ---- time ---- */

static int on_want_timer(CURLM *multi, long after_ms, void *arg)
{
	struct http_client *c = arg;

	(void)multi;
	c->due = after_ms == 0;
	if (after_ms < 0)
		timer_stop(c->timer);
	else
		timer_start(c->timer, (uint64_t)after_ms);
	return 0;
}

static void on_timer(void *arg)
{
	struct http_client *c = arg;
	int running;

	c->due = false;
	curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	deliver_done(c);
}

/* A request that was sent in this loop iteration begins before the loop waits, and not after what comes in meanwhile. */
static void on_turn(void *arg)
{
	struct http_client *c = arg;

	if (c->due)
		on_timer(c);
}
