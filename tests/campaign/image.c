/* SPDX-License-Identifier: Apache-2.0 */
/* image.c — files in memory. What cannot be had ends the program: it is a test's. */
#include <config.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image.h"

static _Noreturn void give_up(const char *what)
{
	perror(what);
	exit(99);
}

static void *copy_of(const void *bytes, size_t len)
{
	void *copy = malloc(len + 1);

	if (copy == NULL)
		give_up("memory");
	if (len > 0)
		memcpy(copy, bytes, len);
	return copy;
}

struct image_item *image_find(struct image *m, const char *path)
{
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->item[i].path, path) == 0)
			return &m->item[i];
	return NULL;
}

void image_add(struct image *m, const char *path, bool is_dir, const void *bytes, size_t len)
{
	struct image_item *i;

	image_remove(m, path);
	if (m->n == IMAGE_ITEMS)
		exit(99);
	i = &m->item[m->n++];
	snprintf(i->path, sizeof(i->path), "%s", path);
	i->is_dir = is_dir;
	i->bytes = copy_of(bytes, len);
	i->len = len;
}

void image_remove(struct image *m, const char *path)
{
	size_t kept = 0, len = strlen(path);

	for (size_t i = 0; i < m->n; i++) {
		const char *p = m->item[i].path;

		if (strncmp(p, path, len) == 0 && (p[len] == '\0' || p[len] == '/'))
			free(m->item[i].bytes);
		else
			m->item[kept++] = m->item[i];
	}
	m->n = kept;
}

void image_resize(struct image_item *i, size_t len)
{
	uint8_t *bytes = realloc(i->bytes, len + 1);

	if (bytes == NULL)
		give_up("memory");
	if (len > i->len)
		memset(bytes + i->len, 0, len - i->len);
	i->bytes = bytes;
	i->len = len;
}

static void load_file(struct image *m, const char *path, int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY);
	struct stat st;
	uint8_t *bytes;

	if (fd < 0 || fstat(fd, &st) < 0)
		give_up(path);
	bytes = malloc((size_t)st.st_size + 1);
	if (bytes == NULL || read(fd, bytes, (size_t)st.st_size) != st.st_size)
		give_up(path);
	image_add(m, path, false, bytes, (size_t)st.st_size);
	free(bytes);
	close(fd);
}

static void load_below(struct image *m, const char *path, int at)
{
	DIR *d = fdopendir(at);
	struct dirent *e;

	if (d == NULL)
		give_up(path);
	while ((e = readdir(d)) != NULL) {
		char below[IMAGE_PATH];
		int fd;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		snprintf(below, sizeof(below), "%.40s%s%.48s", path, *path == '\0' ? "" : "/", e->d_name);
		fd = openat(dirfd(d), e->d_name, O_RDONLY | O_DIRECTORY);
		if (fd < 0) {
			load_file(m, below, dirfd(d), e->d_name);
			continue;
		}
		image_add(m, below, true, NULL, 0);
		load_below(m, below, fd);
	}
	closedir(d);
}

void image_load(struct image *m, const char *directory)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		give_up(directory);
	m->n = 0;
	load_below(m, "", fd);
}

void image_store(const struct image *m, const char *directory)
{
	int root = open(directory, O_RDONLY | O_DIRECTORY);

	if (root < 0)
		give_up(directory);
	for (size_t i = 0; i < m->n; i++) {
		const struct image_item *f = &m->item[i];
		int fd;

		if (f->is_dir) {
			if (mkdirat(root, f->path, 0700) < 0)
				give_up(f->path);
			continue;
		}
		fd = openat(root, f->path, O_WRONLY | O_CREAT, 0600);
		if (fd < 0 || write(fd, f->bytes, f->len) != (ssize_t)f->len)
			give_up(f->path);
		close(fd);
	}
	close(root);
}

void image_copy(struct image *to, const struct image *from)
{
	*to = *from;
	for (size_t i = 0; i < to->n; i++)
		to->item[i].bytes = copy_of(from->item[i].bytes, from->item[i].len);
}

void image_free(struct image *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->item[i].bytes);
	m->n = 0;
}
