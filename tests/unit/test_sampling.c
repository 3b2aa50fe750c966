/* SPDX-License-Identifier: Apache-2.0 */
/* test_sampling.c — strategies in all forms that collectors and files have, and the map of services. */
#include "cache.h"
#include "strategies.h"
#include "strategy.h"
#include "tap.h"

#define PROBABILISTIC(rate) "{\"strategyType\":\"PROBABILISTIC\",\"probabilisticSampling\":{\"samplingRate\":" rate "}}"
#define LIMITING(n) "{\"strategyType\":\"RATE_LIMITING\",\"rateLimitingSampling\":{\"maxTracesPerSecond\":" n "}}"
#define OPERATIONS(rate, list)                                                                                         \
	"{\"strategyType\":\"PROBABILISTIC\",\"probabilisticSampling\":{\"samplingRate\":" rate                        \
	"},\"operationSampling\":{\"defaultSamplingProbability\":" rate                                                \
	",\"defaultLowerBoundTracesPerSecond\":0,\"perOperationStrategies\":[" list                                    \
	"],\"defaultUpperBoundTracesPerSecond\":0}}"
#define OPERATION(name, rate) "{\"operation\":\"" name "\",\"probabilisticSampling\":{\"samplingRate\":" rate "}}"

static void becomes(const char *answer, const char *want)
{
	struct buf got = { 0 };
	struct why why;

	is_int(strategy_normalize(slice_text(answer), &got, &why), 0, answer);
	is_text(buf_cstr(&got), want, "and is printed as jaeger-agent prints it");
	buf_free(&got);
}

static void is_refused(const char *answer, const char *because)
{
	struct buf got = { 0 };
	struct why why = { 0 };

	is_int(strategy_normalize(slice_text(answer), &got, &why), E_MALFORMED, answer);
	ok(strstr(why.text, because) != NULL, "%s", why.text);
	buf_free(&got);
}

static void answers_of_collectors(void)
{
	becomes(PROBABILISTIC("0.5"), PROBABILISTIC("0.5"));
	becomes("{\"strategyType\":0,\"probabilisticSampling\":{\"samplingRate\":0.5}}", PROBABILISTIC("0.5"));
	becomes("{\"probabilisticSampling\":{}}", PROBABILISTIC("0"));
	becomes("{\"strategyType\":1,\"rateLimitingSampling\":{\"maxTracesPerSecond\":42}}", LIMITING("42"));
	becomes("{\"strategyType\":\"PROBABILISTIC\",\"operationSampling\":{\"defaultSamplingProbability\":0.42,"
	        "\"defaultLowerBoundTracesPerSecond\":2,\"perOperationStrategies\":[" OPERATION(
	                "foo", "0.42") "],"
	                               "\"defaultUpperBoundTracesPerSecond\":11.2}}",
	        "{\"strategyType\":\"PROBABILISTIC\",\"operationSampling\":{\"defaultSamplingProbability\":0.42,"
	        "\"defaultLowerBoundTracesPerSecond\":2,\"perOperationStrategies\":[" OPERATION(
	                "foo", "0.42") "],"
	                               "\"defaultUpperBoundTracesPerSecond\":11.2}}");
	becomes("{\"probabilisticSampling\":{\"samplingRate\":0.1},\"operationSampling\":"
	        "{\"defaultSamplingProbability\":0.1,\"perOperationStrategies\":null}}",
	        OPERATIONS("0.1", ""));
	is_refused("<html>", "no JSON");
	is_refused("[]", "no JSON object");
	is_refused("{}", "no strategy in it");
	is_refused("{\"strategyType\":\"ADAPTIVE\"}", "strategyType");
	is_refused("{\"strategyType\":0,\"probabilisticSampling\":{\"samplingRate\":1.5}}", "between 0 and 1");
	is_refused("{\"strategyType\":0,\"probabilisticSampling\":{\"samplingRate\":\"1\"}}", "is no number");
	is_refused("{\"strategyType\":0,\"probabilisticSampling\":3}", "no object");
	is_refused("{\"operationSampling\":{\"perOperationStrategies\":[{\"operation\":\"x\"}]}}", "operation x");
	is_refused("{\"operationSampling\":{\"perOperationStrategies\":[3]}}", "names no operation");
	is_refused("{\"operationSampling\":{\"perOperationStrategies\":{}}}", "is no list");
}

