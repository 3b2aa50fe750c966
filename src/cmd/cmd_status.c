/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_status.c — prints the status of a running agent or drain.
 *
 * Requests three pages of its admin port, one after the other: /status.json, /ledger, and /health/ready, whose
 * status code is 200 when the daemon is ready. The pages are printed as one JSON object or as text. */
#include <stdio.h>
#include <string.h>

#include "admin_query.h"
#include "cmd/completion.h"
#include "cmd/options.h"
#include "status_text.h"

enum page { PAGE_STATUS, PAGE_LEDGER, PAGE_READY, PAGES };

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

/* Returns the exit status: EXIT_FINE when the daemon is ready, EXIT_WANTING when it is not. */
static int print_answer(const struct admin_page pages[PAGES], const char *base, bool json)
{
	bool ready = pages[PAGE_READY].status == 200;
	struct why why;
	int rc = 0;

	for (int i = 0; rc == 0 && i < PAGES; i++)
		if (i != PAGE_READY && pages[i].status != 200)
			rc = why_set(
			        &why, E_DOWN, "%s answered %d: is that a spanspool?", pages[i].path, pages[i].status);
	if (rc == 0)
		rc = status_print(buf_slice(&pages[PAGE_STATUS].body), buf_slice(&pages[PAGE_LEDGER].body), ready, json,
		        stdout, &why);
	if (rc < 0) {
		why_wrap(&why, "%s", base);
		return options_fail("status", &why);
	}
	return ready ? EXIT_FINE : EXIT_WANTING;
}

static int query_and_print(struct options *o, struct status_settings *set, bool drain)
{
	struct admin_page pages[PAGES] = {
		[PAGE_STATUS] = { .path = "/status.json" },
		[PAGE_LEDGER] = { .path = "/ledger" },
		[PAGE_READY] = { .path = "/health/ready" },
	};
	struct admin_query_opts query = { .timeout_ms = set->timeout_us / US_PER_MS };
	char base[ADMIN_BASE];
	struct why why;
	int rc = 0;

	if (drain)
		rc = conf_default(o->conf, "admin.http.host-port", ":14270", &why);
	query.host_port = set->admin;
	if (rc == 0)
		rc = admin_query(&query, pages, PAGES, base, &why);
	rc = rc < 0 ? options_fail("status", &why) : print_answer(pages, base, set->json);
	for (int i = 0; i < PAGES; i++)
		buf_free(&pages[i].body);
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
