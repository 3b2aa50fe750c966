/* SPDX-License-Identifier: Apache-2.0 */
/* collector_answers.c — the exporter before collectors that answer anything at all, over real HTTP: what they
 * stored is what was handed in, less exactly the batches that they refuse; nothing is lost, good batches are never
 * quarantined, repeats carry the mark, POSTs are bounded.
 *
 * --of PART plays the parts that have PART in their names: status, shapes, patience, poison, storm. */
#include <config.h>

#include <signal.h>

#include "answers.h"
#include "tap.h"

enum { SHORT_COUNT = 700 };

static const struct answers_part *const parts[] = { &answers_status, &answers_shapes, &answers_patience,
	&answers_poison, &answers_failing, &answers_names, &answers_tls, &answers_storm };

static void play(struct campaign *c, const struct answers_part *part, uint64_t count)
{
	c->count = max_u64(count / part->every, 1);
	ok(campaign_run(c, part->whole, part->run, NULL), "%s: %s", part->name, c->said);
}

int main(int argc, char **argv)
{
	struct campaign c = {
		.name = "collector_answers",
		.own = "of",
		.word = "",
		.jobs = 8, /* they wait most of the time */
		.hangs_s = 240,
		.sums = { "POSTs", "of several batches", "batches delivered", "spans repeated", "batches quarantined",
		        "exporters that called for an operator" },
	};
	uint64_t count, played = 0;

	campaign_options(&c, SHORT_COUNT, argc, argv);
	campaign_hush(&c);
	signal(SIGPIPE, SIG_IGN);
	count = c.count;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (strstr(parts[i]->name, c.word) == NULL)
			continue;
		play(&c, parts[i], count);
		played++;
	}
	if (played == 0) {
		fprintf(stderr, "collector_answers: no part has \"%s\" in its name\n", c.word);
		return 2;
	}
	return tap_done();
}