static void the_older_path_has_numbers(void)
{
	struct buf got = { 0 };

	is_int(strategy_legacy(slice_text(LIMITING("42")), &got), 0, "a strategy for the older path");
	is_text(buf_cstr(&got), "{\"strategyType\":1,\"rateLimitingSampling\":{\"maxTracesPerSecond\":42}}",
	        "has a number for its type");
	buf_clear(&got);
	is_int(strategy_legacy(slice_text(PROBABILISTIC("0.5")), &got), 0, "another");
	is_text(buf_cstr(&got), "{\"strategyType\":0,\"probabilisticSampling\":{\"samplingRate\":0.5}}", "too");
	is_int(strategy_legacy(slice_text(LIMITING("32768")), &got), E_TOO_LARGE, "16 bits are its most");
	buf_free(&got);
}

static void finds(const struct strategies *s, const char *service, const char *want)
{
	struct slice got = strategies_find(s, slice_text(service));

	if (!ok(slice_is(got, want), "the strategy of %s", service))
		diag("got %.*s, want %s", (int)got.len, (const char *)got.at, want);
}

static void strategies_of_a_file(void)
{
	static const char text[] =
	        "{\"default_strategy\":{\"type\":\"probabilistic\",\"param\":0.2,\"operation_strategies\":["
	        "{\"operation\":\"ping\",\"type\":\"probabilistic\",\"param\":0.0},"
	        "{\"operation\":\"limited\",\"type\":\"ratelimiting\",\"param\":3}]},"
	        "\"service_strategies\":["
	        "{\"service\":\"front\",\"type\":\"probabilistic\",\"param\":0.8,\"operation_strategies\":["
	        "{\"operation\":\"op\",\"type\":\"probabilistic\",\"param\":0.5}]},"
	        "{\"service\":\"back\",\"type\":\"ratelimiting\",\"param\":5.9},"
	        "{\"service\":\"mine\",\"type\":\"probabilistic\",\"param\":0.3,\"operation_strategies\":["
	        "{\"operation\":\"ping\",\"type\":\"probabilistic\",\"param\":1}]}]}";
	struct strategies *s = NULL;
	struct why why = { 0 };

	ok(strategies_parse(&s, slice_text(text), &why) == 0, "Jaeger's format: %s", why.text);
	is_int(strategies_services(s), 3, "three services");
	finds(s, "other", OPERATIONS("0.2", OPERATION("ping", "0")));
	finds(s, "front", OPERATIONS("0.8", OPERATION("op", "0.5") "," OPERATION("ping", "0")));
	finds(s, "mine", OPERATIONS("0.3", OPERATION("ping", "1")));
	finds(s, "back",
	        "{\"strategyType\":\"RATE_LIMITING\",\"rateLimitingSampling\":{\"maxTracesPerSecond\":5},"
	        "\"operationSampling\":{\"defaultSamplingProbability\":0.2,\"defaultLowerBoundTracesPerSecond\":0,"
	        "\"perOperationStrategies\":[" OPERATION("ping", "0") "],\"defaultUpperBoundTracesPerSecond\":0}}");
	strategies_free(s);
	s = NULL;
	ok(strategies_parse(&s, slice_text("null"), &why) == 0, "null is a file without strategies");
	finds(s, "other", PROBABILISTIC("0.001"));
	strategies_free(s);
}

static void is_no_file(const char *text, const char *because)
{
	struct strategies *s = NULL;
	struct why why = { 0 };

	is_int(strategies_parse(&s, slice_text(text), &why), E_MALFORMED, text);
	ok(strstr(why.text, because) != NULL, "%s", why.text);
}

static void errors_of_a_file_are_named(void)
{
	is_no_file("{\n\"a\":", "line 2");
	is_no_file("[]", "no JSON object");
	is_no_file("{\"default_strategy\":{\"type\":7}}", "default_strategy: the type is no string");
	is_no_file("{\"service_strategies\":[{\"service\":\"front\",\"type\":\"probabilistic\",\"param\":2}]}",
	        "service front: param must be a number between 0 and 1");
	is_no_file("{\"service_strategies\":[{\"type\":\"probabilistic\",\"param\":1}]}", "names no service");
	is_no_file("{\"service_strategies\":3}", "no list");
}

