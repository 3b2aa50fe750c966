/* SPDX-License-Identifier: Apache-2.0 */
/* service.c — sends the messages of sd_notify(3), one at a time and in order.
 *
 * sd_notify blocks while the service manager does not read, so each call has a detached thread of its own. While one
 * is under way a change of state is queued; a status or a ping of the watchdog waits for the next tick instead, so the
 * queue is as short as the changes of state are few. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "base/clock.h"
#include "base/listeners.h"
#include "base/log.h"
#include "service.h"

enum { TICK_MS = 1000, MESSAGES_MOST = 16 };

struct message {
	struct list link;
	struct service *service;
	char text[SERVICE_STATUS + 64];
};

static void send_next(struct service *s);

static void run_notify(void *arg)
{
	const struct message *m = arg;

	sd_notify(0, m->text); /* an error has no cure here: the manager that would read it is away */
}

static void drop_message(void *arg)
{
	free(arg);
}

static void on_sent(void *arg)
{
	struct message *m = arg;
	struct service *s = m->service;

	s->sending = NULL;
	free(m);
	send_next(s);
}

static void send_next(struct service *s)
{
	struct message *m;

	if (s->sending != NULL || list_empty(&s->messages))
		return;
	m = list_first(&s->messages, struct message, link);
	list_remove(&m->link);
	if (detached_start(&s->sending, s->loop, run_notify, on_sent, drop_message, m) < 0)
		list_push_front(&s->messages, &m->link); /* no memory for a thread: on_tick tries again */
}

static bool is_busy(const struct service *s)
{
	return s->sending != NULL || !list_empty(&s->messages);
}

static void PRINTF(2, 3) tell(struct service *s, const char *fmt, ...)
{
	struct message *m;
	size_t queued = 0;
	va_list ap;

	if (s->timer == NULL)
		return;
	list_each (node, &s->messages)
		queued++;
	m = queued < MESSAGES_MOST ? calloc(1, sizeof(*m)) : NULL;
	if (m == NULL)
		return;
	m->service = s;
	va_start(ap, fmt);
	vsnprintf(m->text, sizeof(m->text), fmt, ap);
	va_end(ap);
	list_init(&m->link);
	list_push(&s->messages, &m->link);
	send_next(s);
}

/* Each line of a message is a field of its own, so the status is one line. */
static void print_status(const struct service *s, char to[SERVICE_STATUS])
{
	to[0] = '\0';
	s->opts.status(s->opts.arg, to, SERVICE_STATUS);
	for (char *c = to; *c != '\0'; c++)
		if ((unsigned char)*c < ' ')
			*c = ' ';
}

/* True when the watchdog is to be told now: half its interval has passed, and the daemon's own check is well. */
static bool ping_is_due(struct service *s, uint64_t now)
{
	if (s->watchdog_us == 0 || now - s->pinged_us < s->watchdog_us / 2)
		return false;
	return s->opts.alive == NULL || s->opts.alive(s->opts.arg, s->watchdog_us);
}

static void on_tick(void *arg)
{
	struct service *s = arg;
	char status[SERVICE_STATUS];
	uint64_t now = clock_mono_us();
	bool ping, changed;

	timer_start(s->timer, s->watchdog_us == 0 ? TICK_MS : min_u64(TICK_MS, s->watchdog_us / 4 / US_PER_MS + 1));
	if (is_busy(s)) {
		send_next(s);
		return;
	}
	ping = ping_is_due(s, now);
	print_status(s, status);
	changed = strcmp(status, s->status) != 0;
	if (!ping && !changed)
		return;
	if (ping)
		s->pinged_us = now;
	memcpy(s->status, status, sizeof(status));
	tell(s, "%s%s%s%s", ping ? "WATCHDOG=1" : "", ping && changed ? "\n" : "", changed ? "STATUS=" : "",
	        changed ? status : "");
}

void service_adopt_sockets(const char *command)
{
	char **names = NULL;
	int n = sd_listen_fds_with_names(1, &names);
	struct why why;

	if (n < 0)
		log_warn("%s: the sockets of the service manager cannot be used: %s", command, strerror(-n));
	for (int i = 0; i < n; i++)
		if (listeners_adopt(SD_LISTEN_FDS_START + i, strcmp(names[i], SERVICE_OWN_SOCKET) != 0, &why) < 0)
			log_warn("%s: a socket of the service manager is closed: %s", command, why.text);
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

static void report_unused(void *arg, int fd, const char *text)
{
	(void)fd;
	log_warn("%s: the service manager listens on %s, and no option has that address: what is sent there is lost; "
	         "take it "
	         "out of the socket unit, or set the option",
	        (const char *)arg, text);
}

void service_close_unused_sockets(const char *command)
{
	listeners_each(true, report_unused, (void *)(uintptr_t)command);
	listeners_close_spare();
}

int service_open(struct service *s, struct loop *l, const struct service_opts *opts, struct why *why)
{
	uint64_t watchdog_us = 0;

	s->opts = *opts;
	s->loop = l;
	list_init(&s->messages);
	if (getenv("NOTIFY_SOCKET") == NULL)
		return 0;
	if (sd_watchdog_enabled(0, &watchdog_us) > 0)
		s->watchdog_us = watchdog_us;
	if (timer_open(&s->timer, l, on_tick, s) < 0)
		return why_set(why, E_NOMEM, "service manager");
	return 0;
}

void service_ready(struct service *s)
{
	if (s->timer == NULL)
		return;
	print_status(s, s->status);
	s->pinged_us = clock_mono_us();
	tell(s, "READY=1\nSTATUS=%s", s->status);
	timer_start(s->timer, TICK_MS);
}

void service_reloading(struct service *s)
{
	tell(s, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_mono_us());
}

void service_stopping(struct service *s)
{
	tell(s, "STOPPING=1");
}

void service_close(struct service *s)
{
	if (s->timer == NULL)
		return;
	detached_abandon(s->sending);
	while (!list_empty(&s->messages)) {
		struct message *m = list_first(&s->messages, struct message, link);

		list_remove(&m->link);
		free(m);
	}
	timer_free(s->timer);
	s->timer = NULL;
}
