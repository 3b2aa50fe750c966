/* SPDX-License-Identifier: Apache-2.0 */
/* test_agent_flight.c — an agent whose flight is full: it takes no more memory than flight.max-bytes, says
 * so when that lasts, reads on as soon as there is room, and stops without losing what it could read.
 *
 * The collector is away and the disk is held or not, so batches are where the test wants them. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "batchmake.h"
#include "agent/agent_batch.h"
#include "agent_process.h"
#include "tap.h"
#include "span/transcode.h"
#include "wait.h"

enum {
	ENVELOPE = 25, /* bytes of an emitBatch in TBinaryProtocol around its Batch */
	MAX_PACKET = 2048,
	BURST = 64, /* fits any socket buffer */
	UNFOLDS = 60000,
	SLACK = 2 << 20,          /* the ledger's pages, the answers of the admin port, the heap's own */
	VECTORS = 2 * 64 * 65536, /* both listeners keep a vector of datagrams */
};

static void make_binary(struct buf *to, const char *service, uint32_t spans)
{
	to->len = 0;
	batchmake_int(to, 0x80010004, 4);
	batchmake_int(to, strlen("emitBatch"), 4);
	buf_text(to, "emitBatch");
	batchmake_int(to, 0, 4);
	batchmake_field(to, 12, 1);
	batchmake(to, service, 1, 1, spans);
	buf_byte(to, 0);
}

/* One span in a Batch of exactly SIZE bytes. */
static void make_sized(struct buf *to, size_t size)
{
	char service[4096] = "";
	size_t rest;

	make_binary(to, service, 1);
	rest = size - (to->len - ENVELOPE);
	memset(service, 's', rest);
	service[rest] = '\0';
	make_binary(to, service, 1);
}

/* A Batch without spans, and in it what grows most: an unknown list of N one-byte i64 in compact. */
static void make_unfolding(struct buf *to, size_t n)
{
	static const uint8_t head[] = { 0x82, 0x81, 0, 9, 'e', 'm', 'i', 't', 'B', 'a', 't', 'c', 'h',
		0x1c,                  /* field 1, the Batch */
		0x1c, 0x18, 1, 's', 0, /* field 1, a Process: field 1, "s" */
		0x19, 0x0c,            /* field 2, no spans */
		0x79, 0xf6 };          /* field 9, a list of i64 */

	to->len = 0;
	buf_add(to, head, sizeof(head));
	for (size_t rest = n; rest > 0; rest >>= 7)
		buf_byte(to, (uint8_t)((rest & 0x7f) | (rest >= 0x80 ? 0x80 : 0)));
	for (size_t i = 0; i < n; i++)
		buf_byte(to, 0);
	buf_byte(to, 0);
	buf_byte(to, 0);
}

struct accepting {
	struct agent_process *stage;
	uint64_t want; /* batches */
};

static bool has_accepted(void *arg)
{
	struct accepting *a = arg;

	return agent_process_ledger(a->stage)->accepted.batches >= a->want;
}

static bool accepted(struct agent_process *s, uint64_t batches)
{
	return agent_process_until(s, has_accepted, &(struct accepting){ s, batches });
}

/* N more, a few at a time so that the kernel drops none. */
static bool send_accepted(struct agent_process *s, uint16_t port, const struct buf *datagram, unsigned n)
{
	uint64_t before = agent_process_ledger(s)->accepted.batches;

	for (unsigned sent = 0; sent < n;) {
		for (unsigned i = 0; i < BURST && sent < n; i++, sent++)
			agent_process_send_raw(s, port, datagram->at, datagram->len);
		if (!accepted(s, before + sent))
			return false;
	}
	return true;
}

static bool is_well(void *arg)
{
	return agent_process_metric(arg, "spanspool_flight_bytes") == 0 &&
	       agent_process_metric(arg, "spanspool_intake_paused") == 0;
}

