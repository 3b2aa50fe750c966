/* SPDX-License-Identifier: Apache-2.0 */
/* jaeger_agent.c — the commands of jaeger-agent 1.62, when the program was started under its name. `completion` is
 * that of spanspool. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "admin/admin.h"
#include "admin_query.h"
#include "cmd/options.h"

static int cmd_jaeger_version(int argc, char **argv);
static int cmd_jaeger_status(int argc, char **argv);
static int cmd_jaeger_help(int argc, char **argv);
static int cmd_jaeger_docs(int argc, char **argv);

struct jaeger_status_settings {
	const char *at;
};

static const struct conf_row status_rows[] = {
	CONF_ADDRESS(struct jaeger_status_settings, at, "status.http.host-port", ":14271", "admin port of the agent"),
	CONF_END,
};

static const struct options_group status_groups[] = {
	{ "Status", status_rows, 0 },
	{ NULL, NULL, 0 },
};

static const struct options_spec jaeger_status_options = {
	.command = "status",
	.summary = "asks a running agent for its health; exit status 1 when it is not available",
	.groups = status_groups,
	.size = sizeof(struct jaeger_status_settings),
	.daemon = true,
};

const struct command jaeger_commands[] = {
	{ "agent", cmd_agent, "takes spans; also without a command", &agent_options, NULL, NULL },
	{ "version", cmd_jaeger_version, "the version, as a JSON object", NULL, NULL, NULL },
	{ "status", cmd_jaeger_status, "the health of a running agent", &jaeger_status_options, NULL, NULL },
	{ "completion", cmd_completion, "completes command lines in bash, zsh and fish", NULL, NULL,
	        cmd_completion_complete },
	{ "docs", cmd_jaeger_docs, "not offered: the manual pages are installed", NULL, NULL, NULL },
	{ "help", cmd_jaeger_help, "this, or the options of a command", NULL, NULL, cmd_help_complete },
	{ NULL, NULL, NULL, NULL, NULL, NULL },
};

bool command_as_jaeger(void)
{
	return command_first() == jaeger_commands;
}

static int cmd_jaeger_version(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	fputs(JAEGER_VERSION_JSON, stdout);
	return EXIT_FINE;
}

enum { STATUS_TIMEOUT_MS = 1000 };

static int cmd_jaeger_status(int argc, char **argv)
{
	struct admin_query_opts query = { .timeout_ms = STATUS_TIMEOUT_MS };
	struct admin_page page = { .path = "/" };
	struct jaeger_status_settings set;
	char base[ADMIN_BASE];
	struct options o;
	struct why why;
	int rc = options_open(&o, &jaeger_status_options, &set, argc, argv);

	if (rc != OPTIONS_GO)
		return rc;
	query.host_port = set.at;
	rc = admin_query(&query, &page, 1, base, &why);
	if (rc == 0) {
		fwrite(page.body.at, 1, page.body.len, stdout);
		putchar('\n');
		if (page.status != 200)
			rc = why_set(&why, E_DOWN, "%s answered with HTTP status code %d", base, page.status);
	}
	if (rc < 0)
		rc = options_fail("status", &why);
	buf_free(&page.body);
	options_close(&o);
	return rc;
}

static int cmd_jaeger_docs(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	fputs("spanspool docs: no documents are written: see spanspool-agent(8), spanspool(1) and --help\n", stderr);
	return EXIT_FAILED;
}

static int cmd_jaeger_help(int argc, char **argv)
{
	char help[] = "--help";
	char *command_argv[3] = { argc < 2 ? NULL : argv[1], help, NULL };
	const struct command *c = argc < 2 ? NULL : command_find(argv[1]);

	if (c != NULL && c->options != NULL)
		return command_run(c, 2, command_argv);
	if (argc >= 2 && c == NULL)
		return command_unknown(argv[1]);
	printf("usage: jaeger-agent [COMMAND] [options]\n\n");
	for (c = command_first(); c->name != NULL; c++)
		printf("  %-10s  %s\n", c->name, c->summary);
	putchar('\n');
	options_help(&agent_options, stdout);
	return EXIT_FINE;
}
