/* SPDX-License-Identifier: Apache-2.0 */
/* test_suggestion.c — what is suggested for a misspelt name. */
#include "config/suggestion.h"
#include "tap.h"

static void the_nearest_name_is_suggested(void)
{
	static const char *const names[] = { "agent", "drain", "emit", "spool.max-bytes", "spool.max-age",
		"flight.max-bytes", "kafka.producer.brokers", "log-level" };
	static const struct {
		const char *wrong, *want; /* NULL: nothing is near */
	} cases[] = {
		{ "agnet", "agent" },
		{ "agen", "agent" },
		{ "agents", "agent" },
		{ "Agent", "agent" },
		{ "drian", "drain" },
		{ "emti", "emit" },
		{ "x", NULL },
		{ "", NULL },
		{ "zebra", NULL },
		{ "spool.max-byte", "spool.max-bytes" },
		{ "spool_max_bytes", "spool.max-bytes" },
		{ "max-bytes", "spool.max-bytes" },
		{ "max-age", "spool.max-age" },
		{ "brokers", "kafka.producer.brokers" },
		{ "producer.brokers", "kafka.producer.brokers" },
		{ "LOG_LEVEL", "log-level" },
		{ "loglevel", "log-level" },
		{ "level", NULL },
		{ "kafka.consumer.topic", NULL },
		{ "a-name-of-more-than-sixty-three-letters-is-not-looked-at-and-that-is-all-right", NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct suggestion nearest = { .wrong = cases[i].wrong };

		for (size_t j = 0; j < ARRAY_LEN(names); j++)
			suggestion_consider(&nearest, names[j]);
		if (cases[i].want == NULL)
			ok(nearest.best == NULL, "nothing is near \"%s\", said %s", cases[i].wrong,
			        nearest.best == NULL ? "nothing" : nearest.best);
		else
			is_text(nearest.best, cases[i].want, cases[i].wrong);
	}
}

static void neighbours_that_changed_places_are_one_mistake(void)
{
	struct suggestion nearest = { .wrong = "mati" };

	suggestion_consider(&nearest, "main");
	suggestion_consider(&nearest, "mait");
	is_text(nearest.best, "mait", "mati is nearer to mait than to main");
	is_int(nearest.distance, 1, "by one mistake");
}

int main(void)
{
	neighbours_that_changed_places_are_one_mistake();
	the_nearest_name_is_suggested();
	return tap_done();
}
