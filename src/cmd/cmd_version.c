/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_version.c — prints the program's version, its compiler and the versions of the libraries in use. */
#include <config.h>

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "config/conf.h"
#include "http/client.h"
#include "http/server.h"
#include "kafka/producer.h"
#include "loop/loop.h"
#include "cmd/options.h"
#include "spool/spool.h"

/* __VERSION__ of clang begins with its name; that of gcc is the number alone. */
#ifdef __clang__
#define COMPILER __VERSION__
#else
#define COMPILER "gcc " __VERSION__
#endif

/* Versions come from the loaded libraries, because a distribution may update a library without rebuilding spanspool. */
static const struct library {
	const char *name;
	const char *(*version)(void);
} libraries[] = {
	{ "librdkafka", kafka_librdkafka_version },
	{ "libcurl", http_client_libcurl_version },
	{ "tls", http_client_tls_version },
	{ "libmicrohttpd", http_server_libmicrohttpd_version },
	{ "libuv", loop_libuv_version },
	{ "lmdb", spool_lmdb_version },
	{ "libyaml", conf_libyaml_version },
	{ "jansson", jansson_version_str },
};

static int report_unknown_option(const char *arg)
{
	fprintf(stderr, "spanspool version: unknown option %s; is --json meant?\n", arg);
	return EXIT_USAGE;
}

static void print_text(void)
{
	printf("%s %s (compiled by %s)\n", PACKAGE_NAME, PACKAGE_VERSION, COMPILER);
	for (size_t i = 0; i < ARRAY_LEN(libraries); i++)
		printf("  %-13s %s\n", libraries[i].name, libraries[i].version());
}

static int print_json(void)
{
	json_t *all = json_object();

	for (size_t i = 0; i < ARRAY_LEN(libraries); i++)
		json_object_set_new(all, libraries[i].name, json_string(libraries[i].version()));
	all = json_pack("{s:s, s:s, s:s, s:o*}", "name", PACKAGE_NAME, "version", PACKAGE_VERSION, "compiler", COMPILER,
	        "libraries", all);
	if (all == NULL)
		return EXIT_FAILED;
	json_dumpf(all, stdout, 0);
	putchar('\n');
	json_decref(all);
	return EXIT_FINE;
}

int cmd_version(int argc, char **argv)
{
	bool json = false;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			printf("usage: spanspool version [--json]\n\nPrints the version, the "
			       "compiler, and the libraries that are used.\n");
			return EXIT_FINE;
		}
		if (strcmp(argv[i], "--json") != 0)
			return report_unknown_option(argv[i]);
		json = true;
	}
	if (json)
		return print_json();
	print_text();
	return EXIT_FINE;
}
