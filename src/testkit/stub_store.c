/* SPDX-License-Identifier: Apache-2.0 */
/* stub_store.c — simulates the inside of a Jaeger 1.x collector as a sequence of timed events.
 *
 *   offered ──► received ──filter──► rejected
 *                  └──► a worker is free? ──► saving ──(its time is over)──► saved · failed
 *                       the queue has room? ──► queued ──(a worker is free)──► saving
 *                       otherwise ──► dropped
 *
 * advance() runs all events up to the loop's current time, each at its own time: the end of a save, a span of
 * another sender, the update of the gauges. Every public function advances first, so its result is exact however
 * late the timer fires; the timer only ensures that STORED is called in time. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "policy/confirm.h"
#include "testkit/stub_store.h"

#define NS_PER_US UINT64_C(1000)
#define NS_PER_S UINT64_C(1000000000)

enum {
	CAPACITY_MOST = 1 << 24,
	STARTED_APART_MS = 10, /* resolution of process_start_time_seconds */
	MILLION = 1000000
};

/* Services that exist from the start. */
enum { OTHER_SERVICES, OTHER_SENDERS, SERVICES_AT_FIRST };

struct item {
	struct stub_span span;
	uint32_t service;
	bool foreign; /* another sender's: STORED is not called */
};

struct worker {
	struct item item;
	uint64_t began_ns, due_ns;
	bool busy;
};

struct stub_store {
	struct stub_store_opts opts;
	struct loop *loop;
	struct timer *timer;
	void (*stored)(void *arg, const struct stub_span *span);
	void *arg;
	enum stub_store_mode mode;
	uint64_t hangs_since_ns;
	struct item *queue; /* a ring buffer */
	uint32_t head;
	struct worker workers[STUB_STORE_WORKERS_MOST];
	uint64_t now_ns;    /* time of the current event */
	uint64_t gauges_ns; /* time of the next update of the gauges */
	uint64_t other_ns;  /* time of the next span of another sender; UINT64_MAX: none */
	uint64_t others_per_second;
	uint32_t last_service; /* service of the last stub_store_offer() */
	uint64_t fires_us;     /* when the timer fires; UINT64_MAX: stopped */
	uint64_t random_state;
	bool advancing;
	struct stub_store_counts counts;
	struct stub_service services[STUB_STORE_SERVICES];
};

/* A random number below N; xorshift. */
static uint64_t random_below(struct stub_store *s, uint64_t n)
{
	s->random_state ^= s->random_state << 13;
	s->random_state ^= s->random_state >> 7;
	s->random_state ^= s->random_state << 17;
	return s->random_state % n;
}

/* ---- one span ---- */

/* The duration of a save that begins now. Its mean gives the rate, whatever the spread. */
static uint64_t save_ns(struct stub_store *s)
{
	uint64_t mean_ns, spread = max_u64(s->opts.spread, 1);
	uint64_t least = 2 * MILLION / (1 + spread);

	if (s->opts.spans_per_second == 0)
		return 0;
	mean_ns = s->opts.workers * NS_PER_S / s->opts.spans_per_second;
	return mean_ns * (least + random_below(s, (spread - 1) * least + 1)) / MILLION;
}

static void begin_save(struct stub_store *s, struct worker *w, const struct item *i)
{
	*w = (struct worker){ .item = *i, .began_ns = s->now_ns, .busy = true };
	w->due_ns = s->now_ns + save_ns(s);
	s->counts.saving++;
}

static void count_save(struct stub_store *s, const struct item *i)
{
	bool saved = s->mode == STUB_STORE_WORKS;
	struct stub_service *service = &s->services[i->service];

	s->counts.saved += saved;
	service->saved += saved;
	s->counts.failed += !saved;
	service->failed += !saved;
}

static void report_stored(struct stub_store *s, const struct item *i)
{
	if (s->mode == STUB_STORE_WORKS && !i->foreign && s->stored != NULL)
		s->stored(s->arg, &i->span);
}

/* The worker begins the next span before STORED is called, because STORED may change the store. */
static void finish_save(struct stub_store *s, struct worker *w)
{
	struct item done = w->item;

	w->busy = false;
	s->counts.saving--;
	count_save(s, &done);
	if (s->counts.queued > 0) {
		struct item *next = &s->queue[s->head];

		s->head = (s->head + 1) % s->opts.capacity;
		s->counts.queued--;
		begin_save(s, w, next);
	}
	report_stored(s, &done);
}

