/* SPDX-License-Identifier: Apache-2.0 */
/* The event loop (libuv): timers, watched descriptors, wake-ups, work items and signals. */
#ifndef LOOP_H
#define LOOP_H

#include "base/err.h"

/* All functions are called in the loop's own thread, except wakeup_signal. The structs are opaque. Each free
 * function returns at once, and no callback of its object is called afterwards. */

struct loop;

int loop_open(struct loop **out, struct why *why) MUST_USE;
/* Runs until loop_stop. */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);
/* Waits for running work items. All other objects must be freed before. L may be NULL. */
void loop_free(struct loop *l);

/* Monotonic microseconds, now. */
uint64_t loop_now_us(const struct loop *l);

/* CALLBACK is called once per iteration of the loop, after all other callbacks and before the loop waits. */
struct turn_hook;
int turn_hook_open(struct turn_hook **out, struct loop *l, void (*callback)(void *arg), void *arg) MUST_USE;
void turn_hook_free(struct turn_hook *h);

struct timer;
int timer_open(struct timer **out, struct loop *l, void (*callback)(void *arg), void *arg) MUST_USE;
/* Calls CALLBACK once, AFTER_MS from now; starting it again replaces the time. Descriptors are polled before the
 * call, even when a timer's callback starts a timer with 0 ms. */
void timer_start(struct timer *t, uint64_t after_ms);
void timer_stop(struct timer *t);
bool timer_armed(const struct timer *t);
void timer_free(struct timer *t);

enum { WATCH_READ = 1, WATCH_WRITE = 2 };
struct watch;
/* Watches FD, which the owner closes after watch_free. No events are watched until watch_set. */
int watch_open(struct watch **out, struct loop *l, int fd, void (*ready)(void *arg, int events), void *arg) MUST_USE;
/* EVENTS are WATCH_READ | WATCH_WRITE; 0 pauses. */
void watch_set(struct watch *w, int events);
void watch_free(struct watch *w);

/* Wakes the loop from another thread: wakeup_signal may be called in any thread. Signals that come before the
 * callback runs cause one call. */
struct wakeup;
int wakeup_open(struct wakeup **out, struct loop *l, void (*callback)(void *arg), void *arg) MUST_USE;
void wakeup_signal(struct wakeup *w);
void wakeup_free(struct wakeup *w);

/* Calls RUN in a worker thread, then DONE in the loop's thread. The caller does not touch ARG before DONE. */
int work_start(struct loop *l, void (*run)(void *arg), void (*done)(void *arg), void *arg) MUST_USE;

/* The same in a new thread, for a RUN that may wait for another process, such as a name server. libuv has few
 * workers: if all of them waited like that, the spool could not commit. */
int work_start_alone(struct loop *l, void (*run)(void *arg), void (*done)(void *arg), void *arg) MUST_USE;

/* The same for a RUN that may never return, such as a lookup that no name server answers: nothing waits for it,
 * not even loop_free. *OUT is invalid once DONE is called. */
struct detached;
int detached_start(struct detached **out, struct loop *l, void (*run)(void *arg), void (*done)(void *arg),
        void (*drop)(void *arg), void *arg) MUST_USE;
/* Cancels the call of DONE. DROP frees ARG: now if RUN has returned, else in RUN's thread when it returns, unless
 * the process ends first. D may be NULL. */
void detached_abandon(struct detached *d);

struct signal_watch;
int signal_watch_open(
        struct signal_watch **out, struct loop *l, int signum, void (*callback)(void *arg), void *arg) MUST_USE;
void signal_watch_free(struct signal_watch *s);

/* The version of libuv that this process runs with. */
const char *loop_libuv_version(void);

#endif
