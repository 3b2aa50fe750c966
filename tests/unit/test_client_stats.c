/* SPDX-License-Identifier: Apache-2.0 */
/* test_client_stats.c — the rules of jaeger-agent's client_stats, hostile numbers, and the bound on clients. */
#include <stdio.h>

#include "policy/client_stats.h"
#include "tap.h"

#define S US_PER_S

static void add(struct client_stats *c, const char *uuid, int64_t number, int64_t full, int64_t large, int64_t failed)
{
	const int64_t dropped[CLIENT_LOSSES] = { full, large, failed };

	client_stats_add(c, slice_text(uuid), number, dropped, 1 * S);
}

static void are(const struct client_stats *c, uint64_t received, uint64_t sent, uint64_t full, uint64_t large,
        uint64_t failed, const char *name)
{
	bool same = c->received == received && c->sent == sent && c->dropped[CLIENT_FULL_QUEUE] == full &&
	            c->dropped[CLIENT_TOO_LARGE] == large && c->dropped[CLIENT_SEND_FAILURE] == failed;

	ok(same, "%s", name);
	if (!same)
		diag("received %llu sent %llu dropped %llu %llu %llu", (unsigned long long)c->received,
		        (unsigned long long)c->sent, (unsigned long long)c->dropped[CLIENT_FULL_QUEUE],
		        (unsigned long long)c->dropped[CLIENT_TOO_LARGE],
		        (unsigned long long)c->dropped[CLIENT_SEND_FAILURE]);
}

static void the_rules(void)
{
	struct client_stats c = { 0 };

	add(&c, "a", 100, 5, 6, 7);
	are(&c, 1, 0, 0, 0, 0, "the first batch of a client only begins its counting");
	add(&c, "a", 103, 6, 8, 10);
	are(&c, 2, 3, 1, 2, 3, "then each adds what its totals have grown by");
	add(&c, "a", 102, 60, 80, 100);
	add(&c, "a", 103, 60, 80, 100);
	are(&c, 4, 3, 1, 2, 3, "a batch that comes late or twice adds nothing");
	client_stats_add(&c, slice_text("a"), 104, NULL, 1 * S);
	add(&c, "a", 105, 7, 8, 10);
	are(&c, 6, 5, 2, 2, 3, "a batch without totals leaves them as they were");
	add(&c, "a", 106, 0, 8, 11);
	are(&c, 7, 6, 2, 2, 4, "a total that shrinks adds nothing");
	add(&c, "a", 107, 3, 8, 11);
	are(&c, 8, 7, 5, 2, 4, "and grows again from there");
	add(&c, "b", 1, 9, 9, 9);
	add(&c, "b", 2, 9, 9, 10);
	are(&c, 10, 8, 5, 2, 5, "each client has its own totals");
	is_int((int64_t)c.connected, 2, "two clients are connected");
	client_stats_free(&c);
}

/* No sum of SINCE has decreased in C. */
static bool only_grew(const struct client_stats *since, const struct client_stats *c)
{
	bool grew = c->received >= since->received && c->sent >= since->sent;

	for (size_t i = 0; i < CLIENT_LOSSES; i++)
		grew &= c->dropped[i] >= since->dropped[i];
	return grew;
}

static void no_number_makes_a_counter_go_backwards(void)
{
	static const int64_t odd[] = { 0, 1, -1, INT64_MIN, INT64_MAX, INT64_MIN + 1, INT64_MAX - 1, 7 };
	struct client_stats c = { 0 };
	bool grew = true;
	int64_t number = 0;

	for (size_t round = 0; round < 4; round++)
		for (size_t i = 0; i < ARRAY_LEN(odd); i++)
			for (size_t k = 0; k < ARRAY_LEN(odd); k++) {
				struct client_stats before = c;

				add(&c, "climbing", ++number, odd[i], odd[k], -odd[i % 3]);
				add(&c, "odd", odd[k], odd[k], odd[i], 0);
				grew &= only_grew(&before, &c);
			}
	ok(grew, "extremes in every order only add");
	is_int((int64_t)(c.dropped[CLIENT_FULL_QUEUE] >> 63), 1, "a sum stops at its limit and does not wrap");
	client_stats_free(&c);
	add(&c, "negative", -5, 1, 1, 1);
	add(&c, "negative", 0, 2, 2, 2);
	add(&c, "negative", 3, 4, 4, 4);
	are(&c, 3, 0, 0, 0, 0, "the first number above 0 is a client's first");
	client_stats_free(&c);
}

static void idle_clients_are_forgotten(void)
{
	struct client_stats c = { 0 };
	uint64_t hour = CLIENT_STATS_IDLE_S * S;

	client_stats_add(&c, slice_text("old"), 1, NULL, 0);
	client_stats_add(&c, slice_text("new"), 1, NULL, S);
	client_stats_add(&c, slice_text("old"), 1, NULL, hour - 1);
	client_stats_expire(&c, hour - 1);
	is_int((int64_t)c.connected, 2, "a client is kept for an hour");
	client_stats_expire(&c, hour);
	is_int((int64_t)c.connected, 1, "a batch that is no news keeps nobody");
	client_stats_add(&c, slice_text("old"), 900, NULL, hour);
	is_int((int64_t)c.sent, 0, "one that comes back begins anew");
	client_stats_expire(&c, 3 * hour);
	is_int((int64_t)c.connected, 0, "all are forgotten in the end");
	client_stats_free(&c);
}

/* ROUND is the number of each client's batch. */
static void ten_thousand(struct client_stats *c, int64_t round, uint64_t now_us)
{
	const int64_t dropped[CLIENT_LOSSES] = { round, 0, 0 };
	char uuid[32];

	for (int i = 0; i < 10000; i++) {
		snprintf(uuid, sizeof(uuid), "%x-client", (unsigned)i * 2654435761u);
		client_stats_add(c, slice_text(uuid), round, dropped, now_us);
	}
}

static void clients_are_bounded(void)
{
	struct client_stats c = { 0 };
	uint64_t hour = CLIENT_STATS_IDLE_S * S;

	ten_thousand(&c, 1, S);
	is_int((int64_t)c.connected, CLIENT_STATS_MOST, "of 10,000 clients as many are followed as fit");
	is_int((int64_t)c.unfollowed, 10000 - CLIENT_STATS_MOST, "each batch of the others is counted");
	ten_thousand(&c, 2, 2 * S);
	is_int((int64_t)c.sent, CLIENT_STATS_MOST, "no client pushes out another");
	is_int((int64_t)c.received, 20000, "all batches are received");
	ten_thousand(&c, 3, 2 * S + hour);
	is_int((int64_t)c.connected, CLIENT_STATS_MOST, "an hour later there is room again");
	is_int((int64_t)c.sent, CLIENT_STATS_MOST, "for clients that begin");
	client_stats_free(&c);
}

int main(void)
{
	the_rules();
	no_number_makes_a_counter_go_backwards();
	idle_clients_are_forgotten();
	clients_are_bounded();
	return tap_done();
}
