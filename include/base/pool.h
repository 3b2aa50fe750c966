/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps freed objects of one size for the next allocation. */
#ifndef POOL_H
#define POOL_H

#include <stdlib.h>

#include "base/base.h"

/* For objects that are made and freed by the hundred thousand a second, most of them in another order than they were
 * made: malloc then searches and merges its chunks. */

#ifdef __SANITIZE_ADDRESS__
enum { POOL_KEEPS = 0 }; /* a use after free shows */
#else
enum { POOL_KEEPS = 4096 }; /* objects: as many as come between two answers of a collector */
#endif

struct pool_object {
	struct pool_object *next;
};

/* All zero is an empty pool. */
struct pool {
	struct pool_object *first;
	size_t n;
};

/* SIZE bytes of indeterminate content, the same SIZE in each call for P. NULL: no memory. */
static inline void *pool_take(struct pool *p, size_t size)
{
	struct pool_object *o = p->first;

	if (o == NULL)
		return malloc(max_u64(size, sizeof(*o)));
	p->first = o->next;
	p->n--;
	return o;
}

/* OBJECT was taken from a pool for objects of the size of P's. */
static inline void pool_give(struct pool *p, void *object)
{
	struct pool_object *o = object;

	if (p->n + 1 > POOL_KEEPS) {
		free(o);
		return;
	}
	o->next = p->first;
	p->first = o;
	p->n++;
}

/* Frees what P keeps. Objects that are not given back yet are not P's concern. */
static inline void pool_free(struct pool *p)
{
	while (p->first != NULL) {
		struct pool_object *o = p->first;

		p->first = o->next;
		free(o);
	}
	p->n = 0;
}

#endif
