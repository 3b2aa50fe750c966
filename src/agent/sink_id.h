/* SPDX-License-Identifier: Apache-2.0 */
/* Prints a record's id and its time of receipt, for headers. */
#ifndef SINK_ID_H
#define SINK_ID_H

#include "span/batch.h"
#include "agent/sinks.h"

enum { SINK_ID_TEXT = 320 };

/* "<host>/<boot>/<sequence>" into TO; returns its length. */
size_t sink_id_text(const struct sink_id *id, const struct batch *b, char to[SINK_ID_TEXT]);
/* Decimal, without a NUL; returns its length. */
size_t sink_decimal(uint64_t n, char to[20]);

#endif
