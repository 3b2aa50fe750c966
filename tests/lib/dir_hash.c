/* SPDX-License-Identifier: Apache-2.0 */
/* dir_hash.c — walks a directory and hashes the regular files in it. */
#include <config.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "dir_hash.h"

static struct dir_hash *taking;
static size_t below;

static uint64_t content(const char *path, size_t size)
{
	int fd = open(path, O_RDONLY);
	void *map = size == 0 ? NULL : mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	uint64_t of;

	if (fd < 0 || map == MAP_FAILED) {
		perror(path);
		exit(99);
	}
	of = XXH3_64bits(map == NULL ? "" : map, size);
	if (map != NULL)
		munmap(map, size);
	close(fd);
	return of;
}

static int on_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	struct dir_hash *p = taking;

	(void)ftw;
	if (type != FTW_F || !S_ISREG(st->st_mode) || strcmp(path + below, "/lock") == 0)
		return 0;
	if (p->n == DIR_HASH_MOST || strlen(path + below) >= sizeof(p->path[0])) {
		printf("Bail out! too many files below %s\n", path);
		exit(99);
	}
	strcpy(p->path[p->n], path + below);
	p->of[p->n++] = content(path, (size_t)st->st_size);
	p->bytes += (uint64_t)st->st_size;
	return 0;
}

void dir_hash_take(struct dir_hash *p, const char *directory)
{
	memset(p, 0, sizeof(*p));
	taking = p;
	below = strlen(directory);
	if (nftw(directory, on_file, 16, FTW_PHYS) != 0) {
		perror(directory);
		exit(99);
	}
}

const char *dir_hash_differ(const struct dir_hash *before, const struct dir_hash *after)
{
	for (unsigned i = 0; i < before->n; i++) {
		unsigned k = 0;

		while (k < after->n && strcmp(after->path[k], before->path[i]) != 0)
			k++;
		if (k == after->n || after->of[k] != before->of[i])
			return before->path[i];
	}
	return after->n == before->n ? NULL : "a new file";
}

static unsigned times(const struct dir_hash *p, uint64_t of)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->n; i++)
		n += p->of[i] == of;
	return n;
}

const char *dir_hash_lost(const struct dir_hash *before, const struct dir_hash *after)
{
	for (unsigned i = 0; i < before->n; i++)
		if (times(after, before->of[i]) < times(before, before->of[i]))
			return before->path[i];
	return NULL;
}