/* As jaeger-collector reads it. */
static void an_unknown_type_is_a_warning(void)
{
	static const char text[] =
	        "{\"default_strategy\":{\"type\":\"probabilistic\",\"param\":0.2},\"service_strategies\":["
	        "{\"service\":\"front\",\"type\":\"adaptive\",\"param\":70},"
	        "{\"service\":\"none\"},"
	        "{\"service\":\"back\",\"type\":\"probabilistic\",\"param\":0.5,"
	        "\"operation_strategies\":[{\"operation\":\"op\",\"type\":\"x\"}]}]}";
	struct strategies *s = NULL;
	struct why why = { 0 };

	ok(strategies_parse(&s, slice_text(text), &why) == 0, "the file is taken: %s", why.text);
	finds(s, "front", PROBABILISTIC("0.001"));
	finds(s, "none", PROBABILISTIC("0.001"));
	finds(s, "back", PROBABILISTIC("0.5"));
	finds(s, "other", PROBABILISTIC("0.2"));
	ok(strstr(strategies_unknown(s), "service front: the type \"adaptive\"") != NULL, "%s", strategies_unknown(s));
	strategies_free(s);
	s = NULL;
	ok(strategies_parse(&s, slice_text("{}"), &why) == 0 && strategies_unknown(s) == NULL, "else there is none");
	strategies_free(s);
}

static struct cache_entry *use(struct cache *c, const char *service, uint64_t now_s)
{
	return cache_use(c, slice_text(service), now_s * US_PER_S);
}

static void fetch(struct cache *c, struct cache_entry *e, const char *strategy, uint64_t now_s)
{
	cache_fetching(e);
	ok(cache_fetched(c, e, slice_text(strategy), now_s * US_PER_S, now_s * 1000) == 0, "a strategy is fetched");
}

static void a_service_is_fetched_again_while_it_is_used(void)
{
	struct cache c;
	struct cache_entry *e;

	cache_init(&c, 10, 60 * US_PER_S);
	e = use(&c, "front", 100);
	ok(cache_is_due(e, 100 * US_PER_S), "a new service is due at once");
	fetch(&c, e, PROBABILISTIC("0.5"), 100);
	ok(!cache_is_due(e, 159 * US_PER_S) && cache_is_due(e, 160 * US_PER_S), "and again after a minute");
	cache_fetching(e);
	ok(!cache_is_due(e, 170 * US_PER_S), "not while it is being fetched");
	cache_failed(&c, e, "away", 170 * US_PER_S);
	ok(!cache_is_due(e, 170 * US_PER_S) && cache_is_due(e, 171 * US_PER_S), "a second after a failure");
	cache_failed(&c, e, "away", 171 * US_PER_S);
	ok(!cache_is_due(e, 172 * US_PER_S) && cache_is_due(e, 173 * US_PER_S), "two after the next");
	for (int i = 0; i < 70; i++)
		cache_failed(&c, e, "away", 200 * US_PER_S);
	ok(cache_is_due(e, 260 * US_PER_S), "never more than a minute");
	ok(slice_is(buf_slice(&e->strategy), PROBABILISTIC("0.5")), "the strategy stays through all failures");
	ok(!cache_is_due(e, (100 + CACHE_REFRESH_KEEP_S) * US_PER_S), "a service that nobody asks for is left alone");
	cache_free(&c);
}

static void the_map_is_bounded(void)
{
	struct cache c;
	struct list waiter;
	struct cache_entry *first, *second;

	cache_init(&c, 2, 60 * US_PER_S);
	first = use(&c, "first", 1);
	second = use(&c, "second", 2);
	use(&c, "first", 3);
	ok(use(&c, "third", 4) != NULL && c.n == 2 && c.forgotten == 1, "a third makes one forgotten");
	ok(use(&c, "first", 5) == first, "the one that was used last stays");
	second = use(&c, "second", 6);
	ok(c.forgotten == 2, "the other one is new again");
	list_push(&second->waiters, &waiter);
	cache_fetching(first = use(&c, "first", 8));
	ok(use(&c, "fourth", 9) == NULL, "services that are waited for are not forgotten");
	list_remove(&waiter);
	cache_failed(&c, first, "away", 10 * US_PER_S);
	cache_expire(&c, (8 + CACHE_KEEP_S) * US_PER_S);
	is_int(c.n, 0, "after a day without a client all are");
	is_int(c.bytes, 0, "with all their bytes");
	cache_free(&c);
}

static void names_at_random_push_no_service_out(void)
{
	struct cache c;
	char name[32];
	int taken = 0;

	cache_init(&c, 3, 60 * US_PER_S);
	fetch(&c, use(&c, "front", 1), PROBABILISTIC("0.5"), 1);
	fetch(&c, use(&c, "back", 1), PROBABILISTIC("0.5"), 1);
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "random-%d", i);
		taken += use(&c, name, 2) != NULL;
	}
	is_int(taken, 1000, "each of a thousand names at random is taken");
	ok(use(&c, "front", 3)->strategy.len > 0 && use(&c, "back", 3)->strategy.len > 0,
	        "and pushes no service out that has a strategy");
	fetch(&c, use(&c, "random-999", 3), LIMITING("1"), 3);
	ok(use(&c, "new", 4) == NULL, "where all have strategies and are in use, there is no room");
	use(&c, "front", 4 + CACHE_REFRESH_KEEP_S);
	ok(use(&c, "new", 4 + CACHE_REFRESH_KEEP_S) != NULL, "until one is not asked for any more");
	cache_free(&c);
}

