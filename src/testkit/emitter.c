/* SPDX-License-Identifier: Apache-2.0 */
/* emitter.c — numbers go out in bursts of sendmmsg, the doors take turns, and what ICMP sends back
 * is subtracted. A socket with IP_RECVERR keeps the beginning of each refused datagram, in which the
 * number of its first span stands: that tells exactly which spans were sent to nobody. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "testkit/emitter.h"
#include "rate_schedule.h"
#include "udp_client.h"

enum {
	BURST = 64,
	BURSTS_A_STEP = 16, /* then others get their turn */
	LEAST_WAIT_US = 1000,
	FULL_WAIT_US = 500,
};

struct door {
	int fd;
	struct numbered_spans *whole;
	struct numbered_spans *last; /* the datagram with fewer spans at the end; NULL when there is none */
	uint8_t *bytes;              /* BURST datagrams */
	struct mmsghdr msgs[BURST];
	struct iovec iovs[BURST];
};

struct emitter {
	struct emitter_opts opts;
	struct emitter_stats stats;
	struct rate_schedule beat;
	struct door doors[EMITTER_DOORS];
	size_t turn;         /* door of the next burst */
	uint64_t end;        /* number behind the last span */
	uint64_t last_first; /* number that begins the shorter datagram; end when there is none */
	uint64_t began_us;
	bool begun;
	struct why why;
};

static int open_templates(struct emitter *e, struct door *d, enum numbered_spans_protocol p, struct why *why)
{
	struct numbered_spans_opts o = {
		.protocol = p,
		.service = e->opts.service,
		.run = e->opts.run,
		.spans = e->opts.batch,
	};
	int rc = numbered_spans_open(&d->whole, &o, why);

	if (rc < 0 || e->last_first == e->end)
		return rc;
	o.spans = (uint32_t)(e->end - e->last_first);
	return numbered_spans_open(&d->last, &o, why);
}

static int open_client(struct emitter *e, size_t i, struct why *why)
{
	struct door *d = &e->doors[i];
	size_t size;

	if (open_templates(e, d, e->opts.doors[i].protocol, why) < 0)
		return why->code;
	size = numbered_spans_size(d->whole);
	d->bytes = malloc(BURST * size);
	if (d->bytes == NULL)
		return why_set(why, E_NOMEM, "emitter");
	for (size_t k = 0; k < BURST; k++) {
		d->iovs[k].iov_base = d->bytes + k * size;
		d->msgs[k].msg_hdr.msg_iov = &d->iovs[k];
		d->msgs[k].msg_hdr.msg_iovlen = 1;
	}
	return udp_client_connect(&d->fd, &e->opts.doors[i].at, why);
}

int emitter_open(struct emitter **out, const struct emitter_opts *o, struct why *why)
{
	struct emitter *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return why_set(why, E_NOMEM, "emitter");
	e->opts = *o;
	e->end = o->spans == 0 ? NUMBERED_MARK : o->first + o->spans;
	e->last_first = o->spans == 0 ? e->end : e->end - o->spans % o->batch;
	e->stats.first = e->stats.end = o->first;
	for (size_t i = 0; i < EMITTER_DOORS; i++)
		e->doors[i].fd = -1;
	for (size_t i = 0; i < o->ndoors; i++)
		if (open_client(e, i, why) < 0)
			goto fail;
	*out = e;
	return 0;
fail:
	emitter_free(e);
	return why->code;
}

void emitter_free(struct emitter *e)
{
	if (e == NULL)
		return;
	for (size_t i = 0; i < EMITTER_DOORS; i++) {
		numbered_spans_free(e->doors[i].whole);
		numbered_spans_free(e->doors[i].last);
		free(e->doors[i].bytes);
		udp_client_close(e->doors[i].fd);
	}
	free(e);
}

/* One refused datagram, of which BEGINNING came back. */
static void take_refusal(struct emitter *e, const struct door *d, struct slice beginning)
{
	const struct emitter_opts *o = &e->opts;
	uint64_t first, count = o->batch;
	bool known = d->last != NULL && numbered_spans_first(d->last, beginning, &first) && first == e->last_first;

	if (known)
		count = e->end - e->last_first;
	else
		known = numbered_spans_first(d->whole, beginning, &first) && first >= o->first &&
		        first + count <= e->stats.end && (first - o->first) % count == 0;
	if (!known)
		return;
	e->stats.spans -= count;
	e->stats.datagrams--;
	e->stats.bytes -= numbered_spans_size(count == o->batch ? d->whole : d->last);
	e->stats.refused_spans += count;
	e->stats.refused_datagrams++;
	if (o->refused != NULL)
		o->refused(o->arg, first, count);
}

static void take_refusals(struct emitter *e, struct door *d)
{
	uint8_t room[1280];
	ssize_t n;

	while ((n = udp_client_refused(d->fd, room, sizeof(room))) >= 0)
		take_refusal(e, d, slice_of(room, (size_t)n));
}

void emitter_settle(struct emitter *e)
{
	for (size_t i = 0; i < e->opts.ndoors; i++)
		take_refusals(e, &e->doors[i]);
}

