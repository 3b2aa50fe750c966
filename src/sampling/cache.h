/* SPDX-License-Identifier: Apache-2.0 */
/* cache.h — the strategies of the services that clients have asked for, and when each is to be fetched. No I/O. */
#ifndef SAMPLING_CACHE_H
#define SAMPLING_CACHE_H

#include "base/buf.h"
#include "base/list.h"

enum {
	CACHE_SERVICE_MOST = 1024,   /* bytes of a service's name */
	CACHE_BYTES_MOST = 16 << 20, /* of all strategies and names together */
	CACHE_RETRY_FIRST_S = 1,     /* pause after a first failed fetch; doubles with each, up to refresh_us */
	CACHE_KEEP_S = 24 * 3600,    /* a service that no client has asked for so long is forgotten */
	CACHE_REFRESH_KEEP_S = 900,  /* and is not fetched any more after this time */
};

struct cache_entry {
	struct list link;  /* in its bucket */
	struct list usage; /* in the cache's list, longest unused first */
	uint64_t hash;
	struct buf service;
	struct buf strategy; /* normalized; empty: none was fetched yet */
	uint64_t fetched_ms; /* wall clock, of STRATEGY */
	uint64_t used_us;    /* monotonic, of the last request */
	uint64_t next_us;    /* monotonic time from which it may be fetched */
	struct buf fault;    /* why the last fetch failed; empty: it did not */
	uint32_t failures;   /* fetches in a row */
	bool fetching;
	struct list waiters; /* of the owner: calls that wait for the fetch; an entry with waiters is not forgotten */
	void *owner;         /* of the owner */
	size_t url;          /* of the owner: index of the URL that is asked */
	size_t tries;        /* of the owner: URLs asked in this fetch */
};

enum { CACHE_BUCKETS = 512 };

struct cache {
	struct list buckets[CACHE_BUCKETS];
	struct list usage;
	size_t n, most;
	uint64_t refresh_us;
	size_t bytes;       /* of strategies and names */
	bool refreshed;     /* a strategy was fetched again since the last cache_save, and is the same */
	bool changed;       /* since the last cache_save */
	uint64_t forgotten; /* entries that made way because the cache was full */
};

/* MOST entries are kept; one is fetched again REFRESH_US after the last fetch. */
void cache_init(struct cache *c, size_t most, uint64_t refresh_us);
void cache_free(struct cache *c);

/* The entry of SERVICE, which a client asks for now. When there are too many, a new one takes the place of the one unused
 * longest of those without a strategy, else of those that no client has asked for during CACHE_REFRESH_KEEP_S. NULL: there
 * is none such, or no memory. */
struct cache_entry *cache_use(struct cache *c, struct slice service, uint64_t now_us);

/* True when no client has asked for E during CACHE_REFRESH_KEEP_S. */
bool cache_is_idle(const struct cache_entry *e, uint64_t now_us);
/* True when E is to be fetched now. */
bool cache_is_due(const struct cache_entry *e, uint64_t now_us);
void cache_fetching(struct cache_entry *e);
/* The fetch brought STRATEGY, normalized. E_TOO_LARGE: it does not fit into CACHE_BYTES_MOST beside the strategies in use;
 * E_NOMEM. After an error the entry keeps the older one, and the caller calls cache_failed. */
int cache_fetched(
        struct cache *c, struct cache_entry *e, struct slice strategy, uint64_t now_us, uint64_t now_ms) MUST_USE;
void cache_failed(struct cache *c, struct cache_entry *e, const char *fault, uint64_t now_us);

/* The entry that is to be fetched now and has been due longest, those with waiters first; NULL: none is due. */
struct cache_entry *cache_due(const struct cache *c, uint64_t now_us);

/* An entry that clients ask for and that could not be fetched LEAST times in a row or more, and in N the number of such
 * entries; NULL: there is none. */
struct cache_entry *cache_failing(const struct cache *c, unsigned least, uint64_t now_us, size_t *n);

/* The entry after E in the order of usage, longest unused first; E is NULL for the first; NULL: E was the last. */
struct cache_entry *cache_next(const struct cache *c, const struct cache_entry *e);
/* Forgets entries that were not used for CACHE_KEEP_S. */
void cache_expire(struct cache *c, uint64_t now_us);

/* Appends the cache as JSON, for cache_load of a later process, and clears CHANGED. */
int cache_save(struct cache *c, struct buf *to) MUST_USE;
/* Adds the entries of TEXT, as if they had been used now. Entries that are not valid are left out. Returns how many
 * were added, or E_MALFORMED: TEXT is not of cache_save. */
int cache_load(struct cache *c, struct slice text, uint64_t now_us, struct why *why) MUST_USE;
/* Moves the strategies of FROM to entries of C that have none. They are due within refresh_us, not all at once. */
void cache_merge(struct cache *c, struct cache *from, uint64_t now_us);

#endif
