/* SPDX-License-Identifier: Apache-2.0 */
/* Validates UTF-8, one sequence at a time. */
#ifndef UTF8_H
#define UTF8_H

#include "base/slice.h"

/* Length of the valid sequence (RFC 3629) at the start of S, which is not empty; 0: it is invalid. */
size_t utf8_sequence(struct slice s);

#endif
