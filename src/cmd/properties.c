/* properties.c — cuts NAME=VALUE in two. */
#include <stdlib.h>
#include <string.h>

#include "properties.h"

static int add(struct properties *p, const struct conf_list *list, bool in_file, struct why *why)
{
	struct kafka_property *more;

	if (list->n == 0)
		return 0;
	more = realloc(p->at, (p->n + list->n) * sizeof(*more));
	if (more == NULL)
		return why_set(why, E_NOMEM, "kafka.property");
	p->at = more;
	for (size_t i = 0; i < list->n; i++) {
		char *name = strdup(list->items[i]), *value;

		if (name == NULL)
			return why_set(why, E_NOMEM, "kafka.property");
		value = strchr(name, '='); /* the option's form has seen to it that there is one */
		*value++ = '\0';
		p->at[p->n++] = (struct kafka_property){ name, value, in_file };
	}
	return 0;
}

int properties_add(struct properties *p, const struct conf_list *list, struct why *why)
{
	return add(p, list, false, why);
}

int properties_add_files(struct properties *p, const struct conf_list *list, struct why *why)
{
	return add(p, list, true, why);
}

void properties_free(struct properties *p)
{
	for (size_t i = 0; i < p->n; i++)
		free((char *)(uintptr_t)p->at[i].name);
	free(p->at);
	*p = (struct properties){ 0 };
}
