/* SPDX-License-Identifier: Apache-2.0 */
/* test_addresses.c — a name's addresses: their order, changes, failures, a name server that hangs. */
#include <config.h>

#include "http/addresses.h"
#include "looptest.h"
#include "resolver.h"

enum { EVERY_MS = 2, PORT = 14268 };

/* What a watcher of a name sees. */
struct seen {
	struct loop *loop;
	struct addresses *a;
	size_t changes;
	bool frees;
	size_t more_than; /* lookups, for has_looked_up */
};

static void on_changed(void *arg)
{
	struct seen *s = arg;

	s->changes++;
	if (s->frees) {
		addresses_free(s->a);
		s->a = NULL;
	}
}

static void seen_open(struct seen *s, const char *host)
{
	struct why why;

	*s = (struct seen){ 0 };
	if (loop_open(&s->loop, &why) < 0 || addresses_open(&s->a, s->loop, host, PORT, EVERY_MS, on_changed, s) < 0)
		abort();
	ok(s->changes == 0 && addresses_count(s->a) == 0 && addresses_error(s->a)[0] == '\0',
	        "%s: nothing is known before the loop runs", host);
}

static void seen_close(struct seen *s)
{
	addresses_free(s->a);
	loop_free(s->loop);
}

static bool has_looked_up(void *arg)
{
	return resolver_lookups() > ((struct seen *)arg)->more_than;
}

/* N lookups more have begun, so that N - 1 have ended. */
static void look_up_more(struct seen *s, size_t n)
{
	s->more_than = resolver_lookups() + n;
	run_until(s->loop, has_looked_up, s);
}

static void is_list(const struct seen *s, const char *const *want, const char *name)
{
	size_t n = addresses_count(s->a);
	bool same = true;

	for (size_t i = 0; i < n; i++)
		same = same && want[i] != NULL && strcmp(want[i], addresses_at(s->a, i)) == 0;
	if (!ok(same && want[n] == NULL, "%s", name))
		for (size_t i = 0; i < n; i++)
			diag("%s", addresses_at(s->a, i));
}

static bool has_error(void *arg)
{
	return addresses_error(((struct seen *)arg)->a)[0] != '\0';
}

static bool has_no_error(void *arg)
{
	return !has_error(arg);
}

static void a_list_is_sorted_and_told_when_it_changes(void)
{
	static const char *const two[] = { "10.0.0.9", "10.0.0.10", "10.0.0.9", NULL };
	static const char *const turned[] = { "10.0.0.10", "10.0.0.9", NULL };
	static const char *const one[] = { "10.0.0.10", NULL };
	static const char *const want[] = { "10.0.0.10:14268", "10.0.0.9:14268", NULL };
	struct seen s;

	resolver_answer(two);
	seen_open(&s, "many.test");
	run_until_count(s.loop, &s.changes, 1);
	is_list(&s, want, "sorted, each once");
	resolver_answer(turned);
	look_up_more(&s, 4);
	is_int(s.changes, 1, "the same in another order is no change");
	resolver_answer(one);
	run_until_count(s.loop, &s.changes, 2);
	is_list(&s, (const char *const[]){ "10.0.0.10:14268", NULL }, "a change is told");
	seen_close(&s);
}

/* The resolver answers in the reverse order of its texts. */
static void a_host_with_two_families_is_there_once(void)
{
	static const char *const six_first[] = { "10.0.0.1", "10.0.0.2", "fd00::2", "fd00::1", NULL };
	static const char *const four_first[] = { "fd00::1", "10.0.0.2", NULL };
	struct seen s;

	resolver_answer(six_first);
	seen_open(&s, "both.test");
	run_until_count(s.loop, &s.changes, 1);
	is_list(&s, (const char *const[]){ "[fd00::1]:14268", "[fd00::2]:14268", NULL },
	        "the family that the resolver prefers");
	resolver_answer(four_first);
	run_until_count(s.loop, &s.changes, 2);
	is_list(&s, (const char *const[]){ "10.0.0.2:14268", NULL }, "and no other");
	seen_close(&s);
}

