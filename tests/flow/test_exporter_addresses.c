/* SPDX-License-Identifier: Apache-2.0 */
/* test_exporter_addresses.c — the addresses of a collector's name: they join and leave while items are sent, in any
 * order, and with a name server that fails. */
#include <config.h>

#include "exporter_fixture.h"
#include "resolver.h"

enum { LOOKUP_MS = 2, LEAVE_S = 11, SECONDS = 10 };

static const char one[] = "127.0.0.1:14268", two[] = "127.0.0.2:14268", three[] = "127.0.0.3:14268";
static const char *const only_one[] = { "127.0.0.1", NULL };
static const char *const only_two[] = { "127.0.0.2", NULL };
static const char *const both[] = { "127.0.0.1", "127.0.0.2", NULL };
static const char *const both_turned[] = { "127.0.0.2", "127.0.0.1", NULL };
static const char *const all_three[] = { "127.0.0.3", "127.0.0.1", "127.0.0.2", NULL };

/* What exporter_each shows. */
struct shown {
	size_t n, leaving;
	bool named[3]; /* one, two, three */
	bool by_name;  /* without an address */
	char name_error[128];
};

static void show(void *arg, const struct exporter_destination *d)
{
	static const char *const names[] = { one, two, three };
	struct shown *s = arg;

	s->n++;
	s->leaving += d->leaving;
	s->by_name |= d->address[0] == '\0';
	snprintf(s->name_error, sizeof(s->name_error), "%s", d->name_error);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		s->named[i] |= strcmp(d->address, names[i]) == 0 && !d->leaving;
}

static struct shown look(const struct fixture *d)
{
	struct shown s = { 0 };

	exporter_each(d->exporter, show, &s);
	return s;
}

static struct fixture *open_at(const char *url)
{
	const char *const urls[] = { url };
	struct exporter_opts opts = fixture_opts(urls, 1);

	opts.lookup_ms = LOOKUP_MS;
	return fixture_open(&opts);
}

static bool has_wanted(void *arg)
{
	struct fixture *d = arg;
	struct shown s = look(d);

	return s.n == d->want && s.leaving == 0;
}

/* N destinations, none of which is leaving. */
static void wait_destinations(struct fixture *d, size_t n, const char *name)
{
	d->want = n;
	ok(wait_until(d->loop, has_wanted, d, SECONDS), "%s", name);
}

static struct fixture *open_both(void)
{
	struct fixture *d;

	resolver_answer(both);
	d = open_at("http://many.test:14268");
	wait_destinations(d, 2, "each of two addresses is a destination");
	return d;
}

static bool looked_up(void *arg)
{
	return resolver_lookups() >= ((struct fixture *)arg)->want;
}

/* The next lookup, and the one after it, have ended. */
static void wait_lookups(struct fixture *d)
{
	d->want = resolver_lookups() + 3;
	ok(wait_until(d->loop, looked_up, d, SECONDS), "the name is looked up again");
}

static size_t out_at(const char *address)
{
	size_t n = 0;

	for (size_t i = 0; i < fake.n; i++)
		n += strcmp(fake.out[i].address, address) == 0;
	return n;
}

static void send_some(struct fixture *d, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fixture_must_send(d, 1);
}

/* Answers all that is out: 202, or no connection at the address AWAY, unless that is NULL. */
static void answer_but(struct fixture *d, const char *away, size_t reported)
{
	for (int i = 0; i < 5000 && d->reported < reported; i++) {
		while (fake.n > 0)
			away != NULL &&strcmp(fake.out[0].address, away) == 0 ? fake_fail(0, HTTP_NO_CONNECTION)
			                                                      : fake_answer(0, 202, "", -1);
		wait_ms(d->loop, 1);
	}
	is_int(d->reported, reported, "all are reported");
}

static void are_delivered(const struct fixture *d)
{
	for (size_t i = 0; i < d->nitems; i++)
		if (d->items[i].reports != 1 || d->items[i].outcome != EXPORTER_DELIVERED)
			ok(0, "item %zu is delivered", i);
}

static void addresses_share_the_load(void)
{
	struct fixture *d = open_both();

	send_some(d, 16);
	ok(fixture_out(d, 8), "eight are out");
	is_int(out_at(one), 4, "half of them to one address");
	is_int(out_at(two), 4, "half to the other");
	ok(fake_goes_to(0, "http://many.test:14268/"), "under the collector's name");
	answer_but(d, NULL, 16);
	are_delivered(d);
	fixture_close(d);
}

