/* SPDX-License-Identifier: Apache-2.0 */
/* model_world.c — the world of one sequence: the program's intake and store and forward, a disk and a clock
 * that do what the steps say, and the model that judges. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "batchmake.h"
#include "agent/intake.h"
#include "agent/pipeline.h"
#include "model.h"
#include "model_refusals.h"
#include "model_sink.h"
#include "sim.h"

enum {
	NUMBERS = MODEL_NUMBERS,
	SPANS = 3,
	NAME_AT = 10, /* the first byte of the service name in a Batch */
	DIGITS = 8,   /* the service name begins with the batch's number */
	NAME_MOST = 256,
	ENVELOPE = 25, /* bytes of an emitBatch around its Batch */
};

const struct model_kind model_kinds[ACTION_KINDS] = {
	[RECEIVE] = { "receive", 30 },
	[PASS] = { "pass", 24 },
	[WORK_RUN] = { "work", 16 },
	[WORK_DONE] = { "done", 16 },
	[REPORT] = { "report", 22 },
	[MOOD] = { "mood", 4 },
	[DISK] = { "disk", 3 },
	[JUMP] = { "jump", 1 },
	[STOP] = { "stop", 1 },
	[KILL] = { "kill", 2 },
	[KILL_AT_ONCE] = { "kill-at-once", 1 },
	[CUT] = { "cut", 1 },
};

static struct {
	struct pipeline_opts opts;
	struct loop *loop;
	struct health health;
	struct pipeline *pipeline;
	struct intake *intake;
	bool stopped;
	unsigned random;
	size_t name_size; /* of every service name in this world; 0: each its own */

	uint64_t numbers; /* sent to the program so far */
	uint8_t arrived[NUMBERS];
	bool excused[NUMBERS]; /* in memory only when a life ended */
	bool unread[NUMBERS];  /* in the socket buffer when a life ended */
	unsigned kills, cuts, dirty_kills;
	bool traced; /* says what each action came to */
	char fault[256];
} w;

unsigned model_roll(unsigned n)
{
	w.random = w.random * 1103515245 + 12345;
	return (w.random >> 12) % n;
}

bool fault(const char *fmt, ...)
{
	va_list ap;

	if (w.fault[0] != '\0')
		return false;
	va_start(ap, fmt);
	vsnprintf(w.fault, sizeof(w.fault), fmt, ap);
	va_end(ap);
	return false;
}

static uint64_t number_in(const uint8_t *batch)
{
	char digits[DIGITS + 1] = "";

	memcpy(digits, batch + NAME_AT, DIGITS);
	return strtoull(digits, NULL, 10);
}

uint64_t model_number(const struct batch *b)
{
	return number_in(b->bytes);
}

static void arrive(const struct batch *b)
{
	uint64_t n = model_number(b);

	if (w.arrived[n] > 0 && !b->maybe_dup)
		fault("batch %" PRIu64 " came again without its mark", n);
	w.arrived[n] += w.arrived[n] < 255;
}

static bool check_flight(void)
{
	uint64_t most = w.opts.flight.max_bytes;
	struct pipeline_stats s;

	pipeline_stats(w.pipeline, &s);
	if (s.flight.bytes > most)
		return fault("%" PRIu64 " bytes are in flight, %" PRIu64 " are allowed", s.flight.bytes, most);
	return true;
}

static bool check(void)
{
	const char *broken = ledger_check(pipeline_ledger(w.pipeline));

	if (broken != NULL)
		return fault("%s", broken);
	return check_flight() && w.fault[0] == '\0';
}

/* To be asked when the loop has turned: the listener pauses within a turn, and reads on in the next. */
static bool check_listener(void)
{
	if (sim_udp_paused() && flight_has_room(pipeline_flight(w.pipeline)))
		return fault("the listener is held back while there is room");
	return true;
}

static bool begin_life(void)
{
	static const struct intake_opts intake = {
		.listeners = { [INTAKE_COMPACT] = { "127.0.0.1:0", 65000, 0 },
		        [INTAKE_BINARY] = { "none", 65000, 0 },
		        [INTAKE_ZIPKIN] = { "none", 65000, 0 } },
		.tags = "",
	};
	struct why why;

	memset(&w.health, 0, sizeof(w.health));
	model_refusals_begin();
	if (loop_open(&w.loop, &why) < 0 || pipeline_open(&w.pipeline, w.loop, &w.opts, &w.health, &why) < 0)
		return fault("a life does not begin: %s", why.text);
	model_sink_begin();
	pipeline_set_sink(w.pipeline, &model_sink.sink);
	if (intake_open(&w.intake, w.loop, &intake, pipeline_flight(w.pipeline), pipeline_ledger(w.pipeline), &w.health,
	            &why) < 0)
		return fault("a life does not begin: %s", why.text);
	return check();
}

