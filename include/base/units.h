/* SPDX-License-Identifier: Apache-2.0 */
/* Parses and formats sizes, durations, times and addresses. */
#ifndef UNITS_H
#define UNITS_H

#include "base/err.h"

/* Parses "512", "64KiB", "64MiB", "2G", "1.5GiB", "100kB" to bytes. K, M, G, T without "B" are powers of 1024,
 * like KiB …; kB, MB, GB, TB are powers of 1000. E_USAGE names the text and a valid example. */
int units_size(const char *text, uint64_t *bytes, struct why *why) MUST_USE;

/* Parses "100ms", "3s", "1h30m", "250us", "2d" or plain "0" to microseconds. */
int units_duration(const char *text, uint64_t *us, struct why *why) MUST_USE;

/* Parses RFC 3339, "2026-11-24T20:43:21Z", "2026-11-24T21:43:21.5+01:00", to milliseconds since 1970. */
int units_time(const char *text, uint64_t *wall_ms, struct why *why) MUST_USE;

struct hostport {
	char host[256]; /* "": all addresses of this host */
	uint16_t port;  /* 0: the kernel chooses */
};

/* Parses ":6831", "6831", "127.0.0.1:6831", "[::1]:6831", "localhost:6831". */
int units_hostport(const char *text, struct hostport *out, struct why *why) MUST_USE;

/* Formats "[::1]:6831", "localhost:6831", ":6831", which units_hostport parses. TO has HOSTPORT_TEXT bytes. */
enum { HOSTPORT_TEXT = sizeof(struct hostport) + 8 };
const char *units_print_hostport(const struct hostport *at, char *to, size_t cap);

/* Formats "512 B", "1.5 GiB", with powers of 1024 only. TO has at least 32 bytes, here and below. */
const char *units_print_size(uint64_t bytes, char *to, size_t cap);
/* Formats "1h30m", "2.5s", "120ms", "80us". */
const char *units_print_duration(uint64_t us, char *to, size_t cap);
/* Formats "2026-11-24T20:43:21.123Z". */
const char *units_print_time(uint64_t wall_ms, char *to, size_t cap);

#endif
