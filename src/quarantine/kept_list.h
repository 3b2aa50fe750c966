/* SPDX-License-Identifier: Apache-2.0 */
/* kept_list.h — the names of a quarantine directory in their order, a chunk at a time. */
#ifndef KEPT_LIST_H
#define KEPT_LIST_H

#include "quarantine/kept.h"

enum { KEPT_HAS_VALUE = 1, KEPT_HAS_HEADERS = 2, KEPT_HAS_OTHER = 4 };

/* NAME.value and NAME.headers are one name; any other file is a name with KEPT_HAS_OTHER alone. */
struct kept_name {
	char name[KEPT_NAME];
	unsigned has;
};

/* All zero is one that has listed nothing. */
struct kept_list {
	struct kept_name *names; /* of the chunk, in order; NULL before the first */
	size_t n, next;
	bool more;       /* names behind this chunk were passed over */
	bool listed;     /* at least once */
	uint64_t values; /* values seen by the first listing */
};

/* *OUT is the next name of directory FD, or NULL; it lives until the next call. E_NOMEM, or an error of reading the
 * directory; WHY says which. */
int kept_list_next(struct kept_list *l, int fd, const struct kept_name **out, struct why *why) MUST_USE;

void kept_list_free(struct kept_list *l);

#endif
