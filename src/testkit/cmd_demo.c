/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_demo.c — runs the demonstration, prints its result, and exits with 3 when a promise was broken. */
#include <inttypes.h>
#include <stdio.h>

#include "commands.h"
#include "demo.h"

static const struct conf_row rows[] = {
	CONF_DURATION(struct demo_opts, exposure_us, "exposure", "100ms",
	        "the agent's --spool.exposure; 0 stores each span before it is sent on"),
	CONF_COUNT(struct demo_opts, rate, "rate", "5000", "spans a second"),
	CONF_BOOL(struct demo_opts, keep, "keep", "false", "leave spool and logs where they are"),
	CONF_BOOL(struct demo_opts, json, "json", "false", "the result as one JSON object"),
	CONF_END,
};

static const struct options_group groups[] = {
	{ "Demonstration", rows, 0 },
	{ NULL, NULL, 0 },
};

enum { RATE_LEAST = 100, RATE_MOST = 20000 };

/* The mock broker keeps every record in memory while the drain is down, so its memory bounds the rate. */
static int finish(struct conf *c, void *settings, struct why *why)
{
	const struct demo_opts *o = settings;

	if (o->rate >= RATE_LEAST && o->rate <= RATE_MOST)
		return 0;
	why_set(why, E_USAGE, "%" PRIu64 " is not between %d and %d", o->rate, RATE_LEAST, RATE_MOST);
	return conf_add_source(c, "rate", why);
}

const struct options_spec demo_options = {
	.command = "demo",
	.summary = "Takes away collector, Kafka, agent and drain, one after the other and "
	           "together, while\n"
	           "numbered spans flow from UDP to the collector, and counts what arrives. Needs "
	           "nothing\n"
	           "but the programs of this package. Exit 3 when a promise is broken.",
	.manual = "spanspool-demo(1)",
	.groups = groups,
	.size = sizeof(struct demo_opts),
	.finish = finish,
};

static int run_demo(struct demo *d, struct why *why)
{
	if (demo_world_open(d, why) < 0 || demo_play(d, why) < 0)
		return options_fail("demo", why);
	demo_world_stop(d);
	if (d->interrupted) {
		why_set(why, E_STOPPED, "interrupted in phase %zu", d->phase + 1);
		return options_fail("demo", why);
	}
	demo_judge(d);
	if (d->opts.json)
		demo_print_json(d);
	else
		demo_print(d);
	return d->nbroken == 0 ? EXIT_FINE : EXIT_WANTING;
}

int cmd_demo(int argc, char **argv)
{
	struct demo d = { 0 };
	struct options o;
	struct why why;
	int rc = options_open(&o, &demo_options, &d.opts, argc, argv);

	if (rc != OPTIONS_GO)
		return rc;
	rc = run_demo(&d, &why);
	demo_world_close(&d);
	options_close(&o);
	return rc;
}
