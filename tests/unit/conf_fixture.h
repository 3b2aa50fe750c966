/* SPDX-License-Identifier: Apache-2.0 */
/* conf_fixture.h — a small command's options, and a call that reads them. */
#ifndef CONF_FIXTURE_H
#define CONF_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/conf.h"
#include "tap.h"

enum sync { SYNC_COMMIT, SYNC_OFF };

struct set {
	bool headers;
	uint64_t max_bytes;
	uint64_t exposure;
	uint64_t workers;
	const char *directory;
	const char *password;
	const char *port;
	const char *off_port;
	enum sync sync;
	struct conf_list urls;
	struct conf_list words;
	struct conf_list tags;
	struct conf_list properties;
	struct conf_list lines;
};

static const struct conf_row set_rows[] = { CONF_BOOL(struct set, headers, "kafka.headers", "true",
	                                            "marks on each record"),
	CONF_SIZE(struct set, max_bytes, "spool.max-bytes", "8GiB", "most on disk"),
	CONF_DURATION(struct set, exposure, "spool.exposure", "100ms", "how long neither delivered nor durable"),
	CONF_COUNT(struct set, workers, "processor.workers", "10", "accepted for compatibility"),
	CONF_TEXT(struct set, directory, "spool.directory", "", "where it is"),
	CONF_SECRET(struct set, password, "collector.password", "", "of the collector"),
	CONF_ADDRESS(struct set, port, "admin.host-port", ":14271", "health and metrics"),
	CONF_ADDRESS_OR_NONE(struct set, off_port, "compact.host-port", ":6831", "spans"),
	CONF_CHOICE(struct set, sync, "spool.sync", "commit|off", "commit", "when it is durable"),
	CONF_LIST_OF(struct set, urls, "collector.url", "", "http://127.0.0.1:14268", false, "where to"),
	CONF_LIST_OF(struct set, words, "words", ",", "", false, "some"),
	CONF_LIST_OF(struct set, tags, "agent.tags", ",=", "", false, "added to each"),
	CONF_LIST_OF(struct set, properties, "kafka.property", "=", "", true, "any of librdkafka's"),
	CONF_LIST_OF(struct set, lines, "collector.header", "", "", true, "sent with each"),
	CONF_REFUSED("spool.tail", "is gone: write spool.sync"), CONF_END };

enum { ARGS_MAX = 16 };

/* Cuts "a b c" into words; returns how many. */
static inline int cut_words(char *text, char **argv)
{
	int n = 0;

	for (char *w = strtok(text, " "); w != NULL && n < ARGS_MAX; w = strtok(NULL, " "))
		argv[n++] = w;
	return n;
}

/* Reads FLAGS (words between blanks) over SET; NULL with a sentence when that fails. */
static inline struct conf *read_set(struct set *set, const char *flags, struct why *why)
{
	static struct conf_group groups[2];
	char *argv[ARGS_MAX], *text = strdup(flags);
	struct conf *c = NULL;
	int n = cut_words(text, argv);

	*set = (struct set){ 0 };
	*why = (struct why){ 0 };
	groups[0] = (struct conf_group){ "Everything", set_rows, set };
	if (conf_read(&c, groups, n, argv, why) < 0)
		c = NULL;
	free(text);
	return c;
}

/* A new file with LEN bytes in a directory of its own; remove_file ends both. */
static inline void make_file(char path[64], const char *bytes, size_t len)
{
	FILE *f;

	strcpy(path, "/tmp/spanspool-conf-XXXXXX");
	if (mkdtemp(path) == NULL)
		abort();
	strcat(path, "/test.yaml");
	f = fopen(path, "w");
	if (f == NULL || fwrite(bytes, 1, len, f) != len || fclose(f) != 0)
		abort();
}

static inline void remove_file(char path[64])
{
	unlink(path);
	*strrchr(path, '/') = '\0';
	rmdir(path);
}

/* "a|b" for a list of a and b. */
static inline const char *joined(const struct conf_list *l)
{
	static char to[512];
	size_t n = 0;

	to[0] = '\0';
	for (size_t i = 0; i < l->n; i++)
		n += (size_t)snprintf(to + n, sizeof(to) - n, "%s%s", i > 0 ? "|" : "", l->items[i]);
	return to;
}

#endif