/* What was only in memory may be gone; what stands on the disk may not. */
static void end_life(void)
{
	static bool on_disk[NUMBERS];

	memset(on_disk, 0, sizeof(on_disk));
	for (uint64_t p = sim_disk->lowest; p < sim_disk->end; p++)
		on_disk[number_in(sim_disk->record[p].head)] = true;
	for (uint64_t n = w.numbers - sim_udp_unread(); n < w.numbers; n++)
		w.unread[n] = true;
	for (uint64_t n = 0; n < w.numbers; n++)
		w.excused[n] |= w.arrived[n] == 0 && !on_disk[n] && !w.unread[n];
	sim_udp_cut();
}

static void on_stopped(void *arg);

static void on_read_out(void *arg)
{
	(void)arg;
	pipeline_stop(w.pipeline, on_stopped, NULL);
}

static void on_stopped(void *arg)
{
	(void)arg;
	w.stopped = true;
}

/* A socket buffer that is not empty stays readable. */
static void turn(void)
{
	sim_turn(w.loop);
	check_listener();
	sim_udp_readable();
}

static void turn_all(void)
{
	sim_work_run(w.loop);
	sim_work_done(w.loop);
	turn();
}

static bool stop_life(void)
{
	uint64_t closed_on = sim_udp_closed_on();
	bool failing = sim_disk->put_rc < 0 || sim_disk->put_at_most > 0;

	w.stopped = false;
	intake_stop(w.intake, 2000, on_read_out, NULL);
	for (int i = 0; i < 2000 && !w.stopped; i++) {
		sim_mono_us += 10 * US_PER_MS;
		sim_wall_ms += 10;
		turn_all();
	}
	if (!w.stopped)
		return fault("a stop does not end");
	if (sim_udp_closed_on() > closed_on)
		return fault("a stop leaves %" PRIu64 " datagrams unread", sim_udp_closed_on() - closed_on);
	/* A disk that refuses to the end: what it did not take is in the ledger as dropped. */
	if (failing)
		end_life();
	w.cuts += failing; /* and its last state may not have been written */
	intake_free(w.intake);
	pipeline_free(w.pipeline);
	return begin_life();
}

/* An emitBatch whose service name begins with NUMBER and has SIZE bytes. */
static void make_datagram(struct buf *to, uint64_t number, size_t size)
{
	char name[NAME_MOST + 1], digits[24];

	memset(name, '-', size);
	name[size] = '\0';
	snprintf(digits, sizeof(digits), "%0*" PRIu64, DIGITS, number);
	memcpy(name, digits, DIGITS);
	batchmake_int(to, 0x80010004, 4);
	batchmake_int(to, strlen("emitBatch"), 4);
	buf_text(to, "emitBatch");
	batchmake_int(to, 0, 4);
	batchmake_field(to, 12, 1);
	batchmake(to, name, 1, number * SPANS, SPANS);
	buf_byte(to, 0);
}

/* Clients do not ask whether there is room. */
static void receive(void)
{
	unsigned n = 1 + model_roll(8);

	while (n-- > 0 && w.numbers < NUMBERS) {
		struct buf b = { 0 };

		model_refusals_draw(w.numbers);
		make_datagram(
		        &b, w.numbers++, w.name_size != 0 ? w.name_size : DIGITS + model_roll(NAME_MOST - DIGITS));
		sim_udp_send(buf_slice(&b));
		buf_free(&b);
	}
	sim_udp_readable();
}

static void change_disk(void)
{
	static const int codes[] = { 0, 0, E_FULL, E_IO };

	sim_disk->put_rc = codes[model_roll(ARRAY_LEN(codes))];
	model_refusals_disk();
	sim_disk->put_at_most = model_roll(6) == 0 ? 1 + model_roll(3) : 0;
	sim_disk->read_rc = model_roll(4) == 0 ? E_IO : 0;
}

