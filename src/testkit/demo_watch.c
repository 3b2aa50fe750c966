/* SPDX-License-Identifier: Apache-2.0 */
/* demo_watch.c — polls a child's admin port: "/" until it answers 200, then "/ledger". */
#include <stdio.h>

#include "base/clock.h"
#include "demo.h"

enum { RESPONSE_MS = 2000 };

void demo_watch_init(struct demo_watch *w, struct http_client *c, uint16_t port,
        void (*read)(void *arg, struct slice json), void *arg)
{
	*w = (struct demo_watch){ .client = c, .read = read, .arg = arg };
	snprintf(w->url, sizeof(w->url), "http://127.0.0.1:%u", port);
}

static void on_serving(void *arg, const struct http_answer *a)
{
	struct demo_watch *w = arg;

	w->asking = false;
	w->serving = a->failure == HTTP_ANSWERED && a->status == 200;
}

static void on_ledger(void *arg, const struct http_answer *a)
{
	struct demo_watch *w = arg;

	w->asking = false;
	/* The request was sent before demo_watch_forget: the answer is of a process that was killed. */
	if (!w->serving || a->failure != HTTP_ANSWERED || a->status != 200)
		return;
	w->known_us = w->asking_us;
	w->read(w->arg, a->body);
}

void demo_watch_poll(struct demo_watch *w)
{
	char url[96];
	struct http_request r = { .url = url, .connect_ms = RESPONSE_MS, .total_ms = RESPONSE_MS };

	if (w->asking)
		return;
	snprintf(url, sizeof(url), "%s%s", w->url, w->serving ? "/ledger" : "/");
	w->asking = http_client_send(w->client, &r, w->serving ? on_ledger : on_serving, w) == 0;
	w->asking_us = clock_mono_us();
}

void demo_watch_forget(struct demo_watch *w)
{
	w->serving = false;
	w->known_us = 0;
}
