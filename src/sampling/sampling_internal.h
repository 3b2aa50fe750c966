/* SPDX-License-Identifier: Apache-2.0 */
/* sampling_internal.h — the sampling server's state, and what its files share. */
#ifndef SAMPLING_INTERNAL_H
#define SAMPLING_INTERNAL_H

#include <sys/stat.h>
#include <time.h>

#include "cache.h"
#include "http/server.h"
#include "sampling/sampling.h"
#include "strategies.h"

struct job;

/* Identity of a file's content. Zeros: none. */
struct file_stamp {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed;
};

struct sampling {
	struct sampling_opts opts;
	struct loop *loop;
	struct health *health;
	struct http_server *server;
	struct http_client *client; /* NULL: strategies are in opts.file */
	struct timer *tick;
	struct strategies *strategies; /* of opts.file */
	struct cache cache;
	size_t url;        /* index in opts.urls, asked first */
	size_t in_flight;  /* fetches */
	bool starting;     /* sampling_fetch_due is running */
	size_t parsed;     /* bytes of answers parsed since the last tick */
	size_t waiting;    /* calls that wait for a fetch */
	uint32_t failures; /* fetches in a row, of any service */
	bool ever_fetched;
	bool loading;                 /* opts.cache is being read: calls for unknown services wait for it */
	struct buf fault;             /* why the last fetch that failed did so */
	struct job *job;              /* work in a worker thread; NULL: none */
	uint64_t next_save_us;        /* monotonic; for strategies that have changed, */
	uint64_t next_refresh_us;     /* and for their ages alone */
	uint64_t next_check_us;       /* monotonic; of opts.file */
	struct file_stamp file_stamp; /* of opts.file when it was read last */
	struct sampling_stats stats;
};

/* health.c. Posts how well strategies are had from the URLs. To be called each second. */
void sampling_report_fetches(struct sampling *s);
/* Posts what the strategies file has. */
void sampling_report_file(struct sampling *s);

/* fetch.c. Starts fetches for entries that are due, as far as slots are free. */
void sampling_fetch_due(struct sampling *s);

/* sampling.c. Answers all calls that wait for E. */
void sampling_answer_waiters(struct sampling *s, struct cache_entry *e);

/* job.c: files, in a worker thread. */
void sampling_start_save(struct sampling *s);
void sampling_start_check(struct sampling *s);
/* The job goes on without S and frees itself. */
void sampling_abandon_job(struct sampling *s);
/* Reads opts.cache into the cache. A damaged file is logged, and replaced at the next save. */
void sampling_start_load(struct sampling *s);

#endif
