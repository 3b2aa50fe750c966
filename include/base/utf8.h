/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8, sequence by sequence. */
#ifndef UTF8_H
#define UTF8_H

#include "base/slice.h"

/* The length of the sequence that begins at S, which is not empty; 0 when it is none (RFC 3629). */
size_t utf8_sequence(struct slice s);

#endif
