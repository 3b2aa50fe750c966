/* SPDX-License-Identifier: Apache-2.0 */
/* err.c — texts of the status codes, and sentences to which each caller adds a prefix. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

const char *err_text(int code)
{
	switch (code) {
	case 0:
		return "ok";
#define X(c, text)                                                                                                     \
	case c:                                                                                                        \
		return text;
		ERR_CODES(X)
#undef X
	}
	return "unknown error";
}

/* Makes TEXT one line: a library's message may end in a newline, and a user's value may contain control
 * characters. */
static void make_one_line(char *text)
{
	size_t len = strlen(text);

	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		text[--len] = '\0';
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

int why_set(struct why *why, int code, const char *fmt, ...)
{
	va_list ap;

	why->code = code;
	va_start(ap, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	make_one_line(why->text);
	return code;
}

int why_wrap(struct why *why, const char *fmt, ...)
{
	char tail[sizeof(why->text)];
	va_list ap;
	int n;

	memcpy(tail, why->text, sizeof(tail));
	va_start(ap, fmt);
	n = vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof(why->text))
		snprintf(why->text + n, sizeof(why->text) - (size_t)n, ": %s", tail);
	make_one_line(why->text);
	return why->code;
}

int err_from_errno(int e)
{
	switch (e) {
	case ENOSPC:
	case EDQUOT:
		return E_FULL;
	case EACCES:
	case EPERM:
		return E_DENIED;
	case ELOOP:  /* disk_open: the file or a directory above it is a symbolic link */
	case EMLINK: /* disk_open: the file has more than one name */
		return E_LINK;
	case EROFS:
		return E_READ_ONLY;
	case ENOENT:
		return E_MISSING;
	case EMEDIUMTYPE: /* disk_open: not a regular file */
		return E_CORRUPT;
	case ENOMEM:
		return E_NOMEM;
	case EMFILE:
	case ENFILE:
		return E_TOO_MANY;
	}
	return E_IO;
}
