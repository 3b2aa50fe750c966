/* SPDX-License-Identifier: Apache-2.0 */
/* conf_change.c — compares two readings of the same options, and exchanges values between them. */
#include <assert.h>
#include <string.h>

#include "conf_internal.h"

static bool is_same(const struct setting *a, const struct setting *b)
{
	if (a->row->type != CONF_TYPE_LIST)
		return strcmp(a->text, b->text) == 0;
	if (a->nitems != b->nitems)
		return false;
	for (size_t i = 0; i < a->nitems; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return true;
}

void conf_each_change(const struct conf *a, const struct conf *b, void (*each)(void *arg, const char *name), void *arg)
{
	assert(a->n == b->n);
	for (size_t i = 1; i < a->n; i++)
		if (!conf_is_hidden(a->settings[i].row) && !is_same(&a->settings[i], &b->settings[i]))
			each(arg, a->settings[i].row->name);
}

/* Stores TEXT, a string of C, in S as SOURCE has it; frees the one before. TEXT is valid: S had it in another conf. */
static int replace(struct conf *c, struct setting *s, struct conf_source source, const char *text, struct why *why)
{
	const char *before = s->text;

	if (conf_value_store(s, text, why) < 0)
		return why->code;
	s->text = text;
	s->source = source;
	conf_strfree(c, before);
	return 0;
}

int conf_exchange(struct conf *a, struct conf *b, const char *name, struct why *why)
{
	struct setting *in_a = conf_find(a, name), *in_b = conf_find(b, name);
	struct conf_source source_a = in_a->source;
	const char *to_a = conf_strdup(a, in_b->text), *to_b = conf_strdup(b, in_a->text);

	assert(in_a->row->type != CONF_TYPE_LIST);
	if (to_a == NULL || to_b == NULL) {
		conf_strfree(a, to_a);
		conf_strfree(b, to_b);
		return why_set(why, E_NOMEM, "options: %s", err_text(E_NOMEM));
	}
	if (replace(a, in_a, in_b->source, to_a, why) < 0 || replace(b, in_b, source_a, to_b, why) < 0)
		return why->code;
	return 0;
}
