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
	bool tls;
	const char *user, *password_file, *bearer_file;
	const char *ca, *cert, *key, *server_name;
	bool skip_host_verify;
};

#define S struct status_settings
static const struct conf_row status_rows[] = {
	CONF_ADDRESS(S, admin, "admin.http.host-port", ":14271", "where to ask; of the drain :14270"),
	CONF_BOOL(S, json, "json", "false", "print one JSON object"),
	CONF_DURATION(S, timeout_us, "timeout", "3s", "how long to wait for an answer"),
	CONF_BOOL(S, tls, "admin.http.tls.enabled", "false", "ask by https"),
	CONF_TEXT(S, user, "admin.http.user", "", "name that the pages want"),
	CONF_FILE_NAME(S, password_file, "admin.http.password-file", "", "file with its password"),
	CONF_FILE_NAME(
	        S, bearer_file, "admin.http.bearer-file", "", "file with a token, in place of name and password"),
	CONF_FILE_NAME(S, ca, "ca", "", "authorities of the admin port's certificate, PEM"),
	CONF_FILE_NAME(S, cert, "cert", "", "own certificate, PEM, where the port wants one"),
	CONF_FILE_NAME(S, key, "key", "", "its key, PEM"),
	CONF_TEXT(S, server_name, "server-name", "", "name in the admin port's certificate, if not the host's"),
	CONF_BOOL(S, skip_host_verify, "skip-host-verify", "false", "take any certificate"),
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

static const char *or_null(const char *text)
{
	return text[0] == '\0' ? NULL : text;
}

/* A request has one Authorization header: the token wins over name and password, which may both be set in a file. */
static struct admin_query_opts query_opts(const struct status_settings *set)
{
	bool by_token = set->bearer_file[0] != '\0';

	return (struct admin_query_opts){
		.host_port = set->admin,
		.tls = set->tls,
		.timeout_ms = set->timeout_us / US_PER_MS,
		.client = {
			.user = by_token ? NULL : or_null(set->user),
			.files = {
				[CREDENTIAL_PASSWORD] = by_token ? NULL : or_null(set->password_file),
				[CREDENTIAL_BEARER] = or_null(set->bearer_file),
				[CREDENTIAL_CA] = or_null(set->ca),
				[CREDENTIAL_CERT] = or_null(set->cert),
				[CREDENTIAL_KEY] = or_null(set->key),
			},
			.server_name = or_null(set->server_name),
			.skip_host_verify = set->skip_host_verify,
		},
	};
}

static int query_and_print(struct options *o, struct status_settings *set, bool drain)
{
	struct admin_page pages[PAGES] = {
		[PAGE_STATUS] = { .path = "/status.json" },
		[PAGE_LEDGER] = { .path = "/ledger" },
		[PAGE_READY] = { .path = "/health/ready" },
	};
	struct admin_query_opts query;
	char base[ADMIN_BASE];
	struct why why;
	int rc = 0;

	if (drain)
		rc = conf_default(o->conf, "admin.http.host-port", ":14270", &why);
	query = query_opts(set);
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
