/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz.h — what the fuzz targets share. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A promise that no input may break. */
#define PROMISE(holds)                                                                                                 \
	do {                                                                                                           \
		if (!(holds)) {                                                                                        \
			fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #holds);                    \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

static inline void *fuzz_room(size_t size)
{
	void *at = malloc(size > 0 ? size : 1);

	PROMISE(at != NULL);
	return at;
}

#endif
