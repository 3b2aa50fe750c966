/* keeper.c — drives the spool.
 *
 *   IDLE ──something queued or wanted──► TURNING (worker) ──done on the loop──► IDLE
 *                    ▲                                                     │ could not store
 *                    └──────────────── a little later ◄────────────────────┘
 *
 * Beside the turns (keeper_turn.c) it notes the state once a turn of the loop, in memory that a kill
 * does not reach. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "keeper_internal.h"
#include "base/log.h"

/* The totals of the last run become the totals so far: what was in flight is uncertain. */
static void inherit(struct keeper *k, const struct spool_found *found)
{
	const struct spool_state *s = &found->state;

	*k->ledger = s->ledger;
	k->generation = s->generation;
	k->boot = max_u64(s->boot + 1, clock_wall_ms() * 1000);
	k->ledger->boots++;
	k->ledger->unclean_stops += found->unclean;
	ledger_move(k->ledger, LEDGER_IN_FLIGHT, LEDGER_UNCERTAIN,
	        k->ledger->place[LEDGER_IN_FLIGHT].spans,
	        k->ledger->place[LEDGER_IN_FLIGHT].batches);
	marks_init(&k->marks, s->cursor, s->end);
	if (marks_load(&k->marks, slice_of(s->marks, s->marks_len)) < 0)
		log_warn("spool: what was delivered out of order is not readable, some spans will "
		         "be sent twice");
	k->spans_put = s->spans_put;
	k->inherited_end = s->end;
	k->inherited_sent = min_u64(s->offered_to, s->end);
	if (found->note[0] != '\0')
		log_warn("spool: %s", found->note);
}

void keeper_snapshot(struct keeper *k, struct spool_state *s)
{
	uint64_t spans, batches;
	struct ledger_count *delivered;

	s->generation = ++k->generation;
	s->boot = k->boot;
	s->cursor = k->marks.cursor;
	/* What is held may go out at any time from here on, and a power cut must find that said on disk.
	 * What an earlier run may have sent stays in doubt until it is done. */
	s->offered_to = max_u64(k->marks.held_to, min_u64(k->inherited_sent, k->marks.end));
	s->end = k->marks.end;
	s->spans_put = k->spans_put;
	s->running = true;
	s->ledger = *k->ledger;
	s->marks_len =
	        (uint32_t)marks_save(&k->marks, s->marks, sizeof(s->marks), &spans, &batches);
	/* What is done but not noted will be found waiting, and sent again. */
	delivered = &s->ledger.place[LEDGER_DELIVERED];
	ledger_move(&s->ledger, LEDGER_DELIVERED, LEDGER_IN_SPOOL, min_u64(spans, delivered->spans),
	        min_u64(batches, delivered->batches));
}

int keeper_open(struct keeper **out, struct loop *l, const struct spool_opts *opts,
        const struct keeper_events *events, struct ledger *ledger, struct health *health,
        struct why *why)
{
	struct keeper *k = calloc(1, sizeof(*k));
	struct spool_found *found = calloc(1, sizeof(*found));
	struct spool_state *state = calloc(1, sizeof(*state));

	if (k == NULL || found == NULL || state == NULL) {
		why_set(why, E_NOMEM, "spool");
		goto fail;
	}
	k->loop = l;
	k->opts = *opts;
	k->events = *events;
	k->ledger = ledger;
	k->health = health;
	k->stats.commit_us = COMMIT_GUESS_US;
	list_init(&k->queue);
	if (spool_open(&k->spool, opts, found, why) < 0)
		goto fail;
	inherit(k, found);
	keeper_snapshot(k, state);
	k->dirty = true; /* a first turn makes the first segment ready before it is needed */
	if (spool_begin(k->spool, state, why) < 0)
		goto fail;
	k->begun = true;
	k->stats.spool = *spool_stats(k->spool);
	if (found->unclean)
		log_warn("spool: the %s: %llu spans uncertain in all, %llu found on disk beyond "
		         "its last note",
		        found->state_lost ? "state was lost" : "last run was killed",
		        (unsigned long long)ledger->place[LEDGER_UNCERTAIN].spans,
		        (unsigned long long)found->salvaged);
	health_post(health, "spool", HEALTH_OK, "ready in %s", opts->directory);
	free(found);
	free(state);
	*out = k;
	return 0;
fail:
	free(found);
	free(state);
	keeper_free(k);
	return why->code;
}

struct spool *keeper_spool(const struct keeper *k)
{
	return k->spool;
}

uint64_t keeper_boot(const struct keeper *k)
{
	return k->boot;
}

void keeper_put(struct keeper *k, struct batch *b)
{
	list_push(&k->queue, &b->link);
	k->stats.queued_bytes += b->cost;
}

void keeper_put_back(struct keeper *k, struct batch *b)
{
	list_push_front(&k->queue, &b->link);
	k->stats.queued_bytes += b->cost;
}

