/* SPDX-License-Identifier: Apache-2.0 */
/* model_refusals.h — which batches of a world are refused for ever, and what must not become of a refusal. */
#ifndef MODEL_REFUSALS_H
#define MODEL_REFUSALS_H

#include "span/batch.h"

enum { MODEL_NUMBERS = 1 << 14 };

/* A new world; a new life in it; the disk changes; from now on all batches are good. */
void model_refusals_init(void);
void model_refusals_begin(void);
void model_refusals_disk(void);
void model_refusals_heal(void);
/* Decides of batch NUMBER whether it is bad. */
void model_refusals_draw(uint64_t number);

/* Of the world: a batch's number, and the first promise that was broken; the latter is always false. */
uint64_t model_number(const struct batch *b);
bool fault(const char *fmt, ...) PRINTF(1, 2);

#endif
