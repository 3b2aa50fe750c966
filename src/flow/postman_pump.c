/* postman_pump.c — once a turn of the loop: what rested enough is ready, what is ready goes to the
 * collector with the least to do, and the owner hears of room and of trouble. */
#include "postman_parts.h"

static const char content_type[] = "application/x-thrift";

/* A Batch of a process named "spanspool" without spans: every version of Jaeger takes it and stores
 * nothing. */
static const uint8_t harmless[] = { 0x0c, 0, 1, 0x0b, 0, 1, 0, 0, 0, 9, 's', 'p', 'a', 'n', 's',
	'p', 'o', 'o', 'l', 0, 0x0f, 0, 2, 0x0c, 0, 0, 0, 0, 0 };

int postman_refusal(const struct postman *p, size_t bytes)
{
	uint64_t now = loop_now_us(p->loop);
	bool open = false, due = false;

	for (size_t i = 0; i < p->ncollectors; i++) {
		const struct slowstart *pace = &p->collectors[i].pace;

		open |= pace->state == SLOW_OPEN;
		due |= pace->state == SLOW_PAUSED && now >= pace->until_us;
	}
	if (!open && !(due && p->stats.letters == 0))
		return E_DOWN;
	if (p->stats.letters == 0)
		return 0;
	/* Twice as many letters as requests: there is always one at hand when an answer comes. */
	return p->stats.letters >= 2 * p->opts.max_in_flight ||
	                       p->stats.bytes + bytes > p->opts.max_bytes
	               ? E_FULL
	               : 0;
}

static void wake_rested(struct postman *p, uint64_t now, uint64_t *wake)
{
	list_each_safe (node, &p->resting) {
		struct piece *piece = container_of(node, struct piece, link);

		if (piece->rests_until_us <= now) {
			list_remove(node);
			list_push(&p->ready, node);
		} else {
			*wake = min_u64(*wake, piece->rests_until_us);
		}
	}
}

/* A trial first, else the one with the fewest requests; the one that refused PIECE last of all. */
static struct collector *pick(
        struct postman *p, const struct piece *piece, uint64_t now, uint64_t *wake)
{
	struct collector *best = NULL;
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < p->ncollectors; i++) {
		struct collector *c = &p->collectors[(p->turn + i) % p->ncollectors];
		uint64_t load = c->pace.state == SLOW_PAUSED ? 0 : 1 + c->in_round, wait;

		if (!slowstart_may_send(&c->pace, (uint32_t)c->in_round, now))
			continue;
		wait = bucket_wait_us(&c->ramp, slowstart_rate(&c->pace, now), now);
		if (wait > 0) {
			*wake = min_u64(*wake, now + wait);
			continue;
		}
		if (piece->refusals > 0 && piece->at == c)
			load += p->opts.max_in_flight;
		if (load < least) {
			least = load;
			best = c;
		}
	}
	return best;
}

static int post(struct collector *c, struct slice body, const char *const *headers,
        void (*answered)(void *arg, const struct http_answer *a), void *arg)
{
	struct postman *p = c->postman;
	struct http_request r = {
		.url = buf_cstr(&c->url),
		.body = body,
		.content_type = content_type,
		.headers = headers,
		.connect_ms = p->opts.connect_ms,
		.total_ms = p->opts.total_ms,
	};
	int rc = http_client_send(p->http, &r, answered, arg);

	if (rc == 0) {
		p->stats.posts++;
		p->stats.in_flight++;
		p->turn = (p->turn + 1) % p->ncollectors;
	}
	return rc;
}

/* The loop has not turned since the request was queued, so the sending is counted before its first byte
 * leaves. */
static void note_sending(struct piece *piece)
{
	struct postman *p = piece->letter->postman;

	p->stats.retries += piece->failures > 0 || piece->refusals > 0;
	if (!piece->maybe_stored)
		return;
	p->stats.sent_again += piece->count;
	if (p->events.sent_again != NULL)
		p->events.sent_again(p->events.arg, piece->count, piece->first == 0);
}

