/* SPDX-License-Identifier: Apache-2.0 */
/* properties.c — splits NAME=VALUE options into Kafka properties. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kafka/properties.h"

/* Appends TEXT, "NAME=VALUE", and takes ownership of it. TEXT is NULL when its allocation failed. */
static int append(struct properties *p, char *text, bool in_file, struct why *why)
{
	struct kafka_property *more = realloc(p->at, (p->n + 1) * sizeof(*more));
	char *value = text == NULL ? NULL : strchr(text, '=');

	if (more != NULL)
		p->at = more;
	if (more == NULL || value == NULL) {
		free(text);
		return why_set(why, E_NOMEM, "kafka.property");
	}
	*value++ = '\0';
	p->at[p->n++] = (struct kafka_property){ text, value, in_file };
	return 0;
}

/* CONF_LIST_OF checked that each item contains '='. */
static int add_list(struct properties *p, const struct conf_list *list, bool in_file, struct why *why)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < list->n; i++)
		rc = append(p, strdup(list->items[i]), in_file, why);
	return rc;
}

int properties_add(struct properties *p, const struct conf_list *list, struct why *why)
{
	return add_list(p, list, false, why);
}

int properties_add_files(struct properties *p, const struct conf_list *list, struct why *why)
{
	return add_list(p, list, true, why);
}

int properties_put(struct properties *p, const char *name, const char *value, struct why *why)
{
	char *text = NULL;

	return append(p, asprintf(&text, "%s=%s", name, value) < 0 ? NULL : text, false, why);
}

void properties_free(struct properties *p)
{
	for (size_t i = 0; i < p->n; i++)
		free((char *)(uintptr_t)p->at[i].name);
	free(p->at);
	*p = (struct properties){ 0 };
}
