/* SPDX-License-Identifier: Apache-2.0 */
/* cache.c — a bounded map from a service to its strategy.
 *
 *   new ──cache_fetching──► fetching ──cache_fetched──► known: due again after refresh_us
 *                              └──────cache_failed────► known or unknown: due again after a pause that doubles
 *
 * A strategy is never dropped because it is old: it is answered, with its age, until a newer one is there. */
#include <stdlib.h>

#include <jansson.h>

#include "cache.h"
#include "strategy.h"

enum { FILE_VERSION = 1 };

void cache_init(struct cache *c, size_t most, uint64_t refresh_us)
{
	*c = (struct cache){ .most = most, .refresh_us = refresh_us };
	for (size_t i = 0; i < CACHE_BUCKETS; i++)
		list_init(&c->buckets[i]);
	list_init(&c->usage);
}

static void forget(struct cache *c, struct cache_entry *e)
{
	list_remove(&e->link);
	list_remove(&e->usage);
	c->bytes -= e->service.len + e->strategy.len;
	c->changed |= e->strategy.len > 0;
	buf_free(&e->service);
	buf_free(&e->strategy);
	buf_free(&e->fault);
	free(e);
	c->n--;
}

void cache_free(struct cache *c)
{
	while (c->usage.next != NULL && !list_empty(&c->usage))
		forget(c, list_first(&c->usage, struct cache_entry, usage));
}

struct cache_entry *cache_next(const struct cache *c, const struct cache_entry *e)
{
	const struct list *next = e == NULL ? c->usage.next : e->usage.next;

	return next == &c->usage ? NULL : container_of(next, struct cache_entry, usage);
}

static bool may_forget(const struct cache_entry *e)
{
	return !e->fetching && list_empty(&e->waiters);
}

bool cache_is_idle(const struct cache_entry *e, uint64_t now_us)
{
	return now_us - e->used_us >= CACHE_REFRESH_KEEP_S * US_PER_S;
}

/* The entry to forget for another one: clients that ask for names at random must not push out services in use. */
static struct cache_entry *least_needed(const struct cache *c, uint64_t now_us)
{
	struct cache_entry *idle = NULL;

	for (struct cache_entry *e = cache_next(c, NULL); e != NULL; e = cache_next(c, e)) {
		if (may_forget(e) && e->strategy.len == 0)
			return e;
		if (idle == NULL && may_forget(e) && cache_is_idle(e, now_us))
			idle = e;
	}
	return idle;
}

/* False: there is no room for another entry. */
static bool make_room(struct cache *c, uint64_t now_us)
{
	struct cache_entry *e;

	if (c->n < c->most)
		return true;
	e = least_needed(c, now_us);
	if (e == NULL)
		return false;
	forget(c, e);
	c->forgotten++;
	return true;
}

static struct cache_entry *find(struct cache *c, struct slice service, uint64_t hash)
{
	list_each (node, &c->buckets[hash % CACHE_BUCKETS]) {
		struct cache_entry *e = container_of(node, struct cache_entry, link);

		if (e->hash == hash && slice_same(buf_slice(&e->service), service))
			return e;
	}
	return NULL;
}

static struct cache_entry *add(struct cache *c, struct slice service, uint64_t hash, uint64_t now_us)
{
	struct cache_entry *e = make_room(c, now_us) ? calloc(1, sizeof(*e)) : NULL;

	if (e == NULL)
		return NULL;
	buf_add(&e->service, service.at, service.len);
	if (buf_check(&e->service) < 0) {
		free(e);
		return NULL;
	}
	e->hash = hash;
	list_init(&e->waiters);
	list_push(&c->buckets[hash % CACHE_BUCKETS], &e->link);
	list_push(&c->usage, &e->usage);
	c->n++;
	c->bytes += service.len;
	return e;
}

struct cache_entry *cache_use(struct cache *c, struct slice service, uint64_t now_us)
{
	uint64_t hash = slice_hash(service, SLICE_HASH_BEGIN);
	struct cache_entry *e = find(c, service, hash);

