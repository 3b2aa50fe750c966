/* SPDX-License-Identifier: Apache-2.0 */
/* loop.c — wraps libuv. Each object contains its handle. Freeing an object starts uv_close, after which libuv
 * calls none of its callbacks; the memory is freed one iteration later. */
#include <stdlib.h>
#include <uv.h>

#include "base/clock.h"
#include "loop/loop.h"

struct loop {
	uv_loop_t uv;
	uv_async_t stop_async; /* keeps uv_run running, and makes it return from any callback */
	bool in_timers;        /* a timer's callback is running */
};

struct turn_hook {
	uv_prepare_t uv;
	void (*callback)(void *arg);
	void *arg;
};

struct timer {
	uv_timer_t uv;
	void (*callback)(void *arg);
	void *arg;
};

struct watch {
	uv_poll_t uv;
	int events; /* libuv's events that are watched; 0: paused */
	void (*ready)(void *arg, int events);
	void *arg;
};

struct wakeup {
	uv_async_t uv;
	void (*callback)(void *arg);
	void *arg;
};

struct signal_watch {
	uv_signal_t uv;
	void (*callback)(void *arg);
	void *arg;
};

struct work {
	uv_work_t uv;
	void (*run)(void *arg);
	void (*done)(void *arg);
	void *arg;
};

struct thread_work {
	uv_async_t uv; /* sent by the thread after RUN */
	uv_thread_t thread;
	void (*run)(void *arg);
	void (*done)(void *arg);
	void *arg;
};

/* Every handle is the first member of its object, so both have the same address. */
static void on_closed(uv_handle_t *h)
{
	free(h);
}

static void close_handle(void *object)
{
	if (object != NULL)
		uv_close(object, on_closed);
}

static void on_stop(uv_async_t *a)
{
	uv_stop(a->loop);
}

int loop_open(struct loop **out, struct why *why)
{
	struct loop *l = calloc(1, sizeof(*l));
	int rc;

	if (l == NULL)
		return why_set(why, E_NOMEM, "event loop");
	rc = uv_loop_init(&l->uv);
	if (rc == 0)
		rc = uv_async_init(&l->uv, &l->stop_async, on_stop);
	if (rc < 0) {
		free(l);
		return why_set(why, E_IO, "event loop: %s", uv_strerror(rc));
	}
	*out = l;
	return 0;
}

void loop_run(struct loop *l)
{
	uv_run(&l->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *l)
{
	uv_async_send(&l->stop_async);
}

void loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	uv_close((uv_handle_t *)&l->stop_async, NULL);
	uv_run(&l->uv, UV_RUN_DEFAULT);
	uv_loop_close(&l->uv);
	free(l);
}

uint64_t loop_now_us(const struct loop *l)
{
	(void)l;
	return clock_mono_us();
}

static void on_turn(uv_prepare_t *p)
{
	struct turn_hook *h = container_of(p, struct turn_hook, uv);

	h->callback(h->arg);
}

int turn_hook_open(struct turn_hook **out, struct loop *l, void (*callback)(void *arg), void *arg)
{
	struct turn_hook *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return E_NOMEM;
	h->callback = callback;
	h->arg = arg;
	uv_prepare_init(&l->uv, &h->uv);
	uv_prepare_start(&h->uv, on_turn);
	*out = h;
	return 0;
}

void turn_hook_free(struct turn_hook *h)
{
	close_handle(h);
}

static struct loop *loop_of(const uv_timer_t *u)
{
	return container_of(u->loop, struct loop, uv);
}

static void on_timer(uv_timer_t *u)
{
	struct timer *t = container_of(u, struct timer, uv);
	struct loop *l = loop_of(&t->uv);

	l->in_timers = true;
	t->callback(t->arg); /* may free T */
	l->in_timers = false;
}

int timer_open(struct timer **out, struct loop *l, void (*callback)(void *arg), void *arg)
{
	struct timer *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return E_NOMEM;
	t->callback = callback;
	t->arg = arg;
	uv_timer_init(&l->uv, &t->uv);
	*out = t;
	return 0;
}

/* libuv 1.44 calls all due timers before it polls descriptors, including one that a timer's callback has just
 * started with 0 ms: a callback that restarts its own timer with 0 ms would block the loop for ever. The loop's
 * clock does not advance meanwhile, so a timer of 1 ms is not due in the same iteration. */
void timer_start(struct timer *t, uint64_t after_ms)
{
	if (loop_of(&t->uv)->in_timers)
		after_ms = max_u64(after_ms, 1);
	uv_timer_start(&t->uv, on_timer, after_ms, 0);
}

void timer_stop(struct timer *t)
{
	uv_timer_stop(&t->uv);
}

bool timer_armed(const struct timer *t)
{
	return uv_is_active((const uv_handle_t *)&t->uv);
}