static void send_piece(struct piece *piece, struct collector *c)
{
	struct postman *p = c->postman;
	struct piece_headers headers;
	struct slice bytes;
	int rc = piece_bytes(piece, &bytes);

	piece_headers(piece, &headers);
	if (rc == 0)
		rc = post(c, bytes, headers.lines, postman_on_answer, piece);
	if (rc < 0) {
		buf_free(&piece->cut);
		piece_again(piece, US_PER_S);
		return;
	}
	piece->at = c;
	piece->on_wire = true;
	piece->round = slowstart_sent(&c->pace);
	c->in_round++;
	bucket_take(&p->rate, piece->count);
	bucket_take(&c->ramp, piece->count);
	note_sending(piece);
	list_remove(&piece->link);
	list_push(&p->wire, &piece->link);
}

int postman_ask(struct collector *c)
{
	int rc = post(c, slice_of(harmless, sizeof(harmless)), NULL, postman_on_asked, c);

	if (rc == 0) {
		c->asking = true;
		c->asked_round = c->pace.round;
	}
	return rc;
}

static void send_ready(struct postman *p, uint64_t now, uint64_t *wake)
{
	while (!list_empty(&p->ready) && p->stats.in_flight < p->opts.max_in_flight) {
		struct piece *piece = list_first(&p->ready, struct piece, link);
		uint64_t wait = bucket_wait_us(&p->rate, p->opts.max_spans_per_second, now);
		struct collector *c;

		if (wait > 0) {
			*wake = min_u64(*wake, now + wait);
			return;
		}
		c = pick(p, piece, now, wake);
		if (c == NULL)
			return;
		send_piece(piece, c);
	}
}

static const struct collector *worst_of(const struct postman *p)
{
	const struct collector *worst = &p->collectors[0];

	for (size_t i = 1; i < p->ncollectors; i++)
		if (p->collectors[i].trouble > worst->trouble)
			worst = &p->collectors[i];
	return worst;
}

const char *postman_trouble(const struct postman *p)
{
	const struct collector *worst = worst_of(p);

	return worst->trouble == TROUBLE_NONE ? NULL : worst->sentence;
}

/* Another cause in the same state is news too, but two that take turns are not told at each turn. */
static void tell_state(struct postman *p)
{
	enum { CAUSE_EVERY_MS = 10000 };
	enum postman_state state = postman_state(p);
	const struct collector *worst = worst_of(p);
	int cause = worst->trouble == TROUBLE_NONE ? 0 : worst->cause;

	if (state == p->told &&
	        (cause == p->told_cause || !log_gate_open(&p->cause_gate, CAUSE_EVERY_MS)))
		return;
	p->told = state;
	p->told_cause = cause;
	if (p->events.changed != NULL)
		p->events.changed(p->events.arg, state,
		        worst->trouble == TROUBLE_NONE ? (const char *)worst->name.at
		                                       : worst->sentence);
}

static uint64_t next_trial(const struct postman *p, uint64_t now)
{
	uint64_t wake = UINT64_MAX;

	for (size_t i = 0; i < p->ncollectors; i++) {
		const struct slowstart *pace = &p->collectors[i].pace;

		if (pace->state == SLOW_PAUSED && pace->until_us > now)
			wake = min_u64(wake, pace->until_us);
	}
	return wake;
}

static void pump_once(struct postman *p)
{
	uint64_t now = loop_now_us(p->loop), wake = UINT64_MAX;

	wake_rested(p, now, &wake);
	send_ready(p, now, &wake);
	wake = min_u64(wake, next_trial(p, now));
	if (wake == UINT64_MAX)
		timer_stop(p->timer);
	else
		timer_start(p->timer, (wake - now) / US_PER_MS + 1);
	tell_state(p);
	if (p->wants_room && postman_refusal(p, p->wanted_bytes) == 0) {
		p->wants_room = false;
		p->events.room(p->events.arg);
	}
}

void postman_pump(void *postman)
{
	struct postman *p = postman;

	/* What the owner sends when it hears of room goes out in the same turn. */
	p->pumping = true;
	while (p->stirred) {
		p->stirred = false;
		pump_once(p);
	}
	p->pumping = false;
	if (p->flushed != NULL && p->stats.letters == 0) {
		void (*flushed)(void *arg) = p->flushed;

		p->flushed = NULL;
		timer_stop(p->budget);
		flushed(p->flushed_arg);
	}
}
