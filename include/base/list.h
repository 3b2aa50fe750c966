/* SPDX-License-Identifier: Apache-2.0 */
/* Intrusive doubly linked list. */
#ifndef LIST_H
#define LIST_H

#include "base/base.h"

struct list {
	struct list *next;
	struct list *prev;
};

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

/* Appends NODE to L. */
static inline void list_push(struct list *l, struct list *node)
{
	node->prev = l->prev;
	node->next = l;
	l->prev->next = node;
	l->prev = node;
}

/* Inserts NODE at the front of L. */
static inline void list_push_front(struct list *l, struct list *node)
{
	list_push(l->next, node);
}

/* Moves all nodes of FROM to the end of TO. */
static inline void list_append(struct list *to, struct list *from)
{
	if (list_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

/* Removes NODE from its list. NODE is then an empty list, so removing it again is harmless. */
static inline void list_remove(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

#define list_first(l, type, member) container_of((l)->next, type, member)
#define list_each(node, l) for (struct list *node = (l)->next; node != (l); node = node->next)
#define list_each_safe(node, l)                                                                                        \
	for (struct list *node = (l)->next, *node##_next = node->next; node != (l);                                    \
	        node = node##_next, node##_next = node->next)

#endif
