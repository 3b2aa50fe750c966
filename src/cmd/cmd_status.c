/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_status.c — prints the status of a running agent or drain.
 *
 * Requests three pages of its admin port, one after the other: /status.json, /ledger, and /health/ready, whose
 * status code is 200 when the daemon is ready. The pages are printed as one JSON object or as text. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "http/client.h"
#include "cmd/completion.h"
#include "cmd/options.h"
#include "status_text.h"
#include "base/units.h"

enum page { PAGE_STATUS, PAGE_LEDGER, PAGE_READY, PAGES };
static const char *const paths[PAGES] = { "/status.json", "/ledger", "/health/ready" };

enum { PAGE_MAX_BYTES = 1 << 20 };

struct status_settings {
	const char *admin;
	bool json;
	uint64_t timeout_us;
};

#define S struct status_settings
static const struct conf_row status_rows[] = {
	CONF_ADDRESS(S, admin, "admin.http.host-port", ":14271", "where to ask; of the drain :14270"),
	CONF_BOOL(S, json, "json", "false", "print one JSON object"),
	CONF_DURATION(S, timeout_us, "timeout", "3s", "how long to wait for an answer"),
	CONF_END,
};
#undef S

static const struct options_group groups[] = {
	{ "Status", status_rows, 0 },
	{ NULL, NULL, 0 },
};

const struct options_spec status_options = {
	.command = "status",
	.summary = "what a running agent or drain says of itself",
	.synopsis = "[agent|drain] [options]",
	.manual = "spanspool-status(1)",
	.groups = groups,
	.size = sizeof(struct status_settings),
	.tool = true,
};

struct status_query {
	struct loop *loop;
	struct http_client *client;
	char base[320]; /* "http://127.0.0.1:14271" */
	uint64_t timeout_ms;
	enum page page; /* the page requested now */
	struct buf body[PAGES];
	int code[PAGES];
	struct why why;
	int rc;
};

static void send_request(struct status_query *a);

static void on_answer(void *arg, const struct http_answer *answer)
{
	struct status_query *a = arg;

	if (answer->failure != HTTP_ANSWERED) {
		a->rc = why_set(&a->why, E_DOWN, "%s: %s", a->base, answer->error);
	} else if (!answer->whole) {
		a->rc = why_set(
		        &a->why, E_TOO_LARGE, "%s%s: the answer is too long or broken off", a->base, paths[a->page]);
	} else {
		a->code[a->page] = answer->status;
		buf_add(&a->body[a->page], answer->body.at, answer->body.len);
		a->page++;
	}
	if (a->rc < 0 || a->page == PAGES)
		loop_stop(a->loop);
	else
		send_request(a);
}

static void send_request(struct status_query *a)
{
	char url[400];
	struct http_request r = {
		.url = url,
		.connect_ms = a->timeout_ms,
		.total_ms = a->timeout_ms,
		.keep = PAGE_MAX_BYTES,
	};

	snprintf(url, sizeof(url), "%s%s", a->base, paths[a->page]);
	a->rc = http_client_send(a->client, &r, on_answer, a);
	if (a->rc < 0) {
		why_set(&a->why, a->rc, "%s: %s", url, err_text(a->rc));
		loop_stop(a->loop);
	}
}

static int query_pages(struct status_query *a, const struct status_settings *set)
{
	static const struct http_client_opts opts = { .max_connections = 1 };
	struct hostport at;
	char address[HOSTPORT_TEXT];

	if (units_hostport(set->admin, &at, &a->why) < 0)
		return a->why.code;
	if (at.host[0] == '\0')
		snprintf(at.host, sizeof(at.host), "127.0.0.1");
	snprintf(a->base, sizeof(a->base), "http://%s", units_print_hostport(&at, address, sizeof(address)));
	a->timeout_ms = max_u64(set->timeout_us / US_PER_MS, 1);
	a->rc = loop_open(&a->loop, &a->why);
	if (a->rc == 0)
		a->rc = http_client_open(&a->client, a->loop, &opts, &a->why);
	if (a->rc == 0)
		send_request(a);
	if (a->rc == 0)
		loop_run(a->loop);
	http_client_free(a->client);
	loop_free(a->loop);
	return a->rc;
}

/* Returns the exit status: EXIT_FINE when the daemon is ready, EXIT_WANTING when it is not. */
static int print_answer(struct status_query *a, bool json)
{
	bool ready = a->code[PAGE_READY] == 200;
	int rc = 0;

	for (int i = 0; rc == 0 && i < PAGES; i++) {
		if (buf_check(&a->body[i]) < 0)
			rc = why_set(&a->why, E_NOMEM, "%s", err_text(E_NOMEM));
		else if (i != PAGE_READY && a->code[i] != 200)
			rc = why_set(&a->why, E_DOWN, "%s%s answered %d: is that a spanspool?", a->base, paths[i],
			        a->code[i]);
	}
	if (rc == 0)
		rc = status_print(buf_slice(&a->body[PAGE_STATUS]), buf_slice(&a->body[PAGE_LEDGER]), ready, json,
		        stdout, &a->why);
	if (rc < 0) {
		why_wrap(&a->why, "%s", a->base);
		return options_fail("status", &a->why);
	}
	return ready ? EXIT_FINE : EXIT_WANTING;
}

static int query_and_print(struct options *o, struct status_settings *set, bool drain)
{
	struct status_query a = { 0 };
	int rc = 0;

	if (drain)
		rc = conf_default(o->conf, "admin.http.host-port", ":14270", &a.why);
	if (rc == 0)
		rc = query_pages(&a, set);
	rc = rc < 0 ? options_fail("status", &a.why) : print_answer(&a, set->json);
	for (int i = 0; i < PAGES; i++)
		buf_free(&a.body[i]);
	return rc;
}

void cmd_status_complete(const struct completion *c)
{
	if (c->n == 2) {
		completion_offer(c, "agent", "the agent's, the default");
		completion_offer(c, "drain", "the drain's");
	}
	completion_options(c, &status_options);
}

int cmd_status(int argc, char **argv)
{
	struct status_settings set;
	struct options o;
	bool drain = argc > 1 && strcmp(argv[1], "drain") == 0;
	bool named = drain || (argc > 1 && strcmp(argv[1], "agent") == 0);
	int rc = options_open(&o, &status_options, &set, argc - named, argv + named);

	if (rc != OPTIONS_GO)
		return rc;
	rc = query_and_print(&o, &set, drain);
	options_close(&o);
	return rc;
}
