/* batch.c — makes a batch and counts its holders. */
#include <stdlib.h>

#include "batch.h"

struct batch *batch_new(uint32_t size)
{
	struct batch *b = malloc(sizeof(*b) + size);

	if (b == NULL)
		return NULL;
	memset(b, 0, sizeof(*b));
	list_init(&b->link);
	list_init(&b->out);
	b->size = size;
	b->refs = 1;
	return b;
}

struct batch *batch_ref(struct batch *b)
{
	b->refs++;
	return b;
}

void batch_unref(struct batch **b)
{
	struct batch *was = *b;

	*b = NULL;
	if (was != NULL && --was->refs == 0)
		free(was);
}
