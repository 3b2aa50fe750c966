/* SPDX-License-Identifier: Apache-2.0 */
/* intake.c — reads datagrams, transcodes each into a batch, and counts its outcome.
 *
 *   READING ──no room──► PAUSED      flight_has_room is asked after each accepted datagram and once a turn of the loop
 *      ▲  │                │ │
 *      └──┼────room────────┘ │
 *         └──────stop────────┴──► STOPPING ──the sockets are empty, or the stop's time is up──► closed
 *
 * Every datagram gets exactly one outcome in the ledger. The first byte tells the protocol, on every port: many
 * senders send compact to 6832 or binary to 6831. */
#include <stdlib.h>

#include "span/agent_tags.h"
#include "base/clock.h"
#include "agent/intake.h"
#include "base/log.h"
#include "span/transcode.h"
#include "span/zipkin.h"

enum { LONG_PAUSE_MS = 5000 }; /* longer than a slow commit takes; by then the socket buffers may overflow */

struct port {
	struct intake *intake;
	enum intake_port which;
	uint64_t max_packet;
	struct udp *udp;
};

struct intake {
	struct flight *flight;
	struct ledger *ledger;
	struct health *health;
	struct port ports[INTAKE_PORTS];
	struct transcode_tags tags;
	struct buf encoded_tags;
	uint8_t *scratch; /* one transcoded datagram */
	size_t scratch_size;
	struct turn_hook *hook;
	bool paused;
	bool long_pause_reported;   /* part "intake" of the health board says that reading is paused */
	bool discards_rest;         /* the stop's time is up: each datagram is counted as queue_full */
	uint64_t paused_us;         /* monotonic; when the last pause began */
	void (*stopped)(void *arg); /* not NULL: stopping */
	void *stopped_arg;
	uint64_t stop_deadline_us; /* monotonic; until then a stop waits for room in the flight */
	struct intake_stats stats;
};

const char *const intake_port_names[INTAKE_PORTS] = { "jaeger-compact", "jaeger-binary", "zipkin-compact" };

static void on_turn(void *arg);

static void count_refusal(struct port *p, enum ledger_outcome outcome, size_t len)
{
	struct intake *i = p->intake;

	ledger_datagram(i->ledger, outcome);
	if (outcome == LEDGER_QUEUE_FULL)
		i->stats.port[p->which].queue_full++;
	else
		i->stats.port[p->which].refused++;
	i->stats.last[outcome].port = p->which;
	i->stats.last[outcome].len = len;
}

static enum ledger_outcome outcome_of_error(int rc)
{
	switch (rc) {
	case E_UNKNOWN_METHOD:
		return LEDGER_UNKNOWN_METHOD;
	case E_TOO_LARGE:
		return LEDGER_OVERSIZE;
	case E_NOMEM:
		return LEDGER_QUEUE_FULL; /* no memory counts as a full queue */
	}
	return LEDGER_MALFORMED;
}

static void pause_ports(struct intake *i, bool pause)
{
	i->paused = pause;
	i->stats.paused = pause;
	if (pause) {
		i->paused_us = clock_mono_us();
		i->stats.pauses++;
	}
	for (size_t n = 0; n < INTAKE_PORTS; n++) {
		if (i->ports[n].udp == NULL)
			continue;
		(pause ? udp_pause : udp_resume)(i->ports[n].udp);
	}
}

static void pause_or_resume(struct intake *i)
{
	if (!i->discards_rest && i->paused == flight_has_room(i->flight))
		pause_ports(i, !i->paused);
}

static void report_health(struct intake *i)
{
	bool is_long = i->paused && clock_mono_us() - i->paused_us >= LONG_PAUSE_MS * US_PER_MS;

	if (is_long == i->long_pause_reported)
		return;
	i->long_pause_reported = is_long;
	if (is_long)
		health_post(i->health, "intake", HEALTH_DOWN,
		        "the UDP ports have not been read for %d s: flight.max-bytes is used up "
		        "by batches that are neither delivered nor in the spool; the kernel drops "
		        "datagrams when its buffers are full",
		        LONG_PAUSE_MS / 1000);
	else
		health_post(i->health, "intake", HEALTH_OK, "reading the UDP ports");
}