/* The bound is BESIDE bytes away from what FITS batches fill exactly. */
static void at_the_bound_the_ports_read_on(int beside)
{
	enum { FITS = 128, SIZE = 1024, MORE = 300 };
	struct transcode_tags none = { 0 };
	uint64_t largest = agent_batch_cost(transcode_bound(MAX_PACKET, &none));
	struct buf datagram = { 0 };
	struct agent_process s;
	char bound[64];

	snprintf(bound, sizeof(bound), "--flight.max-bytes=%llu",
	        (unsigned long long)(largest + FITS * agent_batch_cost(SIZE)) + (unsigned long long)beside);
	make_sized(&datagram, SIZE);
	agent_process_open(&s, AGENT_PROCESS_DIRECT);
	stub_collector_down(s.rig.stub);
	ok(agent_process_start(&s, bound, "--spool.exposure=4s",
	           "--processor.jaeger-compact.server-max-packet-size=2048",
	           "--processor.jaeger-binary.server-max-packet-size=2048", NULL),
	        "an agent that %d batches of %d bytes fill, %+d bytes", FITS, SIZE, beside);
	ok(send_accepted(&s, s.binary, &datagram, FITS), "%d are accepted", FITS);
	ok(send_accepted(&s, s.binary, &datagram, MORE), "and %d more", MORE);
	ok(agent_process_until(&s, is_well, &s), "all of them are stored, the ports are read");
	is_int(agent_process_ledger(&s)->place[LEDGER_IN_SPOOL].batches, FITS + MORE, "none is lost");
	agent_process_end(&s);
	buf_free(&datagram);
}

/* ---- a disk that does not answer ---- */

static void hold_disk(struct agent_process *s, bool hold)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/hold", s->rig.directory);
	if (!hold) {
		unlink(path);
		return;
	}
	f = fopen(path, "w");
	if (f == NULL || fclose(f) != 0)
		exit(99);
}

static void open_held(struct agent_process *s)
{
	static char program[512];
	const char *dir = getenv("builddir");

	snprintf(program, sizeof(program), "%s/tests/flow/held_agent", dir == NULL ? "." : dir);
	agent_process_open(s, AGENT_PROCESS_DIRECT);
	s->program = program;
	stub_collector_down(s->rig.stub);
}

static bool is_paused(void *arg)
{
	return agent_process_metric(arg, "spanspool_intake_paused") == 1;
}

/* Until the agent reads no more. */
static void send_until_paused(struct agent_process *s, uint16_t port, const struct buf *datagram)
{
	bool paused = false;

	for (unsigned i = 0; i < 10000 && !paused; i++) {
		for (unsigned n = 0; n < BURST; n++)
			agent_process_send_raw(s, port, datagram->at, datagram->len);
		wait_ms(s->loop, 1);
		paused = is_paused(s);
	}
	ok(paused, "the ports are paused");
}

/* VmHWM of the agent. */
static double peak_memory(struct agent_process *s)
{
	char path[64], line[128];
	double kilobytes = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)child_pid(s->agent));
	f = fopen(path, "r");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "VmHWM:", 6) == 0)
			kilobytes = atof(line + 6);
	if (f != NULL)
		fclose(f);
	return kilobytes * 1024;
}

static void memory_is_bounded(const char *what, const struct buf *datagram, bool compact)
{
	enum { BOUND = 4 << 20 };
	struct agent_process s;
	double before, flight, peak;

	open_held(&s);
	ok(agent_process_start(&s, "--flight.max-bytes=4MiB", NULL), "an agent with a flight of 4 MiB");
	agent_process_ledger(&s);
	before = peak_memory(&s);
	hold_disk(&s, true);
	send_until_paused(&s, compact ? s.compact : s.binary, datagram);
	flight = agent_process_metric(&s, "spanspool_flight_bytes");
	peak = peak_memory(&s) - before;
	ok(flight > 0 && flight <= BOUND, "%s: it says that %.0f bytes are in flight", what, flight);
#ifdef __SANITIZE_ADDRESS__
	diag("%.1f MiB, the address sanitizer's own among them, say nothing", peak / (1 << 20));
#else
	ok(peak <= BOUND + VECTORS + SLACK, "and took %.1f MiB at most", peak / (1 << 20));
#endif
	hold_disk(&s, false);
	ok(agent_process_until(&s, is_well, &s), "the disk answers again: all is stored, the ports are read");
	is_int(agent_process_stop(&s), 0, "the agent ends");
	agent_process_end(&s);
}

static void memory_is_bounded_whatever_comes_in(void)
{
	struct buf datagram = { 0 };

	make_binary(&datagram, "", 0);
	memory_is_bounded("batches without spans", &datagram, false);
	make_unfolding(&datagram, UNFOLDS);
	memory_is_bounded("datagrams that unfold eightfold", &datagram, true);
	buf_free(&datagram);
}

