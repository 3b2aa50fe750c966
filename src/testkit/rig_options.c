/* SPDX-License-Identifier: Apache-2.0 */
/* rig_options.c — the command lines of the rig's agents and drains. */
#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "testkit/rig.h"

static void add(struct rig_options *o, const char *option)
{
	assert(o->n < RIG_OPTIONS);
	o->argv[o->n++] = option;
	o->argv[o->n] = NULL;
}

void rig_option(struct rig_options *o, const char *fmt, ...)
{
	char *text = o->text[o->n];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, RIG_OPTION_BYTES, fmt, ap);
	va_end(ap);
	assert(strlen(text) < RIG_OPTION_BYTES - 1);
	add(o, text);
}

static void begin(struct rig_options *o, const char *command, uint16_t admin)
{
	o->n = 0;
	rig_option(o, "spanspool");
	rig_option(o, "%s", command);
	rig_option(o, "--admin.http.host-port=127.0.0.1:%u", admin);
}

static void add_stub(struct rig_options *o, const struct rig *r)
{
	rig_option(o, "--collector.url=%s", stub_collector_url(r->stub));
	rig_option(o, "--collector.metrics-url=%s", stub_collector_metrics_url(r->stub));
}

void rig_agent_options(struct rig_options *o, const struct rig *r, const struct rig_agent *a)
{
	begin(o, "agent", a->admin);
	rig_option(o, "--processor.jaeger-compact.server-host-port=127.0.0.1:%u", a->compact);
	rig_option(o, "--processor.jaeger-binary.server-host-port=127.0.0.1:%u", a->binary);
	rig_option(o, "--processor.zipkin-compact.server-host-port=none");
	rig_option(o, "--http-server.host-port=none");
	rig_option(o, "--spool.directory=%s/spool", r->directory);
	rig_option(o, "--spool.min-free=0");
	if (a->brokers != NULL)
		rig_option(o, "--kafka.producer.brokers=%s", a->brokers);
	else
		add_stub(o, r);
}

void rig_drain_options(struct rig_options *o, const struct rig *r, uint16_t admin)
{
	begin(o, "drain", admin);
	rig_option(o, "--kafka.consumer.brokers=%s", kafka_mock_bootstrap(r->kafka));
	add_stub(o, r);
}

static bool begins_with(const char *text, const char *beginning)
{
	return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* The index of the option that begins with BEGINNING; o->n when there is none. */
static size_t find(const struct rig_options *o, const char *beginning)
{
	size_t i = 0;

	while (i < o->n && !begins_with(o->argv[i], beginning))
		i++;
	return i;
}

void rig_more_options(struct rig_options *o, const char *const *more)
{
	static const char url[] = "--collector.url=", counters[] = "--collector.metrics-url=";
	size_t stub = find(o, counters);

	for (; *more != NULL; more++) {
		if (begins_with(*more, url) && stub < o->n) {
			o->argv[find(o, url)] = *more;
			o->argv[stub] = "--collector.confirm=off";
		} else {
			add(o, *more);
		}
	}
}
