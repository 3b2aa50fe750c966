/* SPDX-License-Identifier: Apache-2.0 */
/* kept_list.c — a directory's names in order, with memory for two chunks of them however many it holds: each listing
 * goes through the whole directory and keeps the CHUNK names that come next. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kept_list.h"

enum { CHUNK = 4096 };

static int by_name(const void *a, const void *b)
{
	const struct kept_name *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order != 0 ? order : (x->has == KEPT_HAS_OTHER) - (y->has == KEPT_HAS_OTHER);
}

static bool takes_ending(struct kept_name *n, const char *ending)
{
	size_t len = strlen(n->name), end = strlen(ending);

	if (len <= end || strcmp(n->name + len - end, ending) != 0)
		return false;
	n->name[len - end] = '\0';
	return true;
}

static struct kept_name name_of(const char *file)
{
	struct kept_name n = { .has = KEPT_HAS_OTHER };

	snprintf(n.name, sizeof(n.name), "%s", file);
	if (takes_ending(&n, ".value"))
		n.has = KEPT_HAS_VALUE;
	else if (takes_ending(&n, ".headers"))
		n.has = KEPT_HAS_HEADERS;
	return n;
}

/* Sorts the chunk, makes one of what is the same name, and keeps the first CHUNK. */
static void settle(struct kept_list *l)
{
	size_t n = 0;

	qsort(l->names, l->n, sizeof(*l->names), by_name);
	for (size_t i = 0; i < l->n; i++) {
		if (n > 0 && by_name(&l->names[n - 1], &l->names[i]) == 0)
			l->names[n - 1].has |= l->names[i].has;
		else
			l->names[n++] = l->names[i];
	}
	l->more |= n > CHUNK;
	l->n = n > CHUNK ? CHUNK : n;
}

static void list_all(struct kept_list *l, DIR *dir)
{
	struct kept_name after = { "", 0 };
	bool first = !l->listed;

	if (l->n > 0)
		after = l->names[l->n - 1];
	l->n = l->next = 0;
	l->more = false;
	for (const struct dirent *e; errno = 0, e = readdir(dir), e != NULL;) {
		struct kept_name n = name_of(e->d_name);

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		l->values += first && n.has == KEPT_HAS_VALUE;
		if (!first && by_name(&n, &after) <= 0)
			continue;
		/* A full chunk that was settled once is bounded by its last name. */
		if (l->more && by_name(&n, &l->names[CHUNK - 1]) > 0)
			continue;
		l->names[l->n++] = n;
		if (l->n == 2 * CHUNK)
			settle(l);
	}
}

static int list_next_chunk(struct kept_list *l, int fd, struct why *why)
{
	int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = own < 0 ? NULL : fdopendir(own);
	int failed;

	if (l->names == NULL)
		l->names = calloc(2 * (size_t)CHUNK, sizeof(*l->names));
	if (dir == NULL || l->names == NULL) {
		failed = l->names == NULL ? ENOMEM : errno;
	} else {
		list_all(l, dir);
		failed = errno;
	}
	if (dir != NULL)
		closedir(dir);
	else if (own >= 0)
		close(own);
	if (failed != 0)
		return why_set(why, err_from_errno(failed), "the directory cannot be listed: %s", strerror(failed));
	settle(l);
	l->listed = true;
	return 0;
}

int kept_list_next(struct kept_list *l, int fd, const struct kept_name **out, struct why *why)
{
	*out = NULL;
	while (l->next == l->n) {
		if (l->listed && !l->more)
			return 0;
		if (list_next_chunk(l, fd, why) < 0)
			return why->code;
	}
	*out = &l->names[l->next++];
	return 0;
}

void kept_list_free(struct kept_list *l)
{
	free(l->names);
}