static void one_that_is_away_is_named_and_comes_back(void)
{
	struct fixture *d = open_both();

	send_some(d, 16);
	answer_but(d, two, 16);
	are_delivered(d);
	is_int(d->state, EXPORTER_DEGRADED, "one of the two is missed");
	ok(strstr(d->sentence, "http://many.test:14268 at 127.0.0.2:14268 takes no connection") == d->sentence,
	        "and named: %s", d->sentence);
	for (int i = 0; i < 1000 && d->state != EXPORTER_SENDING; i++) {
		fixture_must_send(d, 1);
		answer_but(d, NULL, d->nitems);
	}
	is_int(d->state, EXPORTER_SENDING, "it is back when it answers");
	are_delivered(d);
	fixture_close(d);
}

static void order_does_not_count(void)
{
	struct fixture *d = open_both();

	send_some(d, 2);
	ok(fixture_out(d, 2), "two are out");
	resolver_answer(both_turned);
	wait_lookups(d);
	is_int(look(d).leaving, 0, "none leaves");
	is_int(look(d).n, 2, "none joins");
	answer_but(d, NULL, 2);
	fixture_close(d);
}

static void what_leaves_ends_what_it_has_and_gets_no_more(void)
{
	struct fixture *d = open_both();

	send_some(d, 2);
	ok(fixture_out(d, 2) && out_at(one) == 1 && out_at(two) == 1, "one is out at each");
	resolver_answer(only_one);
	wait_lookups(d);
	is_int(look(d).leaving, 1, "the second leaves");
	send_some(d, 7);
	ok(fixture_out(d, 8), "six more are out");
	is_int(out_at(two), 1, "none of them there");
	answer_but(d, NULL, 9);
	are_delivered(d);
	wait_destinations(d, 1, "it is gone when its request has ended");
	is_int(look(d).named[0], 1, "the first stays, with its address");
	is_int(d->again_spans, 0, "nothing was sent again");
	is_int(d->changes, 0, "and nobody was told of fault");
	fixture_close(d);
}

static void an_address_that_is_back_in_time_is_the_same(void)
{
	struct fixture *d = open_both();

	send_some(d, 2);
	ok(fixture_out(d, 2), "one is out at each");
	resolver_answer(only_one);
	wait_lookups(d);
	is_int(look(d).leaving, 1, "the second leaves");
	resolver_answer(all_three);
	wait_destinations(d, 3, "it stays, and a third joins");
	ok(look(d).named[0] && look(d).named[1] && look(d).named[2], "all three are named");
	answer_but(d, NULL, 2);
	send_some(d, 6);
	ok(fixture_out(d, 6), "six are out");
	ok(out_at(one) == 2 && out_at(two) == 2 && out_at(three) == 2, "two at each");
	answer_but(d, NULL, 8);
	are_delivered(d);
	fixture_close(d);
}

static void what_fails_at_one_that_leaves_goes_to_another(void)
{
	struct fixture *d = open_both();

	send_some(d, 2);
	ok(fixture_out(d, 2), "one is out at each");
	resolver_answer(only_one);
	wait_lookups(d);
	answer_but(d, two, 2);
	are_delivered(d);
	is_int(d->changes, 0, "an address that has left is nobody's fault");
	wait_destinations(d, 1, "and is gone");
	fixture_close(d);
}

static bool says_name_is_unknown(void *arg)
{
	return strcmp(look(arg).name_error, "many.test cannot be looked up: Name or service not known") == 0;
}

static bool says_nothing_of_the_name(void *arg)
{
	return look(arg).name_error[0] == '\0';
}

static void a_name_server_that_fails_changes_nothing(void)
{
	struct fixture *d = open_both();

	resolver_answer(NULL);
	wait_lookups(d);
	send_some(d, 8);
	ok(fixture_out(d, 8), "eight are out");
	ok(out_at(one) == 4 && out_at(two) == 4, "to the addresses known before");
	answer_but(d, NULL, 8);
	is_int(d->changes, 0, "and nothing is said against them");
	ok(wait_until(d->loop, says_name_is_unknown, d, SECONDS), "but the page says that the name is unknown");
	resolver_answer(only_two);
	wait_destinations(d, 1, "when it answers, its answer counts");
	is_int(look(d).named[1], 1, "which names the second");
	ok(wait_until(d->loop, says_nothing_of_the_name, d, SECONDS), "and the page no longer says that it fails");
	fixture_close(d);
}

static void a_name_that_is_unknown_at_first_heals(void)
{
	struct fixture *d;

	resolver_answer(NULL);
	d = open_at("http://late.test:14268");
	send_some(d, 4);
	ok(fixture_out(d, 1), "it is tried by its name");
	while (fake.n > 0)
		fake_fail(0, HTTP_UNKNOWN_HOST);
	ok(fixture_change(d, 1) && d->state == EXPORTER_BLOCKED, "an operator must look");
	ok(strstr(d->sentence, "http://late.test:14268 has a name without an address") == d->sentence, "%s",
	        d->sentence);
	resolver_answer(both);
	for (int i = 0; i < 5000 && !look(d).named[1]; i++) {
		while (fake.n > 0)
			fake_fail(0, HTTP_UNKNOWN_HOST);
		wait_ms(d->loop, 1);
	}
	while (fake.n > 0)
		strcmp(fake.out[0].address, "") == 0 ? fake_fail(0, HTTP_UNKNOWN_HOST) : fake_answer(0, 202, "", -1);
	wait_destinations(d, 2, "its addresses are found");
	answer_but(d, NULL, 4);
	is_int(d->state, EXPORTER_SENDING, "all is well by itself");
	are_delivered(d);
	fixture_close(d);
}

