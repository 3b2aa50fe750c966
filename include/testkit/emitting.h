/* SPDX-License-Identifier: Apache-2.0 */
/* Runs an emitter on the loop. */
#ifndef EMITTING_H
#define EMITTING_H

#include "testkit/emitter.h"
#include "loop/loop.h"

struct emitting;

/* Calls emitter_step() for E (borrowed) when spans are due. OVER is called once, when E has reached its end or
 * failed; it may free the emitting. */
int emitting_start(
        struct emitting **out, struct loop *l, struct emitter *e, void (*over)(void *arg), void *arg) MUST_USE;

/* Stops it without calling OVER. G may be NULL. */
void emitting_free(struct emitting *g);

#endif
