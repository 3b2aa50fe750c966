/* SPDX-License-Identifier: Apache-2.0 */
/* emitter.c — sends bursts with sendmmsg() to alternating targets, and subtracts what ICMP reports as refused. A
 * socket with IP_RECVERR returns the beginning of each refused datagram, which has the number of its first span, so
 * the refused spans are known exactly. */
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
	BURSTS_A_STEP = 16, /* then the loop can do other work */
	LEAST_WAIT_US = 1000,
	FULL_WAIT_US = 500,
};

struct target {
	int fd;
	struct numbered_spans *whole;
	struct numbered_spans *last; /* the shorter datagram at the end; NULL: none */
	uint8_t *bytes;              /* buffers of BURST datagrams */
	struct mmsghdr msgs[BURST];
	struct iovec iovs[BURST];
};

struct emitter {
	struct emitter_opts opts;
	struct emitter_stats stats;
	struct rate_schedule schedule;
	struct target targets[EMITTER_TARGETS];
	size_t next_target;  /* target of the next burst */
	uint64_t end;        /* one past the number of the last span */
	uint64_t last_first; /* first number of the shorter datagram; END when there is none */
	uint64_t began_us;
	bool begun;
	struct why why;
};

static int open_templates(struct emitter *e, struct target *d, enum numbered_spans_protocol p, struct why *why)
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
	struct target *d = &e->targets[i];
	size_t size;

	if (open_templates(e, d, e->opts.targets[i].protocol, why) < 0)
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
	return udp_client_connect(&d->fd, &e->opts.targets[i].at, why);
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
	for (size_t i = 0; i < EMITTER_TARGETS; i++)
		e->targets[i].fd = -1;
	for (size_t i = 0; i < o->ntargets; i++)
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
	for (size_t i = 0; i < EMITTER_TARGETS; i++) {
		numbered_spans_free(e->targets[i].whole);
		numbered_spans_free(e->targets[i].last);
		free(e->targets[i].bytes);
		udp_client_close(e->targets[i].fd);
	}
	free(e);
}

/* Counts one refused datagram, whose first bytes are BEGINNING. */
static void count_refusal(struct emitter *e, const struct target *d, struct slice beginning)
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

static void read_refusals(struct emitter *e, struct target *d)
{
	uint8_t room[1280];
	ssize_t n;

	while ((n = udp_client_refused(d->fd, room, sizeof(room))) >= 0)
		count_refusal(e, d, slice_of(room, (size_t)n));
}

void emitter_count_refused(struct emitter *e)
{
	for (size_t i = 0; i < e->opts.ntargets; i++)
		read_refusals(e, &e->targets[i]);
}

/* Fills up to N datagrams, all of template *WITH; the shorter one alone. Returns how many. */
static size_t fill_datagrams(struct emitter *e, struct target *d, size_t n, const struct numbered_spans **with)
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

static void count_sent(struct emitter *e, const struct numbered_spans *with, size_t datagrams)
{
	uint64_t spans = datagrams * (uint64_t)numbered_spans_count(with), first = e->stats.end;

	e->stats.end += spans;
	e->stats.spans += spans;
	e->stats.datagrams += datagrams;
	e->stats.bytes += datagrams * numbered_spans_size(with);
	e->schedule.done += spans;
	if (spans > 0 && e->opts.sent != NULL)
		e->opts.sent(e->opts.arg, first, spans);
}

/* Counts one datagram without a route to its host as refused, and skips its numbers. */
static void skip_datagram(struct emitter *e, const struct numbered_spans *with)
{
	uint64_t spans = numbered_spans_count(with), first = e->stats.end;

	e->stats.end += spans;
	e->schedule.done += spans;
	e->stats.refused_spans += spans;
	e->stats.refused_datagrams++;
	if (e->opts.refused != NULL)
		e->opts.refused(e->opts.arg, first, spans);
}

enum send_action { TRY_AGAIN, SKIP, NO_ROOM, BROKEN };

/* What to do after sendmmsg() has failed with ERROR. */
static enum send_action action_after(int error)
{
	switch (error) {
	case ECONNREFUSED: /* reports an earlier datagram; this one was not sent */
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

/* Sends some of the N datagrams from K on. Returns how many were sent or skipped, or E_FULL, E_IO. */
static int send_some(struct emitter *e, size_t target, size_t k, size_t n, const struct numbered_spans *with)
{
	const struct hostport *to = &e->opts.targets[target].at;
	int sent = sendmmsg(e->targets[target].fd, e->targets[target].msgs + k, (unsigned)(n - k), MSG_DONTWAIT);

	if (sent >= 0) {
		count_sent(e, with, (size_t)sent);
		return sent;
	}
	switch (action_after(errno)) {
	case TRY_AGAIN:
		return 0;
	case SKIP:
		skip_datagram(e, with);
		return 1;
	case NO_ROOM:
		return E_FULL;
	case BROKEN:
		break;
	}
	return why_set(&e->why, E_IO, "cannot send to %s port %u: %s", to->host, to->port, strerror(errno));
}

/* Sends N datagrams to the next target. */
static int send_burst(struct emitter *e, size_t n)
{
	size_t target = e->next_target++ % e->opts.ntargets;
	struct target *d = &e->targets[target];
	const struct numbered_spans *with;
	size_t filled = fill_datagrams(e, d, n, &with);

	for (size_t k = 0; k < filled;) {
		int done = send_some(e, target, k, filled, with);

		if (done < 0)
			return done;
		k += (size_t)done;
		if (k < filled)
			read_refusals(e, d);
	}
	return 0;
}

static bool is_over(const struct emitter *e, uint64_t now_us)
{
	return e->stats.end >= e->end || e->why.code != 0 ||
	       (e->opts.duration_us > 0 && now_us - e->began_us >= e->opts.duration_us);
}

/* The number of datagrams due at NOW_US. */
static uint64_t count_due(struct emitter *e, uint64_t now_us)
{
	uint64_t spans = rate_schedule_due(&e->schedule, now_us);

	return spans / e->opts.batch + (spans % e->opts.batch > 0);
}

uint64_t emitter_step(struct emitter *e, uint64_t now_us)
{
	uint64_t wait_us;

	if (!e->begun) {
		e->begun = true;
		e->began_us = e->schedule.began_us = now_us;
		e->schedule.per_s = e->opts.rate;
	}
	emitter_count_refused(e);
	for (int i = 0; i < BURSTS_A_STEP && !is_over(e, now_us); i++) {
		uint64_t n = min_u64(count_due(e, now_us), BURST);

		if (n == 0)
			break;
		if (send_burst(e, n) < 0)
			return is_over(e, now_us) ? EMITTER_OVER : FULL_WAIT_US;
	}
	e->stats.took_us = now_us - e->began_us;
	if (is_over(e, now_us))
		return EMITTER_OVER;
	wait_us = rate_schedule_wait_us(&e->schedule, now_us);
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
