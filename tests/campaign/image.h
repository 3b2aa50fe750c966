/* SPDX-License-Identifier: Apache-2.0 */
/* image.h — all files below a directory in memory, to be changed and written out again. */
#ifndef IMAGE_H
#define IMAGE_H

#include "base/base.h"

enum { IMAGE_ITEMS = 64, IMAGE_PATH = 96 };

struct image_item {
	char path[IMAGE_PATH]; /* below the directory */
	bool is_dir;
	uint8_t *bytes;
	size_t len;
};

struct image {
	size_t n;
	struct image_item item[IMAGE_ITEMS]; /* a directory before what is in it */
};

void image_load(struct image *m, const char *directory);
void image_store(const struct image *m, const char *directory);
void image_copy(struct image *to, const struct image *from);
void image_free(struct image *m);

/* The one at PATH, or NULL. */
struct image_item *image_find(struct image *m, const char *path);
/* A new one, with a copy of BYTES; in place of what was there. */
void image_add(struct image *m, const char *path, bool is_dir, const void *bytes, size_t len);
/* With all that is below it. */
void image_remove(struct image *m, const char *path);
void image_resize(struct image_item *i, size_t len);

#endif