static bool act(const struct model_step *s)
{
	static const unsigned spans_ms[] = { 1, 5, 20, 60, 150, 700, 2500 };
	unsigned ms;

	w.random = s->seed;
	model_roll(2);
	switch (s->what) {
	case RECEIVE:
		receive();
		break;
	case PASS:
		ms = spans_ms[model_roll(ARRAY_LEN(spans_ms))];
		sim_mono_us += ms * US_PER_MS;
		sim_wall_ms += ms;
		break;
	case WORK_RUN:
		sim_work_run(w.loop);
		break;
	case WORK_DONE:
		sim_work_done(w.loop);
		break;
	case REPORT:
		model_sink_report();
		break;
	case MOOD:
		model_sink.mood = (enum mood)model_roll(MOODS);
		break;
	case DISK:
		change_disk();
		break;
	case JUMP:
		sim_wall_ms = sim_wall_ms + 3600000 - model_roll(7200000);
		break;
	case STOP:
		return stop_life();
	case CUT:
	case KILL_AT_ONCE:
	case KILL:
		if (s->what == CUT)
			sim_disk_cut();
		w.cuts += s->what == CUT;
		w.kills += s->what == KILL;
		w.dirty_kills += s->what == KILL_AT_ONCE;
		if (s->what == KILL)
			sim_turn(w.loop); /* the note of the last turn is written */
		end_life();
		return begin_life();
	default:
		break;
	}
	if (s->what != RECEIVE || model_roll(2) == 0)
		turn();
	if (w.traced)
		printf("# %-12s cursor %" PRIu64 ", offered to %" PRIu64 ", end %" PRIu64 "; durable %" PRIu64
		       ", %" PRIu64 ", %" PRIu64 "\n",
		        model_kinds[s->what].name, sim_disk->live.cursor, sim_disk->live.offered_to, sim_disk->live.end,
		        sim_disk->durable.cursor, sim_disk->durable.offered_to, sim_disk->durable.end);
	return check();
}

static bool at_rest(void)
{
	const struct ledger *l = pipeline_ledger(w.pipeline);

	return sim_udp_unread() == 0 && l->place[LEDGER_IN_FLIGHT].batches == 0 &&
	       l->place[LEDGER_IN_SPOOL].batches == 0;
}

static uint64_t arrivals_from(uint64_t number)
{
	uint64_t n = 0;

	for (; number < w.numbers; number++)
		n += w.arrived[number] > 0;
	return n;
}

/* What is fresh does not wait for a backlog that cannot be read, however long that lasts. */
static bool fresh_passes(void)
{
	uint64_t from = w.numbers;

	for (int i = 0; i < 1500 && w.numbers < NUMBERS; i++) {
		if (i % 50 == 0)
			receive();
		sim_mono_us += 20 * US_PER_MS;
		sim_wall_ms += 20;
		turn_all();
		model_sink_report();
		if (!check())
			return false;
	}
	if (arrivals_from(from) > 0 || w.numbers == from)
		return true;
	return fault("the backlog cannot be read, and fresh batches are not delivered");
}

static bool heal(void)
{
	model_sink.mood = GOOD;
	model_refusals_heal();
	sim_disk->put_rc = 0;
	sim_disk->put_at_most = 0;
	if (sim_disk->read_rc != 0 && !fresh_passes())
		return false;
	sim_disk->read_rc = 0;
	/* Bad batches are found out by what passes beside them. */
	for (int i = 0; i < 40000 && !at_rest(); i++) {
		if (i % 20 == 0)
			receive();
		sim_mono_us += 20 * US_PER_MS;
		sim_wall_ms += 20;
		turn_all();
		model_sink_report();
		if (!check())
			return false;
	}
	if (at_rest())
		return true;
	return fault("it does not come to rest: %" PRIu64 " datagrams unread, the listener is "
	             "%s; %" PRIu64 " batches in flight, %" PRIu64 " in the spool",
	        sim_udp_unread(), sim_udp_paused() ? "paused" : "reading",
	        pipeline_ledger(w.pipeline)->place[LEDGER_IN_FLIGHT].batches,
	        pipeline_ledger(w.pipeline)->place[LEDGER_IN_SPOOL].batches);
}