void timer_free(struct timer *t)
{
	close_handle(t);
}

static void on_ready(uv_poll_t *p, int status, int events)
{
	struct watch *w = container_of(p, struct watch, uv);
	int what = (events & UV_READABLE ? WATCH_READ : 0) | (events & UV_WRITABLE ? WATCH_WRITE : 0);

	/* An error is passed on as WATCH_READ: the owner's next call on the descriptor returns it. libuv stops
	 * watching after an error, but there may be data before it, so watching is started again. */
	if (status < 0) {
		uv_poll_start(&w->uv, w->events, on_ready);
		what = WATCH_READ;
	}
	w->ready(w->arg, what);
}

int watch_open(struct watch **out, struct loop *l, int fd, void (*ready)(void *arg, int events), void *arg)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return E_NOMEM;
	w->ready = ready;
	w->arg = arg;
	if (uv_poll_init(&l->uv, &w->uv, fd) < 0) {
		free(w);
		return E_IO;
	}
	*out = w;
	return 0;
}

void watch_set(struct watch *w, int events)
{
	int what = (events & WATCH_READ ? UV_READABLE : 0) | (events & WATCH_WRITE ? UV_WRITABLE : 0);

	if (what == w->events)
		return;
	w->events = what;
	if (what == 0)
		uv_poll_stop(&w->uv);
	else
		uv_poll_start(&w->uv, what, on_ready);
}

void watch_free(struct watch *w)
{
	close_handle(w);
}

static void on_wakeup(uv_async_t *a)
{
	struct wakeup *w = container_of(a, struct wakeup, uv);

	w->callback(w->arg);
}

int wakeup_open(struct wakeup **out, struct loop *l, void (*callback)(void *arg), void *arg)
{
	struct wakeup *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return E_NOMEM;
	w->callback = callback;
	w->arg = arg;
	if (uv_async_init(&l->uv, &w->uv, on_wakeup) < 0) {
		free(w);
		return E_IO;
	}
	*out = w;
	return 0;
}

void wakeup_signal(struct wakeup *w)
{
	uv_async_send(&w->uv);
}

void wakeup_free(struct wakeup *w)
{
	close_handle(w);
}

static void on_work(uv_work_t *u)
{
	struct work *w = container_of(u, struct work, uv);

	w->run(w->arg);
}

static void on_work_done(uv_work_t *u, int status)
{
	struct work *w = container_of(u, struct work, uv);
	void (*done)(void *arg) = w->done;
	void *arg = w->arg;

	(void)status; /* never UV_ECANCELED: no work is cancelled */
	free(w);
	done(arg);
}

int work_start(struct loop *l, void (*run)(void *arg), void (*done)(void *arg), void *arg)
{
	struct work *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return E_NOMEM;
	w->run = run;
	w->done = done;
	w->arg = arg;
	if (uv_queue_work(&l->uv, &w->uv, on_work, on_work_done) < 0) {
		free(w);
		return E_NOMEM;
	}
	return 0;
}

static void run_thread(void *arg)
{
	struct thread_work *w = arg;

	w->run(w->arg);
	uv_async_send(&w->uv);
}

static void on_thread_done(uv_async_t *a)
{
	struct thread_work *w = container_of(a, struct thread_work, uv);
	void (*done)(void *arg) = w->done;
	void *arg = w->arg;

	uv_thread_join(&w->thread);
	close_handle(w);
	done(arg);
}

int work_start_alone(struct loop *l, void (*run)(void *arg), void (*done)(void *arg), void *arg)
{
	struct thread_work *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return E_NOMEM;
	w->run = run;
	w->done = done;
	w->arg = arg;
	if (uv_async_init(&l->uv, &w->uv, on_thread_done) < 0) {
		free(w);
		return E_IO;
	}
	if (uv_thread_create(&w->thread, run_thread, w) < 0) {
		close_handle(w);
		return E_NOMEM;
	}
	return 0;
}

static void on_signal(uv_signal_t *u, int signum)
{
	struct signal_watch *s = container_of(u, struct signal_watch, uv);

	(void)signum;
	s->callback(s->arg);
}

int signal_watch_open(struct signal_watch **out, struct loop *l, int signum, void (*callback)(void *arg), void *arg)
{
	struct signal_watch *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return E_NOMEM;
	s->callback = callback;
	s->arg = arg;
	uv_signal_init(&l->uv, &s->uv);
	if (uv_signal_start(&s->uv, on_signal, signum) < 0) {
		close_handle(s);
		return E_IO;
	}
	*out = s;
	return 0;
}

void signal_watch_free(struct signal_watch *s)
{
	close_handle(s);
}

const char *loop_libuv_version(void)
{
	return uv_version_string();
}
