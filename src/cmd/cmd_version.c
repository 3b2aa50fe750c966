/* cmd_version.c — what this program is. */
#include <stdio.h>
#include <string.h>

#include "config.h"

#include "options.h"

static int unknown(const char *arg)
{
	fprintf(stderr, "spanspool version: unknown option %s; is --json meant?\n", arg);
	return EXIT_USAGE;
}

int cmd_version(int argc, char **argv)
{
	bool json = false;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			printf("usage: spanspool version [--json]\n\nPrints the version and the "
			       "compiler.\n");
			return EXIT_FINE;
		}
		if (strcmp(argv[i], "--json") != 0)
			return unknown(argv[i]);
		json = true;
	}
	if (json)
		printf("{\"name\": \"%s\", \"version\": \"%s\", \"compiler\": \"%s\"}\n",
		        PACKAGE_NAME, PACKAGE_VERSION, __VERSION__);
	else
		printf("%s %s (compiled by %s)\n", PACKAGE_NAME, PACKAGE_VERSION, __VERSION__);
	return EXIT_FINE;
}