/* A new batch with BYTES; NULL without memory. */
static struct agent_batch *make_batch(struct slice bytes, uint32_t spans)
{
	struct agent_batch *b = agent_batch_new((uint32_t)bytes.len);

	if (b == NULL)
		return NULL;
	memcpy(b->batch.bytes, bytes.at, bytes.len);
	b->batch.spans = spans;
	b->read_us = clock_mono_us();
	b->batch.received_ms = clock_wall_ms();
	return b;
}

/* Accepts the N batches at MADE, which are one datagram. NULL among them: there was no memory for it, and the datagram
 * is refused. Returns 0 or E_NOMEM. */
static int accept_batches(struct intake *i, struct agent_batch **made, size_t n)
{
	for (size_t k = 0; k < n; k++)
		if (made[k] == NULL) {
			for (k = 0; k < n; k++)
				agent_batch_unref(&made[k]);
			return E_NOMEM;
		}
	ledger_datagram(i->ledger, LEDGER_ACCEPTED);
	for (size_t k = 0; k < n; k++)
		flight_add(i->flight, made[k]);
	return 0;
}

/* Reads an emitZipkinBatch message, which becomes a batch for each process in it, or none. */
static int accept_zipkin(struct intake *i, struct slice bytes)
{
	struct zipkin_batches got = { .batch_struct_size = sizeof(struct agent_batch) };
	struct agent_batch **made = NULL;
	int rc = zipkin_convert(&got, bytes, &i->tags, i->scratch_size);

	if (rc == 0) {
		made = calloc(got.n + 1, sizeof(struct agent_batch *));
		rc = made == NULL ? E_NOMEM : 0;
	}
	if (rc == 0) {
		for (size_t k = 0; k < got.n; k++) {
			made[k] = make_batch(buf_slice(&got.at[k].bytes), got.at[k].spans);
			if (made[k] != NULL)
				made[k]->zipkin = true;
		}
		rc = accept_batches(i, made, got.n);
		i->stats.unnamed_spans += rc == 0 ? got.unnamed : 0;
	}
	free(made);
	zipkin_batches_free(&got);
	return rc;
}

/* Counts what a numbered batch says of its client. */
static void count_client(struct intake *i, const struct client_report *r)
{
	if (r->uuid.len > 0)
		client_stats_add(
		        &i->stats.clients, r->uuid, r->number, r->has_dropped ? r->dropped : NULL, clock_mono_us());
}

static int accept_message(struct intake *i, struct slice bytes)
{
	struct transcode_facts facts;
	struct agent_batch *b;
	int rc = transcode_datagram(bytes, &i->tags, i->scratch, i->scratch_size, &facts);

	if (rc < 0)
		return facts.zipkin ? accept_zipkin(i, bytes) : rc;
	b = make_batch(slice_of(i->scratch, facts.size), facts.spans);
	rc = accept_batches(i, &b, 1);
	if (rc == 0 && facts.client.numbered)
		count_client(i, &facts.client);
	return rc;
}

static void on_datagram(void *arg, struct slice bytes)
{
	struct port *p = arg;
	struct intake *i = p->intake;
	struct intake_port_stats *stats = &i->stats.port[p->which];
	int rc;

	stats->datagrams++;
	stats->bytes += bytes.len;
	stats->last_bytes = bytes.len;
	if (bytes.len > p->max_packet) {
		count_refusal(p, LEDGER_OVERSIZE, bytes.len);
		return;
	}
	if (i->discards_rest) {
		count_refusal(p, LEDGER_QUEUE_FULL, bytes.len);
		return;
	}
	rc = accept_message(i, bytes);
	if (rc < 0)
		count_refusal(p, outcome_of_error(rc), bytes.len);
	else
		pause_or_resume(i);
}

