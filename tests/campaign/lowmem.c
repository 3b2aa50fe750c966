/* SPDX-License-Identifier: Apache-2.0 */
/* lowmem.c — a program without memory: what its own objects ask for can be refused. Linked with
 * -Wl,--wrap= for each of these; the libraries' own calls are not touched. */
#include <stdlib.h>
#include <string.h>

#include "fault.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *at, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *at, size_t size);
char *__wrap_strdup(const char *text);

static int refused(void)
{
	return fault_judge(FAULT_MEMORY, -1, NULL) == FAULT_FAIL;
}

void *__wrap_malloc(size_t size)
{
	return refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return refused() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *at, size_t size)
{
	return refused() ? NULL : __real_realloc(at, size);
}

char *__wrap_strdup(const char *text)
{
	return refused() ? NULL : __real_strdup(text);
}