static void the_bytes_are_bounded(void)
{
	enum { LARGE = 5 << 20 };
	struct cache c;
	struct cache_entry *e;
	uint8_t *large = calloc(1, LARGE);

	cache_init(&c, 10, 60 * US_PER_S);
	for (char name[2] = "a"; name[0] < 'd'; name[0]++)
		is_int(cache_fetched(&c, use(&c, name, 1), slice_of(large, LARGE), US_PER_S, 1000), 0, "five MiB");
	e = use(&c, "d", 1);
	is_int(cache_fetched(&c, e, slice_of(large, LARGE), US_PER_S, 1000), E_TOO_LARGE, "more than 16 are refused");
	ok(e->strategy.len == 0 && c.n == 4, "and push nothing out that is in use");
	e = use(&c, "d", 2 + CACHE_REFRESH_KEEP_S);
	is_int(cache_fetched(&c, e, slice_of(large, LARGE), (2 + CACHE_REFRESH_KEEP_S) * US_PER_S, 1000), 0,
	        "services that nobody asks for make way");
	ok(c.bytes <= CACHE_BYTES_MOST, "for as many bytes as are allowed");
	cache_free(&c);
	free(large);
}

static void those_that_wait_are_fetched_first(void)
{
	struct cache c;
	struct list waiter;
	struct cache_entry *e;

	cache_init(&c, 10, 60 * US_PER_S);
	use(&c, "first", 1);
	e = use(&c, "second", 2);
	ok(cache_due(&c, 3 * US_PER_S) != e, "of two that are due the first is fetched");
	list_push(&e->waiters, &waiter);
	ok(cache_due(&c, 3 * US_PER_S) == e, "unless a call waits for the other one");
	cache_fetching(e);
	cache_failed(&c, use(&c, "first", 3), "away", 3 * US_PER_S);
	ok(cache_due(&c, 3 * US_PER_S) == NULL, "what is being fetched or has just failed is not due");
	list_remove(&waiter);
	cache_free(&c);
}

static void the_map_is_kept(void)
{
	struct cache c, again, merged;
	struct buf text = { 0 };
	struct why why;

	cache_init(&c, 10, 60 * US_PER_S);
	fetch(&c, use(&c, "front \"\xc5\xbc\"", 1), PROBABILISTIC("0.5"), 1);
	fetch(&c, use(&c, "back", 2), LIMITING("7"), 2);
	use(&c, "unknown", 3);
	is_int(cache_save(&c, &text), 0, "saved");
	ok(!c.changed, "until something changes again");
	cache_init(&again, 10, 60 * US_PER_S);
	is_int(cache_load(&again, buf_slice(&text), 0, &why), 2, "two services have strategies");
	ok(slice_is(buf_slice(&use(&again, "back", 0)->strategy), LIMITING("7")), "the same ones");
	is_int((int64_t)use(&again, "front \"\xc5\xbc\"", 0)->fetched_ms, 1000, "of the same time");
	cache_init(&merged, 10, 60 * US_PER_S);
	fetch(&merged, use(&merged, "back", 9), LIMITING("9"), 9);
	cache_merge(&merged, &again, 9 * US_PER_S);
	ok(slice_is(buf_slice(&use(&merged, "back", 9)->strategy), LIMITING("9")), "a newer strategy stays");
	ok(slice_is(buf_slice(&use(&merged, "front \"\xc5\xbc\"", 9)->strategy), PROBABILISTIC("0.5")),
	        "others are taken");
	is_int(cache_load(&again, slice_text("{\"sampling\":2}"), 0, &why), E_MALFORMED, "another version is refused");
	is_int(cache_load(&again, slice_of(text.at, text.len / 2), 0, &why), E_MALFORMED, "half a file too");
	cache_free(&c);
	cache_free(&again);
	cache_free(&merged);
	buf_free(&text);
}

int main(void)
{
	answers_of_collectors();
	the_older_path_has_numbers();
	strategies_of_a_file();
	errors_of_a_file_are_named();
	an_unknown_type_is_a_warning();
	a_service_is_fetched_again_while_it_is_used();
	the_map_is_bounded();
	names_at_random_push_no_service_out();
	the_bytes_are_bounded();
	those_that_wait_are_fetched_first();
	the_map_is_kept();
	return tap_done();
}