static int open_port(
        struct intake *i, struct loop *l, enum intake_port which, const struct intake_listener *o, struct why *why)
{
	struct port *p = &i->ports[which];
	struct udp_opts udp = { .buffer_bytes = o->buffer_bytes };
	struct udp_events events = { on_datagram, p };
	char size[32], at[HOSTPORT_TEXT];

	*p = (struct port){ .intake = i, .which = which, .max_packet = o->max_packet };
	if (strcmp(o->host_port, "none") == 0)
		return 0;
	if (units_hostport(o->host_port, &udp.at, why) < 0 || udp_open(&p->udp, l, &udp, &events, why) < 0)
		return why_wrap(why, "processor.%s.server-host-port", intake_port_names[which]);
	udp.at.port = udp_port(p->udp);
	log_info("intake: listening on %s (%s), socket buffer %s", units_print_hostport(&udp.at, at, sizeof(at)),
	        intake_port_names[which], units_print_size(udp_buffer_bytes(p->udp), size, sizeof(size)));
	return 0;
}

static size_t largest_datagram(const struct intake_opts *opts)
{
	uint64_t most = 0;

	for (size_t n = 0; n < INTAKE_PORTS; n++)
		if (strcmp(opts->listeners[n].host_port, "none") != 0)
			most = max_u64(most, opts->listeners[n].max_packet);
	return min_u64(most, UDP_MOST);
}

static int check_batch_size(size_t bytes, struct why *why)
{
	if (bytes <= SPOOL_RECORD_MOST)
		return 0;
	return why_set(why, E_USAGE,
	        "with these tags a batch may take %zu bytes, and the spool takes at most %d: give "
	        "fewer tags or a smaller server-max-packet-size",
	        bytes, SPOOL_RECORD_MOST);
}

int intake_largest(const struct intake_opts *opts, uint64_t *bytes, struct why *why)
{
	struct transcode_tags tags;
	struct buf encoded = { 0 };
	int rc = agent_tags_encode(opts->tags, getenv, &encoded, &tags, why);
	size_t most = rc < 0 ? 0 : transcode_bound(largest_datagram(opts), &tags);

	buf_free(&encoded);
	*bytes = most;
	return rc < 0 ? rc : check_batch_size(most, why);
}

int intake_set_tags(struct intake *i, const struct intake_opts *opts, struct why *why)
{
	struct transcode_tags tags;
	struct buf encoded = { 0 };
	int rc = agent_tags_encode(opts->tags, getenv, &encoded, &tags, why);
	size_t size = rc < 0 ? 0 : transcode_bound(largest_datagram(opts), &tags);
	uint8_t *scratch = NULL;

	if (rc == 0)
		rc = check_batch_size(size, why);
	if (rc == 0) {
		scratch = malloc(size); /* resident only as far as the largest batch written into it */
		rc = scratch == NULL ? why_set(why, E_NOMEM, "%s", err_text(E_NOMEM)) : 0;
	}
	if (rc < 0) {
		buf_free(&encoded);
		return why_wrap(why, "agent.tags");
	}
	buf_free(&i->encoded_tags);
	free(i->scratch);
	i->encoded_tags = encoded;
	i->tags = tags;
	i->scratch = scratch;
	i->scratch_size = size;
	return 0;
}

static int open_parts(struct intake *i, struct loop *l, const struct intake_opts *opts, struct why *why)
{
	if (intake_set_tags(i, opts, why) < 0)
		return why->code;
	if (turn_hook_open(&i->hook, l, on_turn, i) < 0)
		return why_set(why, E_NOMEM, "intake");
	for (size_t n = 0; n < INTAKE_PORTS; n++)
		if (open_port(i, l, (enum intake_port)n, &opts->listeners[n], why) < 0)
			return why->code;
	return 0;
}

