/* SPDX-License-Identifier: Apache-2.0 */
/* life.h — store and forward as one process lives it: opened on a spool, fed with numbered batches,
 * watched each turn, stopped. Nothing here allocates after life_open but batches. */
#ifndef LIFE_H
#define LIFE_H

#include "fakesink.h"
#include "agent/pipeline.h"

enum { LIFE_WATCHED = 4096, LIFE_SECONDS = 30 };

struct life_opts {
	const char *dir;
	uint64_t exposure_us;
	uint64_t flight_bytes;
	uint64_t seed;
	unsigned each_turn; /* batches fed in a turn, at most */
	bool restless;      /* the sink changes its mood */
};

struct waiting;

struct life {
	struct life_opts opts;
	struct evidence *evidence;
	struct loop *loop;
	struct health health;
	struct pipeline *pipeline;
	struct fakesink sink;
	struct timer *turn;
	struct waiting *waiting;
	struct timer *looker; /* of life_until: a wait must not need memory */
	uint64_t random;
	uint64_t left;      /* to be fed */
	uint64_t turned_us; /* when the turn before began */
	unsigned downs;     /* how often the board said that the spool, or its quarantine, is down */
	bool down;
	bool stopped;
	struct agent_batch *watched[LIFE_WATCHED]; /* fed, and not known to be safe */
	size_t nwatched;
};

struct life_opts life_usual(const char *dir, uint64_t seed);

/* 0, or the error with WHY. */
int life_open(struct life *l, const struct life_opts *o, struct evidence *e, struct why *why) MUST_USE;
void life_mood(struct life *l, enum sink_mood mood);

/* Run the loop until it is so; false, and evidence of it, when that takes too long. */
bool life_feed(struct life *l, uint64_t batches); /* all handed over */
bool life_stored(struct life *l);                 /* nothing is in flight */
bool life_empty(struct life *l);                  /* nothing is in flight nor in the spool */
bool life_until(struct life *l, bool (*cond)(void *arg), void *arg, const char *what);
/* All that can be delivered, from number FROM on, but what waits in the spool of a disk that is down. */
bool life_arrived(struct life *l, uint64_t from);
bool life_close(struct life *l); /* a clean stop */

/* In a process of its own: opens what is left in DIR, delivers all of it, stops. "" or what went
 * wrong; then the verdict. */
const char *life_aftermath(const char *dir, struct evidence *e, bool dropping);
/* Runs STORY in a process of its own. Gives its wait status. */
int life_in_child(void (*story)(void *arg), void *arg);

#endif
