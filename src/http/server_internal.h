/* SPDX-License-Identifier: Apache-2.0 */
/* server_internal.h — shared by server.c (connections) and call.c (requests). */
#ifndef HTTP_SERVER_IMPL_H
#define HTTP_SERVER_IMPL_H

#include <microhttpd.h>

#include "http/server.h"
#include "base/list.h"

struct http_server {
	struct http_server_opts opts;
	struct loop *loop;
	struct MHD_Daemon *daemon;
	struct watch *epoll_watch; /* the daemon's epoll descriptor */
	struct watch *listener;    /* watches the listening socket fd */
	struct timer *run_timer;   /* when the daemon wants to run next without an event */
	struct turn_hook *hook;
	struct timer *reaper;
	int fd; /* listening socket; -1: none */
	uint16_t port;
	struct list connections; /* struct connection, the one idle longest first */
	size_t nconnections;
	size_t nshut;          /* connections shut down that the daemon has not closed yet */
	struct list waiting;   /* struct http_later with an asynchronous answer */
	struct list deferred;  /* struct http_later: complete requests beyond answers_left */
	unsigned answers_left; /* calls of answer() still allowed in this run of the daemon */
	uint64_t logged_us;    /* when a lack of descriptors was last logged; 0: never */
	bool tls;
	bool wants_certificate; /* of clients, see http_tls.client_ca */
	bool due;               /* the daemon is to run in this loop iteration */
	bool running;           /* MHD_run() is on the stack, perhaps with an answer() */
	bool closing;           /* http_server_free() was called */
};

/* One connection. */
struct connection {
	struct list link;
	struct http_server *s;
	int fd;            /* owned by the daemon */
	uint64_t until_us; /* shut down at this time; 0 while this program owes an answer */
	bool busy;         /* from a request's head to the end of its answer */
	bool is_known;     /* its client has shown a certificate that is trusted */
	bool shut;         /* shut down by this server; the daemon then sees its end and closes it */
};

/* The options of a daemon for TLS, which may be NULL; they end with MHD_OPTION_END and borrow its texts. */
enum { SERVER_TLS_OPTIONS = 5 };
void server_tls_options(const struct http_tls *tls, struct MHD_OptionItem to[SERVER_TLS_OPTIONS]);
/* True when the client has shown a certificate of a trusted authority, or need not show any. */
bool server_tls_knows_client(struct connection *conn, struct MHD_Connection *mhd);

/* Restarts the connection's time limit with MS; 0: no limit, while this program owes it an answer. */
void connection_allow(struct connection *conn, uint64_t ms);

/* libmicrohttpd's callbacks for one request. */
enum MHD_Result server_on_request(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
        const char *version, const char *upload, size_t *upload_size, void **mine);
void server_on_request_end(void *cls, struct MHD_Connection *mhd, void **mine, enum MHD_RequestTerminationCode how);

/* Runs the daemon in MS, with 0 before the loop waits. */
void server_run_after(struct http_server *s, uint64_t ms);

/* Call it before each MHD_run(): allows MOST calls of answer(), first for the deferred requests. */
void request_begin_run(struct http_server *s, unsigned most);

/* Closes the connection of every request that is not answered yet. */
void request_drop_waiting(struct http_server *s);

#endif