	if (e == NULL)
		e = add(c, service, hash, now_us);
	if (e == NULL)
		return NULL;
	e->used_us = now_us;
	list_remove(&e->usage);
	list_push(&c->usage, &e->usage);
	return e;
}

bool cache_is_due(const struct cache_entry *e, uint64_t now_us)
{
	return !e->fetching && now_us >= e->next_us && !cache_is_idle(e, now_us);
}

struct cache_entry *cache_failing(const struct cache *c, unsigned least, uint64_t now_us, size_t *n)
{
	struct cache_entry *first = NULL;

	*n = 0;
	for (struct cache_entry *e = cache_next(c, NULL); e != NULL; e = cache_next(c, e)) {
		if (e->failures < least || cache_is_idle(e, now_us))
			continue;
		first = first == NULL ? e : first;
		++*n;
	}
	return first;
}

struct cache_entry *cache_due(const struct cache *c, uint64_t now_us)
{
	struct cache_entry *first = NULL;

	for (struct cache_entry *e = cache_next(c, NULL); e != NULL; e = cache_next(c, e)) {
		if (!cache_is_due(e, now_us))
			continue;
		if (!list_empty(&e->waiters))
			return e;
		if (first == NULL || e->next_us < first->next_us)
			first = e;
	}
	return first;
}

void cache_fetching(struct cache_entry *e)
{
	e->fetching = true;
}

/* Forgets services that no client asks for until LEN more bytes fit. */
static bool make_bytes(struct cache *c, const struct cache_entry *keep, size_t len, uint64_t now_us)
{
	for (struct cache_entry *e = cache_next(c, NULL); e != NULL && c->bytes + len > CACHE_BYTES_MOST;) {
		struct cache_entry *next = cache_next(c, e);

		if (e != keep && may_forget(e) && cache_is_idle(e, now_us)) {
			forget(c, e);
			c->forgotten++;
		}
		e = next;
	}
	return c->bytes + len <= CACHE_BYTES_MOST;
}

/* Gives E the strategy TEXT, and empties TEXT. */
static void set_strategy(struct cache *c, struct cache_entry *e, struct buf *text, uint64_t fetched_ms)
{
	c->bytes += text->len;
	c->bytes -= e->strategy.len;
	buf_free(&e->strategy);
	e->strategy = *text;
	e->fetched_ms = fetched_ms;
	*text = (struct buf){ 0 };
}

int cache_fetched(struct cache *c, struct cache_entry *e, struct slice strategy, uint64_t now_us, uint64_t now_ms)
{
	bool is_same = slice_same(buf_slice(&e->strategy), strategy);
	struct buf text = { 0 };

	if (!is_same && !make_bytes(c, e, strategy.len, now_us))
		return E_TOO_LARGE;
	if (!is_same) {
		buf_add(&text, strategy.at, strategy.len);
		buf_fit(&text);
		if (buf_check(&text) < 0)
			return E_NOMEM;
		set_strategy(c, e, &text, now_ms);
	}
	e->fetching = false;
	e->failures = 0;
	e->next_us = now_us + c->refresh_us;
	e->fetched_ms = now_ms;
	buf_free(&e->fault);
	c->changed |= !is_same;
	c->refreshed = true;
	return 0;
}

void cache_failed(struct cache *c, struct cache_entry *e, const char *fault, uint64_t now_us)
{
	uint64_t pause = CACHE_RETRY_FIRST_S * US_PER_S << min_u64(e->failures, 20);

	e->fetching = false;
	e->failures++;
	e->next_us = now_us + min_u64(pause, c->refresh_us);
	buf_clear(&e->fault);
	buf_text(&e->fault, fault);
}

void cache_expire(struct cache *c, uint64_t now_us)
{
	struct cache_entry *e = cache_next(c, NULL);

	while (e != NULL && now_us - e->used_us >= CACHE_KEEP_S * US_PER_S) {
		struct cache_entry *next = cache_next(c, e);

		if (may_forget(e))
			forget(c, e);
		e = next;
	}
}

