/* SPDX-License-Identifier: Apache-2.0 */
/* cause_counts.c — a table that is searched from its beginning: causes are few. */
#include <stdio.h>
#include <string.h>

#include "policy/cause_counts.h"

static struct cause_count *find(struct cause_counts *c, const char *cause)
{
	for (size_t i = 0; i < c->n; i++)
		if (strncmp(c->at[i].cause, cause, CAUSE_COUNTS_NAME - 1) == 0)
			return &c->at[i];
	if (c->n == CAUSE_COUNTS_MOST)
		return &c->at[c->n - 1];
	if (c->n == CAUSE_COUNTS_MOST - 1)
		cause = "other";
	snprintf(c->at[c->n].cause, CAUSE_COUNTS_NAME, "%s", cause);
	return &c->at[c->n++];
}

void cause_counts_add(struct cause_counts *c, const char *cause, uint64_t spans)
{
	struct cause_count *one = find(c, cause);

	one->records++;
	one->spans += spans;
}
