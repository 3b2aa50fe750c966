/* SPDX-License-Identifier: Apache-2.0 */
/* pages.h — where a collector's metrics page may be, and one reading of it. */
#ifndef EXPORTER_PAGES_H
#define EXPORTER_PAGES_H

#include "base/buf.h"
#include "policy/confirm.h"
#include "http/client.h"

enum {
	PAGES_MOST = 2,
	PAGE_MS = 2000, /* for a page to come in whole; a busy collector's takes 30 ms */
};

/* The outcome of pages_look, borrowed for the call. READING is NULL when no page is fit to be used; its
 * moments then are those of the look. */
struct pages_answer {
	const struct confirm_reading *reading;
	uint64_t began_us, ended_us; /* monotonic */
};

/* Of struct confirmer_opts; borrowed for the open. */
struct pages_where {
	const char *collector_url;
	const char *metrics_url;
	const char *address;
};

struct pages;
int pages_open(struct pages **out, struct loop *l, const struct http_client_opts *http, const struct pages_where *where,
        void (*answered)(void *arg, const struct pages_answer *a), void *arg, struct why *why) MUST_USE;

/* Reads the page that was last fit, or ALL of them, of which the first that is fit is taken. ANSWERED is called
 * once, later; it may free. Not while pages_busy. */
void pages_look(struct pages *p, bool all);
bool pages_busy(const struct pages *p);

/* The page that was last fit, as people may read it; the first one when none ever was. */
const char *pages_url(const struct pages *p);
/* Appends each page that the last look asked for, with what was wrong with it: "URL: trouble; URL: trouble". */
void pages_troubles(const struct pages *p, struct buf *to);

/* NULL is fine. */
void pages_free(struct pages *p);

#endif
