/* SPDX-License-Identifier: Apache-2.0 */
/* tap.h — test lines in TAP; the plan is printed at the end. A failing check does not stop the
 * test. */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <inttypes.h>

/* One of each in a program of several files: a check that fails in any of them fails the test. */
__attribute__((weak)) int tap_count, tap_failed;

__attribute__((format(printf, 4, 5))) static inline int tap_ok(
        int good, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d - ", good ? "" : "not ", ++tap_count);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	if (!good) {
		printf("# at %s:%d\n", file, line);
		tap_failed++;
	}
	fflush(stdout);
	return good;
}

static inline int tap_is_int(int64_t got, int64_t want, const char *file, int line, const char *name)
{
	int good = tap_ok(got == want, file, line, "%s", name);

	if (!good)
		printf("#   got %" PRId64 ", want %" PRId64 "\n", got, want);
	return good;
}

static inline int tap_is_text(const char *got, const char *want, const char *file, int line, const char *name)
{
	int good = tap_ok(got != NULL && strcmp(got, want) == 0, file, line, "%s", name);

	if (!good)
		printf("#   got \"%s\"\n#   want \"%s\"\n", got == NULL ? "(null)" : got, want);
	return good;
}

/* ok(condition, "a sentence with %d", …) */
#define ok(good, ...) tap_ok(!!(good), __FILE__, __LINE__, __VA_ARGS__)
#define is_int(got, want, name) tap_is_int((int64_t)(got), (int64_t)(want), __FILE__, __LINE__, name)
#define is_text(got, want, name) tap_is_text(got, want, __FILE__, __LINE__, name)
#define diag(...) (printf("# "), printf(__VA_ARGS__), putchar('\n'))

/* Last statement of main: return tap_done(); */
static inline int tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed == 0 ? 0 : 1;
}

#endif
