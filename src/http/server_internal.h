/* SPDX-License-Identifier: Apache-2.0 */
/* What http_server.c (connections) and http_call.c (requests) share. */
#ifndef HTTP_SERVER_IMPL_H
#define HTTP_SERVER_IMPL_H

#include <microhttpd.h>

#include "http/server.h"
#include "base/list.h"

struct http_server {
	struct http_server_opts opts;
	struct loop *loop;
	struct MHD_Daemon *daemon;
	struct watch *work; /* the daemon's epoll descriptor */
	struct watch *door; /* the listening socket */
	struct timer *soon; /* when the daemon wants to run without an event */
	struct timer *reaper;
	int fd; /* listening; -1 none */
	uint16_t port;
	struct list lines; /* struct line: the connections, the one that is idle the longest first */
	size_t nlines;
	size_t nshut;          /* of them, shut and not yet seen to be so by the daemon */
	struct list waiting;   /* struct http_later: their answers come later */
	struct list deferred;  /* struct http_later: whole requests, beyond what one run may answer */
	unsigned answers_left; /* that this run of the daemon may still ask the routes for */
	uint64_t told_us;      /* when the lack of a descriptor was logged last; 0 never */
	bool inside;           /* the daemon runs: an answer() may be on the stack */
	bool closing;          /* freed from inside */
};

/* One connection. */
struct line {
	struct list link;
	struct http_server *s;
	int fd;            /* the daemon's */
	uint64_t until_us; /* shut at this moment; 0 while an answer is waited for */
	bool busy;         /* between the head of a request and the end of its answer */
	bool shut;         /* by us; the daemon closes it when it sees that */
};

/* From now on the connection has MS; 0 is no limit, while this program owes it an answer. */
void line_allow(struct line *line, uint64_t ms);

/* The daemon's callbacks for one request. */
enum MHD_Result request_come(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
        const char *version, const char *upload, size_t *upload_size, void **mine);
void request_gone(void *cls, struct MHD_Connection *mhd, void **mine, enum MHD_RequestTerminationCode how);

/* Before a run of the daemon: it may ask the routes for MOST answers, those of deferred requests first. */
void request_begin_run(struct http_server *s, unsigned most);

/* Hangs up on every request that is not answered yet. */
void request_drop_waiting(struct http_server *s);

#endif
