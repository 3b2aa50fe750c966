/* SPDX-License-Identifier: Apache-2.0 */
/* detached.c — runs work in a detached thread. The last user of struct detached frees it: the loop, if RUN has
 * returned before detached_abandon, else the thread. The flags returned and abandoned, both under the lock,
 * decide. */
#include <pthread.h>
#include <stdlib.h>

#include "loop/loop.h"

struct detached {
	pthread_mutex_t lock;
	bool returned;  /* RUN has returned, and the wake-up was signalled if not abandoned */
	bool abandoned; /* detached_abandon was called, and has freed the wake-up */
	struct wakeup *wakeup;
	void (*run)(void *arg);
	void (*done)(void *arg);
	void (*drop)(void *arg);
	void *arg;
};

static void free_detached(struct detached *d)
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
		wakeup_signal(d->wakeup); /* under the lock, because detached_abandon frees the wake-up */
	pthread_mutex_unlock(&d->lock);
	if (abandoned) {
		d->drop(d->arg);
		free_detached(d);
	}
	return NULL;
}

static void on_run_returned(void *wakeup_arg)
{
	struct detached *d = wakeup_arg;
	void (*done)(void *arg) = d->done;
	void *arg = d->arg;

	pthread_mutex_lock(&d->lock); /* wait until the thread has released the lock, its last use of D */
	pthread_mutex_unlock(&d->lock);
	wakeup_free(d->wakeup);
	free_detached(d);
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
	if (wakeup_open(&d->wakeup, l, on_run_returned, d) < 0) {
		free_detached(d);
		return E_NOMEM;
	}
	*out = d; /* before the thread starts: the caller reads *OUT when DONE is called */
	if (start_thread(d) < 0) {
		*out = NULL;
		wakeup_free(d->wakeup);
		free_detached(d);
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
		free_detached(d);
	}
}
