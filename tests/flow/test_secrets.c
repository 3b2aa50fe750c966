/* SPDX-License-Identifier: Apache-2.0 */
/* test_secrets.c — what is secret in the options of agent and drain stands on no page, in no line of the log
 * and in no sentence, whatever goes wrong. */
#include <stdio.h>

#include "drain_process.h"
#include "agent_process.h"
#include "tap.h"
#include "wait.h"

/* Part of every secret that is given, and of nothing else. */
#define CANARY "sesame"

static const char *const secrets[] = {
	"--collector.url=http://" CANARY "user:p" CANARY "@127.0.0.1:1/x?key=" CANARY,
	"--collector.header=X-Any-Name: " CANARY,
	"--kafka.property=sasl.password=" CANARY,
	"--kafka.property=sasl.username=" CANARY,
	"--kafka.property=sasl.oauthbearer.config=" CANARY,
};

static char page[1 << 20];

static void keep_page(void *arg, const struct http_answer *a)
{
	*(bool *)arg = true;
	snprintf(page, sizeof(page), "%.*s", (int)a->body.len, (const char *)a->body.at);
}

static bool is_set(void *arg)
{
	return *(bool *)arg;
}

static void is_clean(const char *text, const char *name)
{
	const char *at = strstr(text, CANARY);

	if (!ok(at == NULL && text[0] != '\0', "no secret in %s", name) && at != NULL)
		diag("%.60s", at - min_u64(30, (uint64_t)(at - text)));
}

static void pages_are_clean(struct loop *l, struct http_client *client, uint16_t port, const char *who)
{
	static const char *const paths[] = { "/", "/config", "/status", "/status.json", "/health/ready", "/health/live",
		"/metrics", "/ledger" };

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		char url[128], name[64];
		struct http_request r = { .url = url, .keep = sizeof(page) - 1 };
		bool answered = false;

		snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", port, paths[i]);
		snprintf(name, sizeof(name), "%s's %s", who, paths[i]);
		page[0] = '\0';
		ok(http_client_send(client, &r, keep_page, &answered) == 0 && wait_until(l, is_set, &answered, 10),
		        "%s answers", name);
		is_clean(page, name);
	}
}

static void log_is_clean(const char *path, const char *must_say, const char *name)
{
	FILE *f = fopen(path, "r");
	size_t n = f == NULL ? 0 : fread(page, 1, sizeof(page) - 1, f);

	page[n] = '\0';
	if (f != NULL)
		fclose(f);
	ok(strstr(page, must_say) != NULL, "%s tells of the failure", name);
	is_clean(page, name);
}

static bool has_failed(void *arg)
{
	return agent_process_metric(arg, "spanspool_collector_requests_total{code=\"unreachable\"}") > 0;
}

static void an_agent_keeps_its_secrets(void)
{
	struct agent_process s;

	agent_process_open(&s, AGENT_PROCESS_DIRECT);
	ok(agent_process_start(&s, secrets[0], secrets[1], secrets[2], secrets[3], secrets[4], "--log-level=debug",
	           "--collector.max-batch-spans=10", NULL),
	        "the agent serves");
	agent_process_send(&s, 100, 0);
	ok(agent_process_until(&s, has_failed, &s), "a collector does not answer");
	pages_are_clean(s.loop, s.rig.client, s.admin, "the agent");
	is_int(agent_process_stop(&s), 0, "SIGTERM ends it with 0");
	log_is_clean(agent_process_log(&s), "http://127.0.0.1:1", "the agent's log");
	agent_process_end(&s);
}

static bool is_told(struct drain_process *b)
{
	return drain_process_said(b, "http://127.0.0.1:1") > 1;
}

static void a_drain_keeps_its_secrets(void)
{
	static struct drain_process b;

	drain_process_open(&b, 1);
	drain_process_produce(&b, 10, 3);
	ok(drain_process_start(
	           &b, secrets[0], secrets[1], secrets[2], secrets[3], secrets[4], "--log-level=debug", NULL),
	        "the drain serves");
	ok(drain_process_until(&b, is_told), "its collector does not answer");
	pages_are_clean(b.loop, b.rig.client, b.admin, "the drain");
	log_is_clean(drain_process_log(&b), "http://127.0.0.1:1", "the drain's log");
	drain_process_close(&b);
}

static void run(const char *arguments)
{
	char command[1024];
	FILE *f;
	size_t n;

	snprintf(command, sizeof(command), "%s %s 2>&1", agent_process_program(), arguments);
	f = popen(command, "r");
	n = f == NULL ? 0 : fread(page, 1, sizeof(page) - 1, f);
	page[n] = '\0';
	if (f != NULL)
		pclose(f);
	is_clean(page, arguments);
}

static void sentences_keep_them_too(void)
{
	static const char *const wrong[] = {
		"--collector.url=me:" CANARY "@h",
		"--collector.url=ftp://me:" CANARY "@h",
		"--collector.url=http://me:" CANARY "/@h:1",
		"--collector.header=" CANARY,
		"--collector.user=me:" CANARY,
		"--kafka.property=" CANARY,
		"--kafka.property==" CANARY,
	};
	char arguments[512];
	size_t n = (size_t)snprintf(arguments, sizeof(arguments), "config show agent");

	for (size_t i = 0; i < ARRAY_LEN(secrets); i++)
		n += (size_t)snprintf(arguments + n, sizeof(arguments) - n, " '%s'", secrets[i]);
	run(arguments);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		snprintf(arguments, sizeof(arguments), "config check agent '%s'", wrong[i]);
		run(arguments);
		snprintf(
		        arguments, sizeof(arguments), "config check drain --kafka.consumer.brokers=h:1 '%s'", wrong[i]);
		run(arguments);
	}
}

int main(void)
{
	an_agent_keeps_its_secrets();
	a_drain_keeps_its_secrets();
	sentences_keep_them_too();
	return tap_done();
}
