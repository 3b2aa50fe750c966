/* SPDX-License-Identifier: Apache-2.0 */
/* buf.c — a byte buffer that doubles its allocation. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"

enum { FIRST_CAP = 256 };

uint8_t *buf_reserve(struct buf *b, size_t len)
{
	size_t cap = b->cap == 0 ? FIRST_CAP : b->cap;
	uint8_t *at;

	if (b->failed)
		return NULL;
	while (cap - b->len < len)
		cap *= 2;
	if (cap != b->cap) {
		at = realloc(b->at, cap);
		if (at == NULL) {
			b->failed = true;
			return NULL;
		}
		b->at = at;
		b->cap = cap;
	}
	return b->at + b->len;
}

void buf_fit(struct buf *b)
{
	uint8_t *at;

	if (b->len == 0) {
		free(b->at);
		*b = (struct buf){ .failed = b->failed };
		return;
	}
	at = realloc(b->at, b->len);
	if (at == NULL)
		return; /* the larger allocation stays */
	b->at = at;
	b->cap = b->len;
}

void buf_add(struct buf *b, const void *bytes, size_t len)
{
	uint8_t *to = buf_reserve(b, len);

	if (to != NULL && len > 0) {
		memcpy(to, bytes, len);
		b->len += len;
	}
}

void buf_double(struct buf *b, double v)
{
	char text[32];

	snprintf(text, sizeof(text), "%.15g", v);
	if (strtod(text, NULL) != v)
		snprintf(text, sizeof(text), "%.17g", v);
	buf_text(b, text);
}

void buf_base64(struct buf *b, struct slice bytes)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < bytes.len; i += 3) {
		uint32_t three = 0;

		for (size_t k = 0; k < 3; k++)
			three = three << 8 | (i + k < bytes.len ? bytes.at[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			buf_byte(b, i + k > bytes.len ? '=' : digits[three >> (18 - 6 * k) & 63]);
	}
}

void buf_text(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void buf_byte(struct buf *b, uint8_t byte)
{
	buf_add(b, &byte, 1);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;
	uint8_t *to;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	to = buf_reserve(b, (size_t)n + 1);
	if (to == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf((char *)to, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
}

void buf_free(struct buf *b)
{
	free(b->at);
	*b = (struct buf){ 0 };
}

int buf_check(const struct buf *b)
{
	return b->failed ? E_NOMEM : 0;
}

const char *buf_cstr(struct buf *b)
{
	uint8_t *end = buf_reserve(b, 1);

	if (end == NULL)
		return "";
	*end = '\0';
	return (const char *)b->at;
}
