/* SPDX-License-Identifier: Apache-2.0 */
/* detached.c — work in a thread that nobody joins. Whoever comes last frees the object: the loop when RUN came
 * back in time, the thread when the owner gave it up before. The lock decides who that is. */
#include <pthread.h>
#include <stdlib.h>

#include "loop/loop.h"

struct detached {
	pthread_mutex_t lock;
	bool returned;  /* RUN came back, and the wake-up is rung */
	bool abandoned; /* the wake-up is gone */
	struct wakeup *wakeup;
	void (*run)(void *arg);
	void (*done)(void *arg);
	void (*drop)(void *arg);
	void *arg;
};

static void destroy(struct detached *d)
{
	pthread_mutex_destroy(&d->lock);
	free(d);
}

static void *run_detached(void *arg)
{
	struct detached *d = arg;
	bool abandoned;

	d->run(d->arg);
	pthread_mutex_lock(&d->lock);
	abandoned = d->abandoned;
	d->returned = true;
	if (!abandoned)
		wakeup_signal(d->wakeup); /* under the lock: the owner frees the wake-up */
	pthread_mutex_unlock(&d->lock);
	if (abandoned) {
		d->drop(d->arg);
		destroy(d);
	}
	return NULL;
}

static void on_returned(void *wakeup_arg)
{
	struct detached *d = wakeup_arg;
	void (*done)(void *arg) = d->done;
	void *arg = d->arg;

	pthread_mutex_lock(&d->lock); /* the thread is behind its last use of D */
	pthread_mutex_unlock(&d->lock);
	wakeup_free(d->wakeup);
	destroy(d);
	done(arg);
}

static int start_thread(struct detached *d)
{
	pthread_attr_t attr;
	pthread_t thread;
	int rc;

	if (pthread_attr_init(&attr) != 0)
		return E_NOMEM;
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	rc = pthread_create(&thread, &attr, run_detached, d);
	pthread_attr_destroy(&attr);
	return rc == 0 ? 0 : E_NOMEM;
}

int detached_start(struct detached **out, struct loop *l, void (*run)(void *arg), void (*done)(void *arg),
        void (*drop)(void *arg), void *arg)
{
	struct detached *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return E_NOMEM;
	*d = (struct detached){ .run = run, .done = done, .drop = drop, .arg = arg };
	pthread_mutex_init(&d->lock, NULL);
	if (wakeup_open(&d->wakeup, l, on_returned, d) < 0) {
		destroy(d);
		return E_NOMEM;
	}
	*out = d; /* before the thread, whose end DONE takes for known */
	if (start_thread(d) < 0) {
		*out = NULL;
		wakeup_free(d->wakeup);
		destroy(d);
		return E_NOMEM;
	}
	return 0;
}

void detached_abandon(struct detached *d)
{
	bool returned;

	if (d == NULL)
		return;
	pthread_mutex_lock(&d->lock);
	returned = d->returned;
	d->abandoned = true;
	wakeup_free(d->wakeup);
	pthread_mutex_unlock(&d->lock);
	if (returned) {
		d->drop(d->arg);
		destroy(d);
	}
}