int intake_open(struct intake **out, struct loop *l, const struct intake_opts *opts, struct flight *flight,
        struct ledger *ledger, struct health *health, struct why *why)
{
	struct intake *i = calloc(1, sizeof(*i));

	if (i == NULL)
		return why_set(why, E_NOMEM, "intake");
	i->flight = flight;
	i->ledger = ledger;
	i->health = health;
	if (open_parts(i, l, opts, why) < 0) {
		intake_free(i);
		return why->code;
	}
	health_post(health, "intake", HEALTH_OK, "reading the UDP ports");
	*out = i;
	return 0;
}

const struct intake_stats *intake_stats(const struct intake *i)
{
	return &i->stats;
}

void intake_count_drops(struct intake *i)
{
	for (size_t n = 0; n < INTAKE_PORTS; n++) {
		struct intake_port_stats *stats = &i->stats.port[n];
		struct port *p = &i->ports[n];
		uint64_t drops;

		if (p->udp == NULL)
			continue;
		drops = udp_kernel_drops(p->udp);
		if (drops > stats->kernel_dropped) {
			i->stats.overrun = p->which;
			i->stats.overrun_capacity = udp_buffer_bytes(p->udp);
		}
		i->ledger->kernel_dropped += drops - stats->kernel_dropped;
		stats->kernel_dropped = drops;
		stats->read_errors = udp_read_errors(p->udp);
		stats->waiting = udp_waiting(p->udp);
	}
	client_stats_expire(&i->stats.clients, clock_mono_us());
}

static void close_ports(struct intake *i)
{
	for (size_t n = 0; n < INTAKE_PORTS; n++) {
		udp_free(i->ports[n].udp);
		i->ports[n].udp = NULL;
	}
}

/* Reads all sockets. True when each buffer is empty, or when one buffer size was read since the stop began. False:
 * reading is paused. */
static bool drain_sockets(struct intake *i)
{
	bool empty = true;

	for (size_t n = 0; n < INTAKE_PORTS; n++)
		empty &= i->ports[n].udp == NULL || udp_drain(i->ports[n].udp);
	return empty;
}

static void count_rest_as_lost(struct intake *i)
{
	struct ledger *ledger = i->ledger;
	uint64_t before = ledger->outcome[LEDGER_QUEUE_FULL];

	i->discards_rest = true;
	pause_ports(i, false);
	drain_sockets(i);
	log_error("intake: %llu datagrams that waited in the socket buffers are lost (queue_full): "
	          "flight.max-bytes is used up, and nothing was stored or delivered in time",
	        (unsigned long long)(ledger->outcome[LEDGER_QUEUE_FULL] - before));
}

static void step_stop(struct intake *i)
{
	void (*stopped)(void *arg) = i->stopped;
	bool empty = drain_sockets(i);

	if (!empty && clock_mono_us() < i->stop_deadline_us)
		return;
	if (!empty)
		count_rest_as_lost(i);
	i->stopped = NULL;
	intake_count_drops(i);
	close_ports(i);
	stopped(i->stopped_arg);
}

static void on_turn(void *arg)
{
	struct intake *i = arg;

	pause_or_resume(i);
	report_health(i);
	if (i->stopped != NULL)
		step_stop(i);
}

void intake_stop(struct intake *i, uint64_t budget_ms, void (*stopped)(void *arg), void *arg)
{
	i->stopped = stopped;
	i->stopped_arg = arg;
	i->stop_deadline_us = clock_mono_us() + budget_ms * US_PER_MS;
	step_stop(i);
}

void intake_hurry(struct intake *i)
{
	if (i->stopped == NULL)
		return;
	i->stop_deadline_us = 0;
	step_stop(i);
}

void intake_free(struct intake *i)
{
	if (i == NULL)
		return;
	turn_hook_free(i->hook);
	close_ports(i);
	client_stats_free(&i->stats.clients);
	buf_free(&i->encoded_tags);
	free(i->scratch);
	free(i);
}