static void one_address_is_left_to_the_name(void)
{
	struct fixture *d;

	resolver_answer(only_one);
	d = open_at("http://one.test:14268");
	wait_lookups(d);
	send_some(d, 1);
	ok(fixture_out(d, 1) && out_at("") == 1, "a name with one address is asked by its name");
	ok(look(d).n == 1 && look(d).by_name, "as one destination");
	answer_but(d, NULL, 1);
	fixture_close(d);
}

/* The first test: nobody has looked anything up. */
static void an_address_is_not_looked_up(void)
{
	struct fixture *d = open_at("http://127.0.0.1:14268");

	send_some(d, 1);
	ok(fixture_out(d, 1) && out_at("") == 1, "an address is asked as it is");
	wait_ms(d->loop, 10 * LOOKUP_MS);
	is_int(resolver_lookups(), 0, "and not looked up");
	answer_but(d, NULL, 1);
	fixture_close(d);
}

/* The last is first: two of IPv6 before two of IPv4. */
static const char *const both_families[] = { "127.0.0.2", "127.0.0.1", "fd00::2", "::1", NULL };

static void fail_all_of_ipv6(struct fixture *d, bool of_ipv4_too)
{
	for (int i = 0; i < 5000 && d->reported < d->nitems; i++) {
		while (fake.n > 0)
			of_ipv4_too || fake.out[0].address[0] == '[' ? fake_fail(0, HTTP_NO_CONNECTION)
			                                             : fake_answer(0, 202, "", -1);
		fakeclock_ahead_us += US_PER_S / 100;
		wait_ms(d->loop, 1);
		if (of_ipv4_too && i == 1000)
			return;
	}
}

static void a_family_that_takes_no_connection_gives_way_to_the_other(void)
{
	struct fixture *d;

	resolver_answer(both_families);
	d = open_at("http://dual.test:14268");
	wait_destinations(d, 2, "the addresses of one family are destinations");
	ok(!look(d).named[0] && !look(d).named[1], "those of IPv6, which are named first");
	send_some(d, 4);
	fail_all_of_ipv6(d, false);
	are_delivered(d);
	is_int(d->reported, 4, "what they do not take is delivered to the others");
	ok(look(d).named[0] && look(d).named[1], "which are the destinations now");
	is_int(d->state, EXPORTER_SENDING, "and nobody is called");
	send_some(d, 2);
	fail_all_of_ipv6(d, true);
	is_int(d->state, EXPORTER_WAITING, "when both are away the collector is");
	answer_but(d, NULL, 6);
	are_delivered(d);
	fixture_close(d);
}

/* A hundred changes: nothing is lost, nothing is kept. */
static void addresses_may_change_all_the_time(void)
{
	static const char *const *const lists[] = { both, only_two, all_three, only_one, both_turned, NULL };
	struct fixture *d = open_both();

	for (size_t i = 0; i < 100; i++) {
		resolver_answer(lists[(i * 7 + i / 3) % ARRAY_LEN(lists)]);
		for (int k = 0; k < 5; k++)
			(void)!fixture_send(d, 1, NULL); /* E_DOWN while none is taken */
		for (int k = 0; k < 4; k++) {
			while (fake.n > (size_t)k)
				i % 3 == 0 ? fake_fail(k, HTTP_NO_CONNECTION) : fake_answer((size_t)k, 202, "", -1);
			wait_ms(d->loop, 1);
		}
		if (i % 20 == 19)
			answer_but(d, NULL, d->nitems);
	}
	are_delivered(d);
	resolver_answer(both);
	fakeclock_ahead_us += LEAVE_S * US_PER_S;
	wait_destinations(d, 2, "two remain in the end");
	fixture_close(d);
}

int main(void)
{
	an_address_is_not_looked_up();
	addresses_share_the_load();
	one_that_is_away_is_named_and_comes_back();
	order_does_not_count();
	what_leaves_ends_what_it_has_and_gets_no_more();
	an_address_that_is_back_in_time_is_the_same();
	what_fails_at_one_that_leaves_goes_to_another();
	a_name_server_that_fails_changes_nothing();
	a_name_that_is_unknown_at_first_heals();
	one_address_is_left_to_the_name();
	a_family_that_takes_no_connection_gives_way_to_the_other();
	addresses_may_change_all_the_time();
	return tap_done();
}