static struct worker *free_worker(struct stub_store *s)
{
	if (s->counts.saving == s->opts.workers)
		return NULL;
	for (uint32_t i = 0; i < s->opts.workers; i++)
		if (!s->workers[i].busy)
			return &s->workers[i];
	return NULL;
}

static void receive_span(struct stub_store *s, const struct item *i)
{
	struct worker *w;

	s->counts.received++;
	s->services[i->service].received++;
	if (s->opts.reject_every > 0 && s->counts.received % s->opts.reject_every == 0) {
		s->counts.rejected++;
		s->services[i->service].rejected++;
	} else if (s->opts.capacity == 0) {
		count_save(s, i);
		report_stored(s, i);
	} else if ((w = free_worker(s)) != NULL) {
		begin_save(s, w, i);
	} else if (s->counts.queued < s->opts.capacity) {
		s->queue[(s->head + s->counts.queued++) % s->opts.capacity] = *i;
	} else {
		s->counts.dropped++;
	}
}

/* ---- time ---- */

static struct worker *first_due(struct stub_store *s)
{
	struct worker *first = NULL;

	if (s->mode == STUB_STORE_HANGS || s->counts.saving == 0)
		return NULL;
	for (uint32_t i = 0; i < s->opts.workers; i++)
		if (s->workers[i].busy && (first == NULL || s->workers[i].due_ns < first->due_ns))
			first = &s->workers[i];
	return first;
}

static void set_gauges(struct stub_store *s)
{
	s->counts.queue_length = s->counts.queued;
	s->counts.queue_capacity = s->opts.capacity;
	s->gauges_ns += NS_PER_S;
}

static void receive_other(struct stub_store *s)
{
	static const struct item other = { .service = OTHER_SENDERS, .foreign = true };

	s->other_ns += max_u64(1, NS_PER_S / s->others_per_second);
	receive_span(s, &other);
}

/* Runs the next event; false when it is after UNTIL_NS. */
static bool run_next_event(struct stub_store *s, uint64_t until_ns)
{
	struct worker *w = first_due(s);
	uint64_t due_ns = w == NULL ? UINT64_MAX : w->due_ns;
	uint64_t next_ns = min_u64(due_ns, min_u64(s->other_ns, s->gauges_ns));

	if (next_ns > until_ns)
		return false;
	s->now_ns = max_u64(s->now_ns, next_ns);
	if (next_ns == due_ns)
		finish_save(s, w);
	else if (next_ns == s->other_ns)
		receive_other(s);
	else
		set_gauges(s);
	return true;
}

/* Starts the timer for the next end of a save or span of another sender. */
static void set_timer(struct stub_store *s)
{
	const struct worker *w = first_due(s);
	uint64_t next_ns = min_u64(w == NULL ? UINT64_MAX : w->due_ns, s->other_ns);
	uint64_t now_us = s->now_ns / NS_PER_US;

	if (next_ns == UINT64_MAX || next_ns / NS_PER_US >= s->fires_us)
		return;
	s->fires_us = max_u64(next_ns / NS_PER_US, now_us);
	timer_start(s->timer, (s->fires_us - now_us + US_PER_MS - 1) / US_PER_MS);
}

static void advance(struct stub_store *s)
{
	uint64_t until_ns = loop_now_us(s->loop) * NS_PER_US;

	if (s->advancing) /* called from STORED: now_ns is the time of its event */
		return;
	s->advancing = true;
	while (run_next_event(s, until_ns)) {
	}
	s->now_ns = until_ns;
	s->advancing = false;
	set_timer(s);
}

static void on_timer(void *arg)
{
	struct stub_store *s = arg;

	s->fires_us = UINT64_MAX;
	advance(s);
}

/* ---- from outside ---- */

/* The index of service NAME, a new one if there is room, else OTHER_SERVICES. */
static uint32_t service_of(struct stub_store *s, struct slice name)
{
	struct stub_service *new = &s->services[s->counts.nservices];

	name.len = min_u64(name.len, STUB_STORE_NAME - 1);
	if (slice_is(name, s->services[s->last_service].name))
		return s->last_service;
	for (size_t i = 0; i < s->counts.nservices; i++)
		if (slice_is(name, s->services[i].name))
			return (uint32_t)i;
	if (s->counts.nservices == STUB_STORE_SERVICES)
		return OTHER_SERVICES;
	memcpy(new->name, name.at, name.len);
	return (uint32_t)s->counts.nservices++;
}

void stub_store_offer(struct stub_store *s, struct slice service, const struct stub_span *span)
{
	struct item i = { .span = *span };

	advance(s);
	i.service = s->last_service = service_of(s, service);
	receive_span(s, &i);
	advance(s);
}

