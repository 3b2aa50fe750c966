/* SPDX-License-Identifier: Apache-2.0 */
/* corpus.c — reads the cases of tests/data/corpus. */
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "corpus.h"

static const char *source_dir(void)
{
	const char *dir = getenv("srcdir");

	return dir != NULL ? dir : ".";
}

bool corpus_file(struct buf *to, const char *name)
{
	char path[1024], bytes[4096];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/data/%s", source_dir(), name);
	f = fopen(path, "rb");
	if (f == NULL)
		return false;
	while ((n = fread(bytes, 1, sizeof(bytes), f)) > 0)
		buf_add(to, bytes, n);
	fclose(f);
	return buf_check(to) == 0;
}

static bool load_part(struct buf *to, const struct corpus_case *c, const char *ending)
{
	char name[128];

	snprintf(name, sizeof(name), "corpus/%s.%s", c->name, ending);
	return corpus_file(to, name);
}

static const char *text_of(const json_t *all, const char *key)
{
	const char *text = json_string_value(json_object_get(all, key));

	return text != NULL ? text : "";
}

static bool has_cause(const json_t *all, const char *cause)
{
	const json_t *causes = json_object_get(all, "causes");
	const json_t *one;
	size_t i;

	json_array_foreach(causes, i, one) if (strcmp(json_string_value(one), cause) == 0) return true;
	return false;
}

static void describe(struct corpus_case *c, const json_t *all)
{
	const json_t *spans = json_object_get(all, "spans");
	const char *verdict = text_of(all, "verdict");

	c->verdict = strcmp(verdict, "accept") == 0   ? CORPUS_ACCEPT
	             : strcmp(verdict, "reject") == 0 ? CORPUS_REJECT
	                                              : CORPUS_EITHER;
	c->malformed = has_cause(all, "malformed");
	c->unknown_method = has_cause(all, "unknown-method");
	c->oversize = has_cause(all, "oversize");
	c->prefixes = json_is_true(json_object_get(all, "prefixes"));
	c->zipkin = strcmp(text_of(all, "method"), "emitZipkinBatch") == 0;
	c->spans = json_is_integer(spans) ? json_integer_value(spans) : -1;
}

static bool load_case(struct corpus_case *c, const char *name)
{
	struct buf text = { 0 };
	json_t *all = NULL;

	snprintf(c->name, sizeof(c->name), "%s", name);
	if (load_part(&text, c, "json"))
		all = json_loadb((const char *)text.at, text.len, JSON_ALLOW_NUL, NULL);
	buf_free(&text);
	if (all == NULL || !load_part(&c->datagram, c, "bin"))
		return false;
	describe(c, all);
	json_decref(all);
	load_part(&c->expected, c, "expected.tbinary");
	load_part(&c->verbatim, c, "verbatim.tbinary");
	return true;
}

static int is_case(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 5 && strcmp(d->d_name + n - 5, ".json") == 0;
}

void corpus_load(struct corpus *c)
{
	struct dirent **files;
	char path[1024];
	int n;

	snprintf(path, sizeof(path), "%s/tests/data/corpus", source_dir());
	n = scandir(path, &files, is_case, alphasort);
	*c = (struct corpus){ .at = n > 0 ? calloc((size_t)n, sizeof(*c->at)) : NULL };
	for (int i = 0; c->at != NULL && i < n; i++) {
		files[i]->d_name[strlen(files[i]->d_name) - 5] = '\0';
		if (!load_case(&c->at[c->count++], files[i]->d_name)) {
			printf("Bail out! corpus case %s cannot be read\n", files[i]->d_name);
			exit(99);
		}
		free(files[i]);
	}
	if (c->count == 0) {
		printf("Bail out! no cases in %s\n", path);
		exit(99);
	}
	free(files);
}

void corpus_free(struct corpus *c)
{
	for (size_t i = 0; i < c->count; i++) {
		buf_free(&c->at[i].datagram);
		buf_free(&c->at[i].expected);
		buf_free(&c->at[i].verbatim);
	}
	free(c->at);
	*c = (struct corpus){ 0 };
}

const struct corpus_case *corpus_find(const struct corpus *c, const char *name)
{
	for (size_t i = 0; i < c->count; i++)
		if (strcmp(c->at[i].name, name) == 0)
			return &c->at[i];
	printf("Bail out! no case %s\n", name);
	exit(99);
}
