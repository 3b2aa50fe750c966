/* SPDX-License-Identifier: Apache-2.0 */
/* pages.h — finds and reads a collector's metrics page. */
#ifndef EXPORTER_PAGES_H
#define EXPORTER_PAGES_H

#include "base/buf.h"
#include "policy/confirm.h"
#include "http/client.h"

enum {
	PAGES_MOST = 2,
	PAGE_MS = 2000, /* time-out of a page; that of a busy collector takes 30 ms */
};

/* The outcome of pages_read, borrowed for the call. READING is NULL when no page was usable; then the times are those of
 * the whole attempt. */
struct pages_answer {
	const struct confirm_reading *reading;
	uint64_t began_us, ended_us; /* monotonic */
};

/* Members of struct confirmer_opts; borrowed during pages_open. */
struct pages_where {
	const char *collector_url;
	const char *metrics_url;
	const char *address;
};

struct pages;
int pages_open(struct pages **out, struct loop *l, const struct http_client_opts *http, const struct pages_where *where,
        void (*answered)(void *arg, const struct pages_answer *a), void *arg, struct why *why) MUST_USE;

/* Reads the page that was last usable, or, with ALL, every page, and uses the first usable one. ANSWERED is called once,
 * from the loop; it may free P. Must not be called while pages_busy. */
void pages_read(struct pages *p, bool all);
bool pages_busy(const struct pages *p);

/* The URL of the page last used, without secrets; the first page when none was usable yet. */
const char *pages_url(const struct pages *p);
/* Appends the error of each page of the last reading: "URL: error; URL: error". */
void pages_faults(const struct pages *p, struct buf *to);

/* P may be NULL. */
void pages_free(struct pages *p);

#endif