/* Fills up to N datagrams; the shorter one goes alone. Returns how many. */
static size_t fill(struct emitter *e, struct door *d, size_t n, const struct numbered_spans **with)
{
	uint64_t now_us = clock_wall_ms() * US_PER_MS, first = e->stats.end;
	size_t k = 0;

	*with = first == e->last_first ? d->last : d->whole;
	if (first == e->last_first)
		n = 1;
	for (; k < n && first < (*with == d->last ? e->end : e->last_first); k++) {
		numbered_spans_write(*with, first, now_us, d->iovs[k].iov_base);
		d->iovs[k].iov_len = numbered_spans_size(*with);
		first += numbered_spans_count(*with);
	}
	return k;
}

static void note_sent(struct emitter *e, const struct numbered_spans *with, size_t datagrams)
{
	uint64_t spans = datagrams * (uint64_t)numbered_spans_count(with), first = e->stats.end;

	e->stats.end += spans;
	e->stats.spans += spans;
	e->stats.datagrams += datagrams;
	e->stats.bytes += datagrams * numbered_spans_size(with);
	e->beat.done += spans;
	if (spans > 0 && e->opts.sent != NULL)
		e->opts.sent(e->opts.arg, first, spans);
}

/* One datagram that has no way to its host: its numbers are given out and refused at once. */
static void skip_one(struct emitter *e, const struct numbered_spans *with)
{
	uint64_t spans = numbered_spans_count(with), first = e->stats.end;

	e->stats.end += spans;
	e->beat.done += spans;
	e->stats.refused_spans += spans;
	e->stats.refused_datagrams++;
	if (e->opts.refused != NULL)
		e->opts.refused(e->opts.arg, first, spans);
}

enum verdict { TRY_AGAIN, SKIP, NO_ROOM, BROKEN };

/* What to do after the error that sendmmsg met. */
static enum verdict judge(int error)
{
	switch (error) {
	case ECONNREFUSED: /* the news of an earlier datagram; this one has not been tried */
	case EINTR:
		return TRY_AGAIN;
	case EHOSTUNREACH:
	case ENETUNREACH:
		return SKIP;
	case EAGAIN:
	case ENOBUFS:
		return NO_ROOM;
	}
	return BROKEN;
}

/* Sends some of the N datagrams from K on. Returns how many are done, or E_FULL, E_IO. */
static int send_some(struct emitter *e, size_t door, size_t k, size_t n, const struct numbered_spans *with)
{
	const struct hostport *to = &e->opts.doors[door].at;
	int sent = sendmmsg(e->doors[door].fd, e->doors[door].msgs + k, (unsigned)(n - k), MSG_DONTWAIT);

	if (sent >= 0) {
		note_sent(e, with, (size_t)sent);
		return sent;
	}
	switch (judge(errno)) {
	case TRY_AGAIN:
		return 0;
	case SKIP:
		skip_one(e, with);
		return 1;
	case NO_ROOM:
		return E_FULL;
	case BROKEN:
		break;
	}
	return why_set(&e->why, E_IO, "cannot send to %s port %u: %s", to->host, to->port, strerror(errno));
}

/* Sends N datagrams through the door whose turn it is. */
static int burst(struct emitter *e, size_t n)
{
	size_t door = e->turn++ % e->opts.ndoors;
	struct door *d = &e->doors[door];
	const struct numbered_spans *with;
	size_t filled = fill(e, d, n, &with);

	for (size_t k = 0; k < filled;) {
		int done = send_some(e, door, k, filled, with);

		if (done < 0)
			return done;
		k += (size_t)done;
		if (k < filled)
			take_refusals(e, d);
	}
	return 0;
}

static bool is_over(const struct emitter *e, uint64_t now_us)
{
	return e->stats.end >= e->end || e->why.code != 0 ||
	       (e->opts.duration_us > 0 && now_us - e->began_us >= e->opts.duration_us);
}

/* Datagrams that are due now. */
static uint64_t due(struct emitter *e, uint64_t now_us)
{
	uint64_t spans = rate_schedule_due(&e->beat, now_us);

	return spans / e->opts.batch + (spans % e->opts.batch > 0);
}

uint64_t emitter_step(struct emitter *e, uint64_t now_us)
{
	uint64_t wait_us;

	if (!e->begun) {
		e->begun = true;
		e->began_us = e->beat.began_us = now_us;
		e->beat.per_s = e->opts.rate;
	}
	emitter_settle(e);
	for (int i = 0; i < BURSTS_A_STEP && !is_over(e, now_us); i++) {
		uint64_t n = min_u64(due(e, now_us), BURST);

		if (n == 0)
			break;
		if (burst(e, n) < 0)
			return is_over(e, now_us) ? EMITTER_OVER : FULL_WAIT_US;
	}
	e->stats.took_us = now_us - e->began_us;
	if (is_over(e, now_us))
		return EMITTER_OVER;
	wait_us = rate_schedule_wait_us(&e->beat, now_us);
	return wait_us == 0 ? 0 : max_u64(wait_us, LEAST_WAIT_US);
}

const char *emitter_failure(const struct emitter *e)
{
	return e->why.code == 0 ? NULL : e->why.text;
}

const struct emitter_stats *emitter_stats(const struct emitter *e)
{
	return &e->stats;
}
