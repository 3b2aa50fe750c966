/* SPDX-License-Identifier: Apache-2.0 */
/* conf_flags.c — reads options from the command line. */
#include <string.h>

#include "conf_internal.h"
#include "config/suggestion.h"

static int fail_not_a_flag(const char *word, const char *before, struct why *why)
{
	why_set(why, E_USAGE, "unexpected argument \"%.80s\"", word);
	if (before != NULL)
		why_set(why, E_USAGE, "unexpected argument \"%.80s\" (write %s=%.80s)", word, before, word);
	return why->code;
}

/* Refuses long options with one dash, as in "-spool.directory=x", which Go's flag package accepts and jaeger-agent
 * does not. The value may be a secret, so the message has only the name. */
static int fail_one_dash(const struct conf *c, const char *word, struct why *why)
{
	char name[CONF_NAME_MAX];
	struct suggestion nearest = { .wrong = name };

	snprintf(name, sizeof(name), "%.*s", (int)min_u64(strcspn(word + 1, "="), sizeof(name) - 1), word + 1);
	for (size_t i = 0; i < c->n; i++)
		if (!conf_is_hidden(c->settings[i].row))
			suggestion_consider(&nearest, c->settings[i].row->name);
	if (nearest.best != NULL)
		why_set(why, E_USAGE, "unknown option -%.80s; options have two dashes, is --%s meant?", name,
		        nearest.best);
	else
		why_set(why, E_USAGE, "unknown option -%.80s; options have two dashes", name);
	return why->code;
}

/* Reads the flag at argv[*I], and its value from the same or the next word. With ONLY, all other flags are ignored. */
static int read_flag(struct conf *c, int argc, char *const *argv, int *i, const struct setting *only, struct why *why)
{
	static const struct conf_source flag = { .origin = CONF_FLAG };
	const char *word = argv[*i] + 2, *value = strchr(word, '=');
	size_t len = value == NULL ? strlen(word) : (size_t)(value - word);
	char name[CONF_NAME_MAX];
	struct setting *s;

	snprintf(name, sizeof(name), "%.*s", (int)min_u64(len, sizeof(name)), word);
	s = conf_find(c, name);
	if (s == NULL)
		return only != NULL ? 0 : conf_unknown(c, flag, name, why);
	if (value != NULL)
		value++;
	else if (conf_target(c, s)->row->type == CONF_TYPE_BOOL || s->row->type == CONF_TYPE_REFUSED)
		value = "true";
	else if (*i + 1 < argc && strncmp(argv[*i + 1], "--", 2) != 0)
		value = argv[++*i];
	else
		return why_set(why, E_USAGE, "--%s wants a value (write --%s=…)", name, name);
	return only != NULL && only != s ? 0 : conf_set(c, s, flag, value, why);
}

int conf_flags_read(struct conf *c, int argc, char *const *argv, const struct setting *only, struct why *why)
{
	const char *bare = NULL; /* the last flag, if it had no value */
	int rc = 0;

	for (int i = 0; rc == 0 && i < argc; i++) {
		const char *word = argv[i];

		if (strncmp(word, "--", 2) == 0 && word[2] != '\0') {
			int at = i;

			rc = read_flag(c, argc, argv, &i, only, why);
			bare = at == i && strchr(word, '=') == NULL ? word : NULL;
		} else if (only == NULL && word[0] == '-' && word[1] != '-' && word[1] != '\0') {
			rc = fail_one_dash(c, word, why);
		} else if (only == NULL) {
			rc = fail_not_a_flag(word, bare, why);
		}
	}
	return rc;
}