static void a_list_has_a_bound(void)
{
	enum { ALL = ADDRESSES_MOST + 40 };
	static char texts[ALL][16];
	static const char *all[ALL + 1];
	struct seen s;

	for (size_t i = 0; i < ALL; i++) {
		snprintf(texts[i], sizeof(texts[i]), "10.0.1.%zu", 100 + i);
		all[i] = texts[i];
	}
	resolver_answer(all);
	seen_open(&s, "crowd.test");
	run_until_count(s.loop, &s.changes, 1);
	is_int(addresses_count(s.a), ADDRESSES_MOST, "no more are used");
	ok(strcmp(addresses_at(s.a, 0), "10.0.1.100:14268") == 0 &&
	                strcmp(addresses_at(s.a, ADDRESSES_MOST - 1), "10.0.1.131:14268") == 0,
	        "the first in their order");
	look_up_more(&s, 3);
	is_int(s.changes, 1, "and the same again");
	seen_close(&s);
}

static void a_failure_keeps_the_list(void)
{
	static const char *const two[] = { "10.0.0.1", "10.0.0.2", NULL };
	static const char *const want[] = { "10.0.0.1:14268", "10.0.0.2:14268", NULL };
	struct seen s;

	resolver_answer(two);
	seen_open(&s, "comes-and-goes.test");
	run_until_count(s.loop, &s.changes, 1);
	resolver_answer(NULL);
	run_until(s.loop, has_error, &s);
	ok(strstr(addresses_error(s.a), "comes-and-goes.test") != NULL, "it says why: %s", addresses_error(s.a));
	is_list(&s, want, "the last list stays");
	look_up_more(&s, 3);
	is_list(&s, want, "and stays");
	resolver_answer(two);
	run_until(s.loop, has_no_error, &s);
	is_int(s.changes, 1, "the same list when it heals is no change");
	seen_close(&s);
}

static void a_name_server_that_hangs_holds_nothing(void)
{
	static const char *const one[] = { "10.0.0.1", NULL };
	struct seen s;

	resolver_answer(one);
	pthread_mutex_lock(&resolver_held);
	seen_open(&s, "hangs.test");
	run_until(s.loop, has_error, &s);
	ok(strstr(addresses_error(s.a), "no name server answers") != NULL, "it says so: %s", addresses_error(s.a));
	pthread_mutex_unlock(&resolver_held);
	run_until_count(s.loop, &s.changes, 1);
	run_until(s.loop, has_no_error, &s);
	ok(true, "when it answers, the list comes");
	pthread_mutex_lock(&resolver_held);
	run_until(s.loop, has_error, &s);
	seen_close(&s);
	ok(true, "freed with its loop while a lookup hangs");
	pthread_mutex_unlock(&resolver_held);
}

static void an_address_is_looked_up_once(void)
{
	struct seen s;
	size_t before;

	seen_open(&s, "::1");
	run_until_count(s.loop, &s.changes, 1);
	is_list(&s, (const char *const[]){ "[::1]:14268", NULL }, "an address is its own list");
	before = resolver_lookups();
	wait_ms(s.loop, 10 * EVERY_MS);
	is_int(resolver_lookups() - before, 0, "which no later lookup changes");
	seen_close(&s);
	seen_open(&s, "localhost");
	run_until_count(s.loop, &s.changes, 1);
	ok(strcmp(addresses_at(s.a, 0), "127.0.0.1:14268") == 0, "localhost: %s", addresses_at(s.a, 0));
	seen_close(&s);
}

static void a_change_may_free(void)
{
	static const char *const one[] = { "10.0.0.1", NULL };
	struct seen s;

	resolver_answer(one);
	seen_open(&s, "short.test");
	s.frees = true;
	run_until_count(s.loop, &s.changes, 1);
	wait_ms(s.loop, 5 * EVERY_MS);
	is_int(s.changes, 1, "freed from inside");
	seen_close(&s);
}

int main(void)
{
	a_list_is_sorted_and_told_when_it_changes();
	a_host_with_two_families_is_there_once();
	a_list_has_a_bound();
	a_failure_keeps_the_list();
	a_name_server_that_hangs_holds_nothing();
	an_address_is_looked_up_once();
	a_change_may_free();
	return tap_done();
}