static bool is_not_ready(void *arg)
{
	return agent_process_get(arg, "/health/ready") == 503;
}

static bool is_ready(void *arg)
{
	return agent_process_get(arg, "/health/ready") == 200;
}

static bool is_stopping(void *arg)
{
	return agent_process_metric(arg, "spanspool_serving") == 0;
}

/* An agent that may wait long in a stop, whose disk is held and whose flight is full of DATAGRAM. */
static void start_and_fill(struct agent_process *s, struct buf *datagram)
{
	make_sized(datagram, 1024);
	open_held(s);
	ok(agent_process_start(s, "--flight.max-bytes=2MiB", "--shutdown.timeout=60s", NULL), "an agent serves");
	hold_disk(s, true);
	send_until_paused(s, s->binary, datagram);
}

static void a_long_pause_is_told_and_a_stop_waits_for_room(void)
{
	struct buf datagram = { 0 };
	uint64_t read;
	struct agent_process s;

	start_and_fill(&s, &datagram);
	ok(agent_process_until(&s, is_not_ready, &s), "when that lasts it is not ready");
	hold_disk(&s, false);
	ok(agent_process_until(&s, is_ready, &s), "the disk answers again: it is ready");
	ok(agent_process_until(&s, is_well, &s), "and all is stored");
	hold_disk(&s, true);
	send_until_paused(&s, s.binary, &datagram);
	read = agent_process_ledger(&s)->accepted.batches;
	child_signal(s.agent, SIGTERM); /* with its socket buffer full */
	ok(agent_process_until(&s, is_stopping, &s), "it is told to stop");
	ok(child_running(s.agent), "it waits for the disk");
	is_int(agent_process_ledger(&s)->accepted.batches, (int64_t)read, "and reads no more meanwhile");
	hold_disk(&s, false);
	ok(child_wait(s.agent, AGENT_PROCESS_SECONDS * 1000) == 0 && child_status(s.agent) == 0,
	        "the disk answers again: it ends with 0");
	ok(agent_process_start(&s, NULL), "the next run begins");
	ok(agent_process_ledger(&s)->accepted.batches > read, "what the socket buffer held was accepted");
	is_int(s.ledger.outcome[LEDGER_QUEUE_FULL], 0, "none of it was refused");
	is_int(s.ledger.place[LEDGER_IN_SPOOL].batches, (int64_t)s.ledger.accepted.batches,
	        "all of it is in the spool");
	agent_process_end(&s);
	buf_free(&datagram);
}

static bool has_refused(void *arg)
{
	return child_has_printed(((struct agent_process *)arg)->agent, "in the socket buffers are lost (queue_full)");
}

static void a_stop_in_a_hurry_counts_what_it_leaves(void)
{
	struct buf datagram = { 0 };
	uint64_t accepted;
	struct agent_process s;

	start_and_fill(&s, &datagram);
	accepted = agent_process_ledger(&s)->accepted.batches;
	child_signal(s.agent, SIGINT);
	ok(agent_process_until(&s, is_stopping, &s), "it is told to stop");
	child_signal(s.agent, SIGINT);
	ok(agent_process_until(&s, has_refused, &s), "told again, it says what is lost");
	hold_disk(&s, false);
	ok(child_wait(s.agent, AGENT_PROCESS_SECONDS * 1000) == 0 && child_status(s.agent) == 0, "and ends with 0");
	ok(agent_process_start(&s, NULL), "the next run begins");
	is_int(agent_process_ledger(&s)->accepted.batches, (int64_t)accepted, "no more was accepted");
	ok(s.ledger.outcome[LEDGER_QUEUE_FULL] > 0, "%" PRIu64 " were refused", s.ledger.outcome[LEDGER_QUEUE_FULL]);
	is_int(s.ledger.place[LEDGER_IN_SPOOL].batches, (int64_t)accepted, "what was accepted is in the spool");
	agent_process_end(&s);
	buf_free(&datagram);
}

int main(void)
{
	for (int beside = -16; beside <= 16; beside += 8)
		at_the_bound_the_ports_read_on(beside);
	memory_is_bounded_whatever_comes_in();
	a_long_pause_is_told_and_a_stop_waits_for_room();
	a_stop_in_a_hurry_counts_what_it_leaves();
	return tap_done();
}
