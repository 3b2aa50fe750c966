/* SPDX-License-Identifier: Apache-2.0 */
/* agent_tags.c — reads "k=v,k2=${ENV:default}" and encodes each pair as a STRING tag. */
#include <ctype.h>
#include <stdlib.h>

#include "span/agent_tags.h"

struct pair {
	const char *key;
	struct slice value; /* at == NULL omits the tag */
};

static char *trim(char *text)
{
	size_t len;

	while (isspace((unsigned char)*text))
		text++;
	for (len = strlen(text); len > 0 && isspace((unsigned char)text[len - 1]); len--)
		text[len - 1] = '\0';
	return text;
}

/* Drops trailing newlines: a variable set from a file often ends in one. */
static struct slice without_newline(const char *text)
{
	size_t len = strlen(text);

	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	return slice_of(text, len);
}

/* Resolves ${NAME} and ${NAME:default}. Changes VALUE in place. */
static struct slice expand_variable(char *value, char *(*lookup)(const char *name))
{
	size_t len = strlen(value);
	char *name, *default_value;
	struct slice found;
	const char *variable;

	if (len < 3 || strncmp(value, "${", 2) != 0 || value[len - 1] != '}')
		return slice_text(value);
	value[len - 1] = '\0';
	name = value + 2;
	default_value = strchr(name, ':');
	if (default_value != NULL)
		*default_value++ = '\0';
	variable = lookup(trim(name));
	found = variable == NULL ? (struct slice){ 0 } : without_newline(variable);
	if (found.len > 0)
		return found;
	return default_value == NULL ? (struct slice){ 0 } : slice_text(trim(default_value));
}

static int read_pair(char *text, char *(*lookup)(const char *name), struct pair *out, struct why *why)
{
	char *equals = strchr(text, '=');

	if (equals == NULL)
		return why_set(why, E_USAGE, "\"%s\" is not a tag (try key=value or key=${ENV:default})", text);
	*equals = '\0';
	out->key = trim(text);
	if (out->key[0] == '\0')
		return why_set(why, E_USAGE, "a tag without a key before \"=%s\"", equals + 1);
	out->value = expand_variable(trim(equals + 1), lookup);
	return 0;
}

static void encode_pairs(const struct pair *pairs, size_t n, struct buf *encoded, struct transcode_tags *tags)
{
	struct buf value = { 0 };

	for (size_t i = 0; i < n; i++) {
		bool last = true;

		for (size_t j = i + 1; j < n; j++)
			last &= strcmp(pairs[i].key, pairs[j].key) != 0;
		if (!last || pairs[i].value.at == NULL)
			continue;
		buf_clear(&value);
		buf_add(&value, pairs[i].value.at, pairs[i].value.len);
		transcode_encode_tag(encoded, pairs[i].key, buf_cstr(&value));
		tags->count++;
	}
	buf_free(&value);
	tags->encoded = buf_slice(encoded);
}

int agent_tags_encode(const char *text, char *(*lookup)(const char *name), struct buf *encoded,
        struct transcode_tags *tags, struct why *why)
{
	enum { PAIRS = 256 };
	struct pair pairs[PAIRS];
	size_t n = 0;
	char *copy, *rest, *item;
	int rc = 0;

	*tags = (struct transcode_tags){ 0 };
	if (*text == '\0')
		return 0;
	copy = rest = strdup(text);
	if (copy == NULL)
		return why_set(why, E_NOMEM, "tags");
	while (rc == 0 && (item = strsep(&rest, ",")) != NULL) {
		if (n == PAIRS)
			rc = why_set(why, E_USAGE, "more than %d tags", PAIRS);
		else
			rc = read_pair(item, lookup, &pairs[n++], why);
	}
	if (rc == 0)
		encode_pairs(pairs, n, encoded, tags);
	free(copy);
	if (rc == 0 && buf_check(encoded) < 0)
		rc = why_set(why, E_NOMEM, "tags");
	return rc;
}