struct batch *keeper_withdraw(struct keeper *k, struct batch *b)
{
	list_remove(&b->link);
	k->stats.queued_bytes -= b->cost;
	return b;
}

struct batch *keeper_withdraw_newest(struct keeper *k, bool idle)
{
	for (struct list *node = k->queue.prev; node != &k->queue; node = node->prev) {
		struct batch *b = container_of(node, struct batch, link);

		if (!idle || !b->with_sink)
			return keeper_withdraw(k, b);
	}
	return NULL;
}

void keeper_each_queued(struct keeper *k, bool (*visit)(void *arg, struct batch *b), void *arg)
{
	list_each_safe (node, &k->queue) {
		if (!visit(arg, container_of(node, struct batch, link)))
			return;
	}
}

void keeper_offers_at_once(struct keeper *k)
{
	k->offers_at_once = true;
}

void keeper_makes_room(struct keeper *k)
{
	k->makes_room = true;
}

void keeper_read(struct keeper *k, size_t bytes)
{
	k->wanted_bytes = clock_mono_us() < k->read_at_us ? 0 : bytes;
	k->read_share = 0;
}

void keeper_read_from(struct keeper *k, size_t bytes, unsigned share)
{
	keeper_read(k, bytes);
	k->read_share = share;
}

bool keeper_is_empty(const struct keeper *k)
{
	return k->marks.cursor == k->marks.end;
}

bool keeper_has_waiting(const struct keeper *k)
{
	uint64_t first, end;

	return marks_next(&k->marks, k->marks.cursor, 1, &first, &end);
}

int keeper_mark(struct keeper *k, uint64_t position, enum mark mark, uint32_t spans)
{
	uint64_t cursor = k->marks.cursor;
	int rc = marks_set(&k->marks, position, mark, spans);

	k->dirty |= k->marks.cursor != cursor;
	return rc;
}

void keeper_cull(struct keeper *k)
{
	uint64_t below = min_u64(k->stats.spool.oldest_end, k->marks.end), first, end;

	/* Where nothing waits, the sink has it all: that is not for this turn. */
	if (!marks_next(&k->marks, k->marks.cursor, 1, &first, &end) || first >= below)
		return;
	k->cull_wanted = true;
	if (clock_mono_us() >= k->cull_at_us)
		k->retry_at_us = 0;
}

int keeper_trouble(const struct keeper *k)
{
	return k->trouble;
}

bool keeper_idle(const struct keeper *k)
{
	return !k->turning && list_empty(&k->queue);
}

bool keeper_stuck(const struct keeper *k)
{
	return !k->turning && k->trouble != 0;
}

const struct keeper_stats *keeper_stats(const struct keeper *k)
{
	return &k->stats;
}

/* The live note says what is true now: a turn under way has put nothing yet. */
static void note_live(struct keeper *k)
{
	struct spool_state s;

	if (memcmp(&k->noted, k->ledger, sizeof(k->noted)) == 0 &&
	        k->noted_version == k->marks.version)
		return;
	keeper_snapshot(k, &s);
	/* It is newer than the turn's own state, and must not know less: what is read now or being written
	 * while the sink has it may go out, and be found beyond the end, before the next note. */
	if (k->turning)
		s.offered_to = max_u64(s.offered_to, k->turn_offers_to);
	spool_live(k->spool, &s);
	k->noted = *k->ledger;
	k->noted_version = k->marks.version;
}

static bool has_work(const struct keeper *k, uint64_t now)
{
	bool ails = keeper_ails(k) || k->stats.spool.next_rc != 0 || k->stats.spool.lost;

	/* Somebody may have made room or put the spool back, and nothing comes that would show it. */
	if (ails && now - k->began_us >= LOOK_MS * US_PER_MS)
		return true;
	if (!list_empty(&k->queue) || k->wanted_bytes > 0)
		return true;
	return k->dirty || (k->cull_wanted && now >= k->cull_at_us);
}

void keeper_tick(struct keeper *k)
{
	uint64_t now = clock_mono_us();

	if (!k->turning && now >= k->retry_at_us && has_work(k, now))
		keeper_begin(k);
	keeper_tell(k);
	if (k->spool != NULL) /* what was told in a turn may have closed it */
		note_live(k);
}

void keeper_close(struct keeper *k, bool clean)
{
	struct spool_state s;

	assert(!k->turning);
	keeper_snapshot(k, &s);
	s.running = !clean;
	spool_close(k->spool, &s);
	k->spool = NULL;
}

void keeper_free(struct keeper *k)
{
	if (k == NULL)
		return;
	/* Begun, and given up before anything came: no stop was unclean. */
	if (k->spool != NULL && k->begun && keeper_idle(k))
		keeper_close(k, true);
	if (k->spool != NULL)
		spool_close(k->spool, NULL);
	marks_free(&k->marks);
	free(k);
}
