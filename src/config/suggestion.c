/* SPDX-License-Identifier: Apache-2.0 */
/* suggestion.c — finds the name with the least edit distance. */
#include <ctype.h>
#include <string.h>

#include "config/suggestion.h"

enum { LONGEST = 63 };

static char normalize(char c)
{
	if (c == '.' || c == '_')
		return '-';
	return (char)tolower((unsigned char)c);
}

static size_t min_of(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* The Damerau-Levenshtein distance: letters inserted, dropped, changed, or swapped with a neighbour. */
static size_t distance_of(const char *a, size_t alen, const char *b, size_t blen)
{
	unsigned char rows[3][LONGEST + 2];
	unsigned char *before = rows[0], *last = rows[1], *now = rows[2];

	for (size_t j = 0; j <= blen; j++)
		last[j] = (unsigned char)j;
	for (size_t i = 1; i <= alen; i++) {
		unsigned char *spare = before;

		now[0] = (unsigned char)i;
		for (size_t j = 1; j <= blen; j++) {
			char x = normalize(a[i - 1]), y = normalize(b[j - 1]);
			size_t d = min_of(last[j] + 1U, now[j - 1] + 1U, last[j - 1] + (x != y));

			if (i > 1 && j > 1 && x == normalize(b[j - 2]) && y == normalize(a[i - 2]))
				d = min_of(d, d, before[j - 2] + 1U);
			now[j] = (unsigned char)d;
		}
		before = last;
		last = now;
		now = spare;
	}
	return last[blen];
}

static bool is_last_part(const char *wrong, size_t wlen, const char *name, size_t nlen)
{
	if (wlen < 2 || nlen <= wlen || name[nlen - wlen - 1] != '.')
		return false;
	for (size_t i = 0; i < wlen; i++) {
		if (normalize(wrong[i]) != normalize(name[nlen - wlen + i]))
			return false;
	}
	return true;
}

void suggestion_consider(struct suggestion *n, const char *name)
{
	size_t wlen = strlen(n->wrong), nlen = strlen(name), d;

	if (wlen == 0 || wlen > LONGEST || nlen > LONGEST)
		return;
	d = distance_of(n->wrong, wlen, name, nlen);
	if (is_last_part(n->wrong, wlen, name, nlen))
		d = 1;
	if (d > 1 + wlen / 4 || (n->best != NULL && d >= n->distance))
		return;
	n->best = name;
	n->distance = d;
}
