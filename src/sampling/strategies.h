/* SPDX-License-Identifier: Apache-2.0 */
/* strategies.h — a file of sampling strategies in Jaeger's format. */
#ifndef SAMPLING_STRATEGIES_H
#define SAMPLING_STRATEGIES_H

#include "base/buf.h"

enum { STRATEGIES_MOST = 16 << 20 }; /* bytes of the file */

struct strategies;

/* Reads TEXT, the content of the file. E_MALFORMED: WHY says where and what is wrong; E_NOMEM. */
int strategies_parse(struct strategies **out, struct slice text, struct why *why) MUST_USE;
/* Reads the file at PATH. E_MISSING, E_DENIED, E_IO, E_TOO_LARGE or as above; WHY names PATH. */
int strategies_read(struct strategies **out, const char *path, struct why *why) MUST_USE;

/* The strategy of SERVICE, or the default one, as strategy_normalize prints it; borrowed until strategies_free. */
struct slice strategies_find(const struct strategies *s, struct slice service);
/* A sentence about the first strategy of the file whose type is not known; NULL: there is none. */
const char *strategies_unknown(struct strategies *s);
/* Number of services with a strategy of their own. */
size_t strategies_services(const struct strategies *s);
/* S may be NULL. */
void strategies_free(struct strategies *s);

#endif