/* Appends one element of the file. The strategy is JSON already. A name that is not UTF-8 has no form in JSON: it is left
 * out, and its strategy is fetched again after a restart. */
static void save_entry(struct buf *to, const struct cache_entry *e, bool *first)
{
	json_t *service = json_stringn((const char *)e->service.at, e->service.len);
	char *name = service == NULL ? NULL : json_dumps(service, JSON_ENCODE_ANY);

	if (name != NULL) {
		buf_printf(to, "%s\n{\"service\":%s,\"fetched_ms\":%llu,\"strategy\":", *first ? "" : ",", name,
		        (unsigned long long)e->fetched_ms);
		buf_add(to, e->strategy.at, e->strategy.len);
		buf_byte(to, '}');
		*first = false;
	}
	free(name);
	json_decref(service);
}

int cache_save(struct cache *c, struct buf *to)
{
	bool first = true;

	buf_printf(to, "{\"sampling\":%d,\"services\":[", FILE_VERSION);
	for (struct cache_entry *e = cache_next(c, NULL); e != NULL; e = cache_next(c, e))
		if (e->strategy.len > 0)
			save_entry(to, e, &first);
	buf_text(to, "\n]}\n");
	c->changed = false;
	c->refreshed = false;
	return buf_check(to);
}

/* Adds one element of the file. False: it is not valid. */
static bool load_entry(struct cache *c, const json_t *element, uint64_t now_us)
{
	const json_t *service = json_object_get(element, "service");
	const json_t *fetched = json_object_get(element, "fetched_ms");
	const json_t *strategy = json_object_get(element, "strategy");
	struct slice name = slice_of(json_string_value(service), json_string_length(service));
	struct buf normal = { 0 };
	struct cache_entry *e = NULL;
	struct why why;
	char *text = NULL;

	if (json_is_string(service) && name.len <= CACHE_SERVICE_MOST && json_is_integer(fetched))
		text = json_dumps(strategy, 0);
	if (text != NULL && strategy_normalize(slice_text(text), &normal, &why) == 0)
		e = cache_use(c, name, now_us);
	free(text);
	if (e == NULL) {
		buf_free(&normal);
		return false;
	}
	set_strategy(c, e, &normal, (uint64_t)json_integer_value(fetched));
	return true;
}

int cache_load(struct cache *c, struct slice text, uint64_t now_us, struct why *why)
{
	json_error_t error;
	json_t *root = json_loadb((const char *)text.at, text.len, 0, &error);
	const json_t *list = json_object_get(root, "services");
	int added = 0;

	if (root == NULL)
		return why_set(why, E_MALFORMED, "line %d: %s", error.line, error.text);
	if (json_integer_value(json_object_get(root, "sampling")) != FILE_VERSION || !json_is_array(list))
		added = why_set(why, E_MALFORMED, "it is not a file of this version's sampling strategies");
	else
		for (size_t i = 0; i < json_array_size(list); i++)
			added += load_entry(c, json_array_get(list, i), now_us);
	json_decref(root);
	c->changed = false;
	return added;
}

void cache_merge(struct cache *c, struct cache *from, uint64_t now_us)
{
	for (struct cache_entry *e = cache_next(from, NULL); e != NULL; e = cache_next(from, e)) {
		struct cache_entry *to = find(c, buf_slice(&e->service), e->hash);

		if (to == NULL && c->bytes + e->strategy.len <= CACHE_BYTES_MOST) {
			to = cache_use(c, buf_slice(&e->service), now_us);
			if (to != NULL)
				to->next_us = now_us + e->hash % (c->refresh_us + 1);
		}
		if (to == NULL || to->strategy.len > 0)
			continue;
		from->bytes -= e->strategy.len;
		set_strategy(c, to, &e->strategy, e->fetched_ms);
	}
}
