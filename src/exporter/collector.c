/* SPDX-License-Identifier: Apache-2.0 */
/* collector.c — the destinations of each collector, as many as its name has addresses.
 *
 * A collector begins as one destination, for which curl resolves the name. When a lookup finds several addresses,
 * each of them becomes a destination, and the one without an address leaves. A name that later has one address keeps
 * one destination with that address.
 *
 *   the lookup lists it ──► JOINED ──no longer listed──► LEAVING ──nothing in flight, or LEAVE_US passed──► freed
 *                             ▲                             │
 *                             └──────────listed again───────┘
 *
 * A leaving destination gets no requests. Its requests on the wire end normally. Requests that are unconfirmed after
 * LEAVE_US are sent to another destination, marked. LEAVE_US gives a collector that shuts down time to store its
 * queue. */
#include <stdlib.h>

#include "policy/endpoint.h"
#include "exporter_internal.h"

/* Microseconds. */
#define LEAVE_US (10 * US_PER_S)
#define AGAIN_US US_PER_S /* pause before the next attempt when memory ran out */
#define TURN_US US_PER_S  /* the addresses of a family are tried at least so long */

enum { CHANGES_EVERY_MS = 60000, ADDRESSES_SHOWN = 16 };

/* ---- the exporter's array of destinations ---- */

static int add_destination(struct collector *c, const char *address, struct why *why)
{
	struct exporter *e = c->exporter;
	struct destination **all = realloc(e->destinations, (e->ndestinations + 1) * sizeof(struct destination *));
	int rc;

	if (all == NULL)
		return why_set(why, E_NOMEM, "collector");
	e->destinations = all;
	rc = destination_open(&all[e->ndestinations], c, address, why);
	e->ndestinations += rc == 0;
	return rc;
}

static void clear_destination(struct list *requests, const struct destination *d)
{
	list_each (node, requests) {
		struct request *r = container_of(node, struct request, link);

		if (r->at == d)
			r->at = NULL;
	}
}

static void remove_destination(struct exporter *e, size_t i)
{
	struct destination *d = e->destinations[i];
	struct confirmer_stats s;

	confirmer_stats(d->confirmer, &s);
	e->freed.confirmed += s.confirm.confirmed;
	e->freed.lost += s.confirm.lost;
	e->freed.resent += s.confirm.resent;
	e->freed.given_up += s.confirm.given_up;
	clear_destination(&e->ready, d);
	clear_destination(&e->resting, d);
	if (e->reported_confirmer_of == d)
		e->reported_confirmer_of = NULL;
	e->ndestinations--;
	memmove(&e->destinations[i], &e->destinations[i + 1], (e->ndestinations - i) * sizeof(struct destination *));
	e->nleaving--;
	destination_free(d);
}

static struct destination *find_destination(const struct collector *c, const char *address)
{
	const struct exporter *e = c->exporter;

	for (size_t i = 0; i < e->ndestinations; i++)
		if (e->destinations[i]->of == c && slice_is(buf_slice(&e->destinations[i]->address), address))
			return e->destinations[i];
	return NULL;
}

/* ---- addresses join and leave ---- */

static void set_leaving(struct destination *d, bool leaving)
{
	struct exporter *e = d->exporter;

	if (d->leaving == leaving)
		return;
	d->leaving = leaving;
	d->left_us = loop_now_us(e->loop);
	e->nleaving += leaving ? 1 : (size_t)-1;
	e->confirmer_changed = true;
}

static int join_address(struct collector *c, const char *address)
{
	struct destination *d = find_destination(c, address);
	struct why why;

	if (d == NULL)
		return add_destination(c, address, &why);
	set_leaving(d, false);
	return 0;
}

static bool is_listed(const struct collector *c, const struct destination *d)
{
	for (size_t i = 0; i < addresses_count(c->addresses); i++)
		if (slice_is(buf_slice(&d->address), addresses_at(c->addresses, i)))
			return true;
	return false;
}

static void log_addresses(struct collector *c)
{
	size_t n = addresses_count(c->addresses);
	struct buf b = { 0 };

	if (!log_limit_allows(&c->changes_limit, CHANGES_EVERY_MS))
		return;
	for (size_t i = 0; i < n && i < ADDRESSES_SHOWN; i++)
		buf_printf(&b, "%s%s", i == 0 ? "" : ", ", addresses_at(c->addresses, i));
	log_info("collector: %s has %zu address%s, each a destination: %s%s", buf_cstr(&c->name), n, n == 1 ? "" : "es",
	        buf_cstr(&b), n > ADDRESSES_SHOWN ? ", ..." : "");
	buf_free(&b);
}

