/* SPDX-License-Identifier: Apache-2.0 */
/* test_reporter.c — the address of the collector that each target of jaeger-agent's reporter becomes. */
#include <stdio.h>
#include <string.h>

#include "agent/reporter.h"
#include "tap.h"

static const struct {
	const char *target, *collector; /* NULL: refused */
} cases[] = {
	{ "jaeger-collector:14250", "jaeger-collector:14268" },
	{ "jaeger-collector.tracing.svc:14250", "jaeger-collector.tracing.svc:14268" },
	{ "10.0.0.7:14250", "10.0.0.7:14268" },
	{ "[::1]:14250", "[::1]:14268" },
	{ "jaeger-collector:14267", "jaeger-collector:14268" },
	{ "jaeger-collector:4317", "jaeger-collector:4317" },
	{ "dns:///simplest-collector-headless.observability:14250", "simplest-collector-headless.observability:14268" },
	{ "dns://10.0.0.10/collector:14250", "collector:14268" },
	{ "dns:collector:14250", "collector:14268" },
	{ "dns:14250", "dns:14268" },
	{ "dns:///[fd00::1]:14250", "[fd00::1]:14268" },
	{ "passthrough:///collector:14250", "collector:14268" },
	{ "ipv4:10.0.0.7:14250", "10.0.0.7:14268" },
	{ "ipv6:[::1]:14250", "[::1]:14268" },
	{ "unix:///run/collector.sock", NULL },
	{ "unix-abstract:collector", NULL },
	{ "collector", NULL },
	{ "dns:///collector", NULL },
	{ ":14250", NULL },
	{ "14250", NULL },
	{ "dns:///:14250", NULL },
	{ "http://collector:14250", NULL },
	{ "collector:port", NULL },
};

int main(void)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[HOSTPORT_TEXT] = "refused";
		const char *want = cases[i].collector == NULL ? "refused" : cases[i].collector;
		struct hostport at;
		struct why why;
		int rc = reporter_collector(cases[i].target, &at, &why);

		if (rc == 0)
			units_print_hostport(&at, text, sizeof(text));
		is_text(text, want, cases[i].target);
		if (rc < 0)
			ok(rc == E_USAGE && why.text[0] != '\0', "%s", why.text);
	}
	return tap_done();
}
