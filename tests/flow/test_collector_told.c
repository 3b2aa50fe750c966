/* SPDX-License-Identifier: Apache-2.0 */
/* test_collector_told.c — whatever stands between the agent and its collector, health, status, log and metrics
 * name it: the address, what was answered, what to do, and whether it can pass by itself. */
#include <stdio.h>

#include "agent_process.h"
#include "tap.h"
#include "wait.h"

/* What an operator reads. */
struct cause {
	const char *name;
	int status;        /* that the stub answers for ever; 0: it is down */
	const char *body;  /* of that answer */
	const char *url;   /* in place of the stub's; NULL none */
	const char *says;  /* in the sentence, behind the address */
	const char *level; /* on the board */
	const char *code;  /* of the metric */
};

static const struct cause causes[] = {
	{ "refused", 0, "", NULL, "takes no connection (Connection refused): does a collector run", "warn",
	        "unreachable" },
	{ "unknown host", 0, "", "http://no-such-host.invalid:1", "has a name without an address", "down",
	        "misconfigured" },
	{ "302", 302, "", NULL, "answered 302: a POST is not redirected", "down", "302" },
	{ "400", 400, "not a batch", NULL, "answered 400 Bad Request (not a batch)", "down", "400" },
	{ "401", 401, "who are you", NULL, "answered 401 Unauthorized (who are you): check collector.user", "down",
	        "401" },
	{ "403", 403, "go", NULL, "answered 403 Forbidden (go)", "down", "403" },
	{ "404", 404, "no page", NULL, "answered 404 Not Found (no page): check the path", "down", "404" },
	{ "413", 413, "big", NULL, "answered 413 Content Too Large (big)", "down", "413" },
	{ "429", 429, "slow", NULL, "answered 429 Too Many Requests (slow)", "warn", "429" },
	{ "500", 500, "disk", NULL, "answered 500 Internal Server Error (disk)", "warn", "500" },
	{ "503", 503, "full", NULL, "answered 503 Service Unavailable (full)", "warn", "503" },
};

static char page[1 << 18];

static void keep_page(struct agent_process *s, const char *path)
{
	struct buf b = { 0 };

	page[0] = '\0';
	if (agent_process_page(s, path, &b) > 0)
		snprintf(page, sizeof(page), "%s", buf_cstr(&b));
	buf_free(&b);
}

struct wish {
	struct agent_process *s;
	const struct cause *cause;
};

static bool is_told(void *arg)
{
	struct wish *w = arg;
	char level[64];

	snprintf(level, sizeof(level), "\"level\":\"%s\"", w->cause->level);
	keep_page(w->s, "/health/ready");
	return strstr(page, w->cause->says) != NULL && strstr(page, level) != NULL;
}

static void answer_badly(struct stub_collector *stub, const struct cause *c)
{
	if (c->status == 0)
		stub_collector_down(stub);
	else
		stub_collector_script(stub, c->status, STUB_FOR_EVER, -1);
	stub_collector_script_text(stub, c->body);
}

static void a_cause_is_told(const struct cause *c)
{
	struct agent_process s;
	struct wish w = { &s, c };
	char option[128], metric[128];

	agent_process_open(&s, c->url == NULL ? AGENT_PROCESS_DIRECT : AGENT_PROCESS_OUTSIDE);
	if (s.rig.stub != NULL)
		answer_badly(s.rig.stub, c);
	snprintf(option, sizeof(option), "--collector.url=%s", c->url == NULL ? "" : c->url);
	ok(agent_process_start(&s, c->url == NULL ? "--log-level=info" : option, NULL), "%s: the agent serves",
	        c->name);
	agent_process_send(&s, 50, 0);
	if (!ok(agent_process_until(&s, is_told, &w), "%s: health says so, as %s", c->name, c->level))
		diag("%s", page);
	keep_page(&s, "/status.json");
	ok(strstr(page, c->says) != NULL, "%s: status says so", c->name);
	snprintf(metric, sizeof(metric), "spanspool_collector_requests_total{code=\"%s\"}", c->code);
	ok(agent_process_metric(&s, metric) > 0, "%s: %s counts it", c->name, metric);
	ok(agent_process_holds(&s, LEDGER_IN_SPOOL, 50), "%s: all spans wait in the spool", c->name);
	is_int(agent_process_get(&s, "/health/live"), 200, "and the agent lives");
	agent_process_end(&s);
}

static bool is_said(void *arg)
{
	struct wish *w = arg;
	FILE *f = fopen(agent_process_log(w->s), "r");
	size_t n = f == NULL ? 0 : fread(page, 1, sizeof(page) - 1, f);

	page[n] = '\0';
	if (f != NULL)
		fclose(f);
	return strstr(page, w->cause->says) != NULL;
}

/* The second cause of one outage is as much news as the first. */
static void another_cause_is_logged_too(void)
{
	static const struct cause first = { .says = "answered 401" }, second = { .says = "answered 404" };
	struct agent_process s;
	struct wish one = { &s, &first }, other = { &s, &second };

	agent_process_open(&s, AGENT_PROCESS_DIRECT);
	stub_collector_script(s.rig.stub, 401, STUB_FOR_EVER, -1);
	ok(agent_process_start(&s, NULL), "the agent serves");
	agent_process_send(&s, 50, 0);
	ok(agent_process_until(&s, is_said, &one), "the first cause is logged");
	stub_collector_script(s.rig.stub, 404, STUB_FOR_EVER, -1);
	ok(agent_process_until(&s, is_said, &other), "the second too");
	stub_collector_script(s.rig.stub, 404, 0, -1);
	ok(agent_process_all_stored(&s), "mended, all spans arrive");
	is_int(agent_process_get(&s, "/health/ready"), 200, "and the agent is ready");
	agent_process_end(&s);
}

int main(void)
{
	for (size_t i = 0; i < ARRAY_LEN(causes); i++)
		a_cause_is_told(&causes[i]);
	another_cause_is_logged_too();
	return tap_done();
}
