/* SPDX-License-Identifier: Apache-2.0 */
/* model.h — one sequence of actions, played on the program and judged by the model. */
#ifndef MODEL_H
#define MODEL_H

#include "base/base.h"

enum model_action {
	RECEIVE,
	PASS,
	WORK_RUN,
	WORK_DONE,
	REPORT,
	MOOD,
	DISK,
	JUMP,
	STOP,
	KILL,
	KILL_AT_ONCE,
	CUT,
	ACTION_KINDS
};

struct model_step {
	enum model_action what;
	unsigned seed; /* of the choices that the action makes */
};

extern const struct model_kind {
	const char *name;
	unsigned weight;
} model_kinds[ACTION_KINDS];

/* Plays the steps in a new world drawn from SEED, lets all heal, and asks for every batch. True when
 * every promise was kept; else model_fault says which was not. TRACED says what each step came to. */
bool model_play(unsigned seed, const struct model_step *steps, size_t n, bool traced);
const char *model_fault(void);

#endif
