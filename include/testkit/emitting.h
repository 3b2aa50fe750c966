/* SPDX-License-Identifier: Apache-2.0 */
/* An emitter at work on the loop. */
#ifndef EMITTING_H
#define EMITTING_H

#include "testkit/emitter.h"
#include "loop/loop.h"

struct emitting;

/* Steps E (borrowed) when spans are due. OVER is called once, when E has reached its end or failed;
 * it may free the emitting. */
int emitting_start(
        struct emitting **out, struct loop *l, struct emitter *e, void (*over)(void *arg), void *arg) MUST_USE;

/* Stops it, without a call of OVER. NULL is fine. */
void emitting_free(struct emitting *g);

#endif
