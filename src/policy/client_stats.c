/* SPDX-License-Identifier: Apache-2.0 */
/* client_stats.c — a bounded table of clients with the last number and totals of each. A client is known by the hash of
 * its id alone: two clients whose hashes are equal spoil these counters, and nothing else. */
#include <stdlib.h>

#include "policy/client_stats.h"

enum { BUCKETS = 1024 };

struct client {
	struct list link;  /* in its bucket, or in the table's list of forgotten ones */
	struct list usage; /* in the table's list, the one that advanced longest ago first */
	uint64_t hash;
	uint64_t advanced_us; /* monotonic */
	int64_t number;       /* the highest; 0: none above 0 has come yet */
	int64_t dropped[CLIENT_LOSSES];
};

struct client_table {
	struct list buckets[BUCKETS];
	struct list usage;
	struct list forgotten; /* elements of clients[] to be used again */
	size_t used;           /* the elements behind were never used, and are not resident */
	struct client clients[CLIENT_STATS_MOST];
};

static struct client_table *new_table(void)
{
	struct client_table *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	for (size_t i = 0; i < BUCKETS; i++)
		list_init(&t->buckets[i]);
	list_init(&t->usage);
	list_init(&t->forgotten);
	return t;
}

/* An element that follows nobody; NULL: all do. */
static struct client *take_unused(struct client_table *t)
{
	struct client *one;

	if (list_empty(&t->forgotten))
		return t->used == CLIENT_STATS_MOST ? NULL : &t->clients[t->used++];
	one = list_first(&t->forgotten, struct client, link);
	list_remove(&one->link);
	return one;
}

static struct client *find(const struct client_table *t, uint64_t hash)
{
	list_each (node, &t->buckets[hash % BUCKETS]) {
		struct client *one = container_of(node, struct client, link);

		if (one->hash == hash)
			return one;
	}
	return NULL;
}

/* NULL: there is no room, or no memory. */
static struct client *add_client(struct client_stats *c, uint64_t hash, uint64_t now_us)
{
	struct client *one;

	if (c->table == NULL)
		c->table = new_table();
	one = c->table == NULL ? NULL : take_unused(c->table);
	if (one == NULL)
		return NULL;
	*one = (struct client){ .hash = hash, .advanced_us = now_us };
	list_push(&c->table->buckets[hash % BUCKETS], &one->link);
	list_push(&c->table->usage, &one->usage);
	c->connected++;
	return one;
}

/* Adds what a total has grown by. A total that shrank or is negative adds nothing, and a sum stops at its limit, so that
 * no client can make a counter go backwards. */
static void add_growth(uint64_t *sum, int64_t before, int64_t now)
{
	uint64_t grown = now > before && now > 0 ? (uint64_t)now - (uint64_t)(before > 0 ? before : 0) : 0;

	*sum = grown > UINT64_MAX - *sum ? UINT64_MAX : *sum + grown;
}

static void advance(struct client_stats *c, struct client *one, int64_t number, const int64_t *dropped, uint64_t now_us)
{
	bool is_first = one->number == 0;

	if (!is_first)
		add_growth(&c->sent, one->number, number);
	for (size_t i = 0; dropped != NULL && i < CLIENT_LOSSES; i++) {
		if (!is_first)
			add_growth(&c->dropped[i], one->dropped[i], dropped[i]);
		one->dropped[i] = dropped[i];
	}
	one->number = number;
	one->advanced_us = now_us;
	list_remove(&one->usage);
	list_push(&c->table->usage, &one->usage);
}

void client_stats_add(struct client_stats *c, struct slice uuid, int64_t number, const int64_t dropped[CLIENT_LOSSES],
        uint64_t now_us)
{
	uint64_t hash = slice_hash(uuid, SLICE_HASH_BEGIN);
	struct client *one;

	c->received++;
	client_stats_expire(c, now_us);
	one = c->table == NULL ? NULL : find(c->table, hash);
	if (one == NULL)
		one = add_client(c, hash, now_us);
	if (one == NULL)
		c->unfollowed++;
	else if (number > one->number)
		advance(c, one, number, dropped, now_us);
}

void client_stats_expire(struct client_stats *c, uint64_t now_us)
{
	while (c->table != NULL && !list_empty(&c->table->usage)) {
		struct client *one = list_first(&c->table->usage, struct client, usage);

		if (now_us - one->advanced_us < CLIENT_STATS_IDLE_S * US_PER_S)
			return;
		list_remove(&one->usage);
		list_remove(&one->link);
		list_push(&c->table->forgotten, &one->link);
		c->connected--;
	}
}

void client_stats_free(struct client_stats *c)
{
	free(c->table);
	*c = (struct client_stats){ 0 };
}