void stub_store_burst(struct stub_store *s, uint64_t spans)
{
	static const struct item other = { .service = OTHER_SENDERS, .foreign = true };

	advance(s);
	for (; spans > 0; spans--) {
		receive_span(s, &other);
		advance(s);
	}
}

void stub_store_others(struct stub_store *s, uint64_t spans_per_second)
{
	advance(s);
	s->others_per_second = spans_per_second;
	s->other_ns = spans_per_second == 0 ? UINT64_MAX : s->now_ns;
	advance(s);
}

void stub_store_set_mode(struct stub_store *s, enum stub_store_mode mode)
{
	advance(s);
	/* Saves in progress are extended by the time that the store hung. */
	for (uint32_t i = 0; s->mode == STUB_STORE_HANGS && i < s->opts.workers; i++)
		s->workers[i].due_ns += s->now_ns - max_u64(s->hangs_since_ns, s->workers[i].began_ns);
	s->mode = mode;
	s->hangs_since_ns = s->now_ns;
	advance(s);
}

void stub_store_set_rate(struct stub_store *s, uint64_t spans_per_second)
{
	advance(s);
	s->opts.spans_per_second = spans_per_second;
}

const struct stub_store_counts *stub_store_counts(struct stub_store *s)
{
	advance(s);
	return &s->counts;
}

/* ---- the process begins, ends, begins again ---- */

static void begin_process(struct stub_store *s)
{
	static const char *const names[] = { "other-services", "another-sender" };
	const struct stub_store_counts before = s->counts;

	memset(s->services, 0, sizeof(s->services));
	memset(s->workers, 0, sizeof(s->workers));
	for (size_t i = 0; i < SERVICES_AT_FIRST; i++)
		snprintf(s->services[i].name, STUB_STORE_NAME, "%s", names[i]);
	s->head = s->last_service = 0;
	s->counts = (struct stub_store_counts){
		.process = before.process + 1,
		.started_ms = max_u64(clock_wall_ms(), before.started_ms + STARTED_APART_MS),
		.queue_capacity = s->opts.capacity == 0 ? CONFIRM_NO_QUEUE : 0,
		.services = s->services,
		.nservices = SERVICES_AT_FIRST,
	};
	s->gauges_ns = s->opts.capacity == 0 ? UINT64_MAX : s->now_ns + NS_PER_S;
}

void stub_store_restart(struct stub_store *s)
{
	struct worker interrupted[STUB_STORE_WORKERS_MOST];

	advance(s);
	memcpy(interrupted, s->workers, sizeof(interrupted));
	begin_process(s);
	for (uint32_t i = 0; i < s->opts.workers; i++)
		if (interrupted[i].busy && random_below(s, 2) == 0)
			report_stored(s, &interrupted[i].item);
}

static int check_opts(const struct stub_store_opts *o, struct why *why)
{
	if (o->workers > STUB_STORE_WORKERS_MOST || o->capacity > CAPACITY_MOST)
		return why_set(why, E_USAGE, "stub store: at most %d workers and a queue of %d",
		        STUB_STORE_WORKERS_MOST, CAPACITY_MOST);
	if (o->capacity == 0 && o->spans_per_second > 0)
		return why_set(why, E_USAGE, "stub store: a store that takes time needs a queue");
	return 0;
}

int stub_store_open(struct stub_store **out, struct loop *l, const struct stub_store_opts *opts,
        void (*stored)(void *arg, const struct stub_span *span), void *arg, struct why *why)
{
	struct stub_store *s;

	if (check_opts(opts, why) < 0)
		return why->code;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return why_set(why, E_NOMEM, "stub store");
	s->opts = *opts;
	s->opts.workers = opts->workers == 0 ? STUB_STORE_WORKERS : opts->workers;
	s->loop = l;
	s->stored = stored;
	s->arg = arg;
	s->random_state = opts->seed * 2 + 1; /* never 0 */
	s->now_ns = loop_now_us(l) * NS_PER_US;
	s->other_ns = s->fires_us = UINT64_MAX;
	s->queue = calloc(max_u64(opts->capacity, 1), sizeof(*s->queue));
	if (s->queue == NULL || timer_open(&s->timer, l, on_timer, s) < 0) {
		stub_store_free(s);
		return why_set(why, E_NOMEM, "stub store");
	}
	begin_process(s);
	*out = s;
	return 0;
}

void stub_store_free(struct stub_store *s)
{
	if (s == NULL)
		return;
	timer_free(s->timer);
	free(s->queue);
	free(s);
}
