/* SPDX-License-Identifier: Apache-2.0 */
/* sim_udp.c — udp.h over memory: one listener with a socket buffer without bounds. */
#include <stdlib.h>

#include "base/list.h"
#include "sim.h"

struct datagram {
	struct list link;
	size_t len;
	uint8_t bytes[];
};

struct udp {
	struct udp_events events;
	bool paused;
	uint64_t unread;
	struct list buffer;
};

static struct udp *listener;
static uint64_t closed_on;

int udp_open(
        struct udp **out, struct loop *l, const struct udp_opts *opts, const struct udp_events *events, struct why *why)
{
	struct udp *u = calloc(1, sizeof(*u));

	(void)l, (void)opts;
	if (u == NULL)
		return why_set(why, E_NOMEM, "udp");
	u->events = *events;
	list_init(&u->buffer);
	listener = *out = u;
	return 0;
}

void udp_pause(struct udp *u)
{
	u->paused = true;
}

void udp_resume(struct udp *u)
{
	u->paused = false;
}

uint16_t udp_port(const struct udp *u)
{
	(void)u;
	return 0;
}

uint64_t udp_buffer_bytes(const struct udp *u)
{
	(void)u;
	return UINT64_MAX;
}

uint64_t udp_read_errors(const struct udp *u)
{
	(void)u;
	return 0;
}

uint64_t udp_waiting(const struct udp *u)
{
	(void)u;
	return 0;
}

uint64_t udp_kernel_drops(struct udp *u)
{
	(void)u;
	return 0;
}

static struct datagram *first_of(struct udp *u)
{
	return list_empty(&u->buffer) ? NULL : list_first(&u->buffer, struct datagram, link);
}

static void take(struct udp *u, struct datagram *d)
{
	list_remove(&d->link);
	u->unread--;
	u->events.datagram(u->events.arg, slice_of(d->bytes, d->len));
	free(d);
}

bool udp_drain(struct udp *u)
{
	struct datagram *d;

	while (!u->paused && (d = first_of(u)) != NULL)
		take(u, d);
	return first_of(u) == NULL;
}

void udp_free(struct udp *u)
{
	struct datagram *d;

	if (u == NULL)
		return;
	closed_on += u->unread;
	while ((d = first_of(u)) != NULL) {
		list_remove(&d->link);
		free(d);
	}
	if (listener == u)
		listener = NULL;
	free(u);
}

void sim_udp_send(struct slice bytes)
{
	struct datagram *d = malloc(sizeof(*d) + bytes.len);

	d->len = bytes.len;
	memcpy(d->bytes, bytes.at, bytes.len);
	list_push(&listener->buffer, &d->link);
	listener->unread++;
}

void sim_udp_readable(void)
{
	struct datagram *d;

	while (listener != NULL && !listener->paused && (d = first_of(listener)) != NULL)
		take(listener, d);
}

uint64_t sim_udp_unread(void)
{
	return listener == NULL ? 0 : listener->unread;
}

uint64_t sim_udp_closed_on(void)
{
	return closed_on;
}

bool sim_udp_paused(void)
{
	return listener != NULL && listener->paused;
}

void sim_udp_cut(void)
{
	listener = NULL;
}