/* Adds all listed addresses before any leaves, so that the collector always has a destination. */
static void update_destinations(struct collector *c)
{
	struct exporter *e = c->exporter;
	size_t n = addresses_count(c->addresses);

	c->incomplete = false;
	for (size_t i = 0; i < n; i++)
		c->incomplete |= join_address(c, addresses_at(c->addresses, i)) < 0;
	if (c->incomplete)
		return;
	for (size_t i = 0; i < e->ndestinations; i++)
		if (e->destinations[i]->of == c && !is_listed(c, e->destinations[i]))
			set_leaving(e->destinations[i], true);
}

static void on_addresses(void *arg)
{
	struct collector *c = arg;

	if (addresses_count(c->addresses) > 1)
		c->has_several = true;
	if (!c->has_several)
		return;
	log_addresses(c);
	update_destinations(c);
	exporter_wake(c->exporter);
}

static bool is_busy(const struct destination *d)
{
	list_each (node, &d->exporter->wire)
		if (container_of(node, struct request, link)->at == d)
			return true;
	return d->probing || !list_empty(&d->awaiting_probe) || !list_empty(&d->unconfirmed);
}

static void free_left(struct exporter *e, uint64_t now, uint64_t *wake)
{
	for (size_t i = e->ndestinations; i-- > 0;) {
		struct destination *d = e->destinations[i];

		if (!d->leaving)
			continue;
		if (now >= d->left_us + LEAVE_US)
			e->freed.resent += destination_withdraw(d);
		else
			*wake = min_u64(*wake, d->left_us + LEAVE_US);
		if (!is_busy(d))
			remove_destination(e, i);
	}
}

/* True when no address of C takes a connection. */
static bool is_unreachable(const struct collector *c)
{
	const struct exporter *e = c->exporter;
	size_t n = 0;

	for (size_t i = 0; i < e->ndestinations; i++) {
		const struct destination *d = e->destinations[i];

		if (d->of != c || d->leaving)
			continue;
		if (d->fault == FAULT_NONE || !d->no_connection)
			return false;
		n++;
	}
	return n > 0;
}

/* A host may be reached by one family of addresses and not by the other, and the name server lists both. With one address
 * of each, libcurl tries both by itself. */
static void try_other_family(struct collector *c, uint64_t now)
{
	if (!c->has_several || now < c->turned_us + TURN_US || !is_unreachable(c))
		return;
	c->turned_us = now;
	(void)addresses_turn(c->addresses);
}

void collectors_tidy(struct exporter *e, uint64_t now, uint64_t *wake)
{
	for (size_t i = 0; i < e->ncollectors; i++) {
		struct collector *c = &e->collectors[i];

		try_other_family(c, now);
		if (c->incomplete)
			update_destinations(c);
		if (c->incomplete)
			*wake = min_u64(*wake, now + AGAIN_US);
	}
	if (e->nleaving > 0)
		free_left(e, now, wake);
}

/* ---- open and free ---- */

static int watch_addresses(struct collector *c, struct why *why)
{
	const char *url = buf_cstr(&c->url);
	struct slice host = endpoint_host(url);
	struct buf text = { 0 };
	int rc;

	if (endpoint_is_address(host))
		return 0;
	buf_add(&text, host.at, host.len);
	rc = addresses_open(&c->addresses, c->exporter->loop, buf_cstr(&text), endpoint_port(url),
	        c->exporter->opts.lookup_ms, on_addresses, c);
	buf_free(&text);
	return rc < 0 ? why_set(why, rc, "addresses of a collector") : 0;
}

static int open_collector(struct collector *c, struct exporter *e, size_t i, struct why *why)
{
	int rc;

	c->exporter = e;
	c->metrics_url = e->opts.metrics_urls == NULL ? NULL : e->opts.metrics_urls[i];
	rc = endpoint_read(e->opts.urls[i], &c->url, &c->name, why);
	if (rc < 0)
		return rc;
	buf_cstr(&c->name);
	rc = add_destination(c, NULL, why);
	return rc < 0 ? rc : watch_addresses(c, why);
}

int collectors_open(struct exporter *e, struct why *why)
{
	if (e->opts.nurls == 0)
		return why_set(why, E_USAGE, "no collector is named");
	e->collectors = calloc(e->opts.nurls, sizeof(*e->collectors));
	if (e->collectors == NULL)
		return why_set(why, E_NOMEM, "collectors");
	for (size_t i = 0; i < e->opts.nurls; i++) {
		e->ncollectors = i + 1;
		if (open_collector(&e->collectors[i], e, i, why) < 0)
			return why->code;
	}
	return 0;
}

void collectors_free(struct exporter *e)
{
	for (size_t i = 0; i < e->ndestinations; i++)
		destination_free(e->destinations[i]);
	free(e->destinations);
	for (size_t i = 0; i < e->ncollectors; i++) {
		addresses_free(e->collectors[i].addresses);
		buf_free(&e->collectors[i].url);
		buf_free(&e->collectors[i].name);
	}
	free(e->collectors);
}
