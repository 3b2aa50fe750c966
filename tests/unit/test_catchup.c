/* SPDX-License-Identifier: Apache-2.0 */
/* test_catchup.c — a backlog is reported once, when the last of it has been delivered. */
#include "policy/catchup.h"
#include "tap.h"

struct look {
	bool away;
	uint64_t waiting, delivered;
	bool done; /* what is wanted of it */
};

static struct catchup c;
static uint64_t spans, took_us;

/* LOOKS come a second apart, from second 100 on. */
static void plays(const char *name, const struct look *looks, size_t n)
{
	c = (struct catchup){ 0 };
	spans = took_us = 0;
	for (size_t i = 0; i < n; i++) {
		const struct look *l = &looks[i];
		bool done =
		        catchup_observe(&c, (100 + i) * 1000000, l->away, l->waiting, l->delivered, &spans, &took_us);

		ok(done == l->done, "%s: look %zu", name, i);
	}
}

static void an_outage_is_reported_once_when_its_backlog_is_gone(void)
{
	static const struct look looks[] = {
		{ false, 0, 10, false },
		{ true, 50, 10, false },
		{ true, 90, 10, false },
		{ false, 40, 60, false },
		{ false, 0, 110, true },
		{ false, 0, 110, false },
	};

	plays("an outage", looks, ARRAY_LEN(looks));
	is_int(spans, 100, "with what was delivered from the spool");
	is_int(took_us, 2000000, "in the time since the sink was back");
}

static void what_waits_at_the_start_is_a_backlog(void)
{
	static const struct look looks[] = {
		{ false, 70, 0, false },
		{ false, 20, 50, false },
		{ false, 0, 70, true },
	};

	plays("a start", looks, ARRAY_LEN(looks));
	is_int(spans, 70, "all that waited");
	is_int(took_us, 2000000, "since the start");
}

static void a_sink_that_goes_again_begins_it_anew(void)
{
	static const struct look looks[] = {
		{ true, 70, 0, false },
		{ false, 20, 50, false },
		{ true, 20, 50, false },
		{ false, 0, 70, true },
	};

	plays("a relapse", looks, ARRAY_LEN(looks));
	is_int(spans, 20, "what was delivered after the last absence");
	is_int(took_us, 1000000, "in the time since then");
}

static void what_waits_before_a_sink_that_is_there_is_no_backlog(void)
{
	static const struct look looks[] = {
		{ false, 0, 0, false },
		{ false, 30, 0, false },
		{ false, 0, 30, false },
		{ true, 0, 30, false },
		{ false, 0, 30, false },
	};

	plays("a slow sink", looks, ARRAY_LEN(looks));
}

static void a_sink_that_comes_back_to_an_empty_spool_is_no_news(void)
{
	static const struct look looks[] = {
		{ true, 20, 0, false },
		{ true, 0, 20, false },
		{ false, 0, 20, false },
	};

	plays("nothing left", looks, ARRAY_LEN(looks));
}

int main(void)
{
	a_sink_that_comes_back_to_an_empty_spool_is_no_news();
	an_outage_is_reported_once_when_its_backlog_is_gone();
	what_waits_at_the_start_is_a_backlog();
	a_sink_that_goes_again_begins_it_anew();
	what_waits_before_a_sink_that_is_there_is_no_backlog();
	return tap_done();
}
