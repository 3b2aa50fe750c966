/* SPDX-License-Identifier: Apache-2.0 */
/* The event loop, its timers, watches, wake-ups, work items and signals. */
#ifndef LOOP_H
#define LOOP_H

#include "base/err.h"

/* Everything here is used from the loop's own thread, but for wakeup_signal. The objects are opaque;
 * each free function returns at once, and after it no callback of that object comes. */

struct loop;

int loop_open(struct loop **out, struct why *why) MUST_USE;
/* Runs until loop_stop. */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);
/* Waits for work items under way; every other object must have been freed before. NULL is fine. */
void loop_free(struct loop *l);

/* Monotonic microseconds, now. */
uint64_t loop_now_us(const struct loop *l);

/* WHAT is called once a turn, after all callbacks of that turn and before the loop waits. */
struct turn_hook;
int turn_hook_open(struct turn_hook **out, struct loop *l, void (*what)(void *arg), void *arg) MUST_USE;
void turn_hook_free(struct turn_hook *h);

struct timer;
int timer_open(struct timer **out, struct loop *l, void (*ring)(void *arg), void *arg) MUST_USE;
/* Rings once, AFTER_MS from now; starting again moves it. Descriptors have their turn in between, also when a timer's
 * callback starts it with 0 ms. */
void timer_start(struct timer *t, uint64_t after_ms);
void timer_stop(struct timer *t);
bool timer_armed(const struct timer *t);
void timer_free(struct timer *t);

enum { WATCH_READ = 1, WATCH_WRITE = 2 };
struct watch;
/* Watches FD (borrowed: the owner closes it after watch_free). Starts with nothing asked for. */
int watch_open(struct watch **out, struct loop *l, int fd, void (*ready)(void *arg, int events), void *arg) MUST_USE;
/* EVENTS are WATCH_READ | WATCH_WRITE, or 0 to pause. */
void watch_set(struct watch *w, int events);
void watch_free(struct watch *w);

/* A doorbell: the one thing that another thread may touch. Rings that come together count once. */
struct wakeup;
int wakeup_open(struct wakeup **out, struct loop *l, void (*rung)(void *arg), void *arg) MUST_USE;
void wakeup_signal(struct wakeup *b);
void wakeup_free(struct wakeup *b);

/* RUN is called in a worker thread, then DONE on the loop. ARG is theirs alone until DONE. */
int work_start(struct loop *l, void (*run)(void *arg), void (*done)(void *arg), void *arg) MUST_USE;

/* The same in a thread of its own, for a RUN that may wait for somebody else, a name server say: workers
 * are few, and those that wait so would keep the spool from its commits. */
int work_start_alone(struct loop *l, void (*run)(void *arg), void (*done)(void *arg), void *arg) MUST_USE;

/* The same for a RUN that may never come back, a lookup that no name server answers say: nothing waits for it,
 * loop_free neither. *OUT is gone when DONE is called. */
struct detached;
int detached_start(struct detached **out, struct loop *l, void (*run)(void *arg), void (*done)(void *arg),
        void (*drop)(void *arg), void *arg) MUST_USE;
/* DONE is not called any more. DROP frees ARG: at once when RUN has come back, else in RUN's thread when it does,
 * unless the process ends before. NULL is fine. */
void detached_abandon(struct detached *d);

struct signal_watch;
int signal_watch_open(
        struct signal_watch **out, struct loop *l, int signum, void (*came)(void *arg), void *arg) MUST_USE;
void signal_watch_free(struct signal_watch *s);

/* The version of libuv that this process runs with. */
const char *loop_libuv_version(void);

#endif
