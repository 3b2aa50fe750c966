/* SPDX-License-Identifier: Apache-2.0 */
/* batch.c — allocation and reference count of batches. */
#include <stdlib.h>

#include "span/batch.h"

/* glibc's allocation sizes: a block has a header and is a multiple of two words; from MAPPED on it may be mmapped
 * and is a multiple of a page. malloc_usable_size() differs only by a few bytes that depend on neighbouring blocks. */
enum { UNIT = 2 * sizeof(size_t), PAGE = 4096, MAPPED = 128 << 10 };

uint64_t batch_cost(size_t batch_struct_size, uint64_t size)
{
	uint64_t bytes = max_u64(batch_struct_size, sizeof(struct batch)) + size + UNIT;
	uint64_t unit = bytes >= MAPPED ? PAGE : UNIT;

	return (bytes + unit - 1) / unit * unit;
}

struct batch *batch_new_within(size_t batch_struct_size, uint32_t size)
{
	size_t before = max_u64(batch_struct_size, sizeof(struct batch));
	struct batch *b = malloc(before + size);

	if (b == NULL)
		return NULL;
	memset(b, 0, before);
	b->bytes = (uint8_t *)b + before;
	b->size = size;
	b->cost = (uint32_t)batch_cost(batch_struct_size, size);
	b->refs = 1;
	return b;
}

struct batch *batch_new(uint32_t size)
{
	return batch_new_within(0, size);
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