/* Every batch arrived, or was in memory only when a life ended, or is in the ledger with a cause. */
static bool verdict(void)
{
	const struct ledger *l = pipeline_ledger(w.pipeline);
	uint64_t missing = 0, excused = 0, unread = 0, caused = l->place[LEDGER_QUARANTINED].batches;
	uint64_t refused = l->outcome[LEDGER_QUEUE_FULL];
	uint64_t uncertain = l->place[LEDGER_UNCERTAIN].batches;
	bool whole = w.cuts == 0 && w.dirty_kills == 0;

	for (int p = LEDGER_DROPPED_FIRST; p < LEDGER_PLACES_N; p++)
		caused += l->place[p].batches;
	for (uint64_t n = 0; n < w.numbers; n++) {
		unread += w.unread[n];
		missing += w.arrived[n] == 0 && !w.excused[n] && !w.unread[n];
		excused += w.arrived[n] == 0 && w.excused[n];
	}
	caused += refused;
	if (missing > caused)
		return fault("%" PRIu64 " batches are missing, the ledger has causes for %" PRIu64, missing, caused);
	if (w.kills + w.cuts + w.dirty_kills == 0 && missing + model_sink.unreported < caused)
		return fault("the ledger dropped %" PRIu64 " batches and %" PRIu64 " are missing", caused, missing);
	if (whole && l->accepted.batches != w.numbers - unread - refused)
		return fault("%" PRIu64 " batches were accepted, the ledger says %" PRIu64,
		        w.numbers - unread - refused, l->accepted.batches);
	if (whole && l->unclean_stops != w.kills)
		return fault("%u lives were killed, the ledger says %" PRIu64, w.kills, l->unclean_stops);
	if (whole && excused > uncertain + caused)
		return fault("%" PRIu64 " batches were lost in memory, only %" PRIu64 " are called uncertain", excused,
		        uncertain);
	if (w.kills + w.cuts + w.dirty_kills == 0 && uncertain != 0)
		return fault("%" PRIu64 " batches are uncertain and nothing was killed", uncertain);
	return true;
}

/* What a batch takes of memory whose service name has NAME_SIZE bytes. */
static uint64_t cost_of(size_t name_size)
{
	struct buf datagram = { 0 };
	size_t size;

	make_datagram(&datagram, 0, name_size);
	size = buf_slice(&datagram).len;
	buf_free(&datagram);
	return agent_batch_cost(size - ENVELOPE);
}

/* Of batches that have one size, each number from a few on fills one of these flights to the last byte. */
static void choose_flight(struct flight_opts *o)
{
	uint64_t size = cost_of(w.name_size != 0 ? w.name_size : NAME_MOST);

	o->largest_bytes = model_roll(2) == 0 ? size : cost_of(NAME_MOST);
	o->max_bytes = o->largest_bytes + (2 + model_roll(40)) * size;
}

static void new_world(unsigned seed)
{
	memset(&w, 0, sizeof(w));
	model_sink_init(arrive);
	model_refusals_init();
	sim_disk->end = sim_disk->lowest = 0;
	sim_disk->has_live = false;
	sim_disk->put_rc = sim_disk->read_rc = 0;
	sim_disk->put_at_most = 0;
	memset(&sim_disk->durable, 0, offsetof(struct spool_state, positions));
	sim_disk->spans_put = 0;
	sim_mono_us = 1000 * US_PER_S;
	sim_wall_ms = UINT64_C(1700000000000);
	w.random = seed;
	w.name_size = model_roll(2) == 0 ? DIGITS + model_roll(NAME_MOST - DIGITS) : 0;
	w.opts = (struct pipeline_opts){
		.dispatcher = { .window_bytes = 8192, .sink_name = "sink" },
		.flight = { .exposure_us = model_roll(4) == 0 ? 0 : 100 * US_PER_MS,
		        .drop_oldest = model_roll(2) == 0 },
		.spool = { .directory = "memory", .host = "sim", .max_bytes = 1 << 30, .segment_bytes = 1 << 22 },
		.max_age_us = model_roll(4) == 0 ? 5 * US_PER_S : 0,
		.stop_ms = 100,
	};
	choose_flight(&w.opts.flight);
}

bool model_play(unsigned seed, const struct model_step *steps, size_t n, bool traced)
{
	new_world(seed);
	w.traced = traced;
	if (!begin_life())
		return false;
	for (size_t i = 0; i < n; i++)
		if (!act(&steps[i]))
			return false;
	return heal() && verdict();
}

const char *model_fault(void)
{
	return w.fault;
}
