/* SPDX-License-Identifier: Apache-2.0 */
/* spooler.c — drives the spool.
 *
 *   IDLE ──something queued or wanted──► TURNING (worker) ──done on the loop──► IDLE
 *                    ▲                                                     │ could not store
 *                    └──────────────── a little later ◄────────────────────┘
 *
 * Beside the cycles (spooler_cycle.c) it notes the state once a turn of the loop, in memory that a kill
 * does not reach. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "spooler_internal.h"
#include "base/log.h"

/* The totals of the last run become the totals so far: what was in flight is uncertain. */
static void inherit(struct spooler *k, const struct spool_found *found)
{
	const struct spool_state *s = &found->state;

	*k->ledger = s->ledger;
	k->generation = s->generation;
	k->boot = max_u64(s->boot + 1, clock_wall_ms() * 1000);
	k->ledger->boots++;
	k->ledger->unclean_stops += found->unclean;
	ledger_move(k->ledger, LEDGER_IN_FLIGHT, LEDGER_UNCERTAIN, k->ledger->place[LEDGER_IN_FLIGHT].spans,
	        k->ledger->place[LEDGER_IN_FLIGHT].batches);
	positions_init(&k->marks, s->cursor, s->end);
	if (positions_load(&k->marks, slice_of(s->marks, s->marks_len)) < 0)
		log_warn("spool: what was delivered out of order is not readable, some spans will "
		         "be sent twice");
	k->spans_put = s->spans_put;
	k->inherited_end = s->end;
	k->inherited_sent = min_u64(s->offered_to, s->end);
	if (found->note[0] != '\0')
		log_warn("spool: %s", found->note);
}

void spooler_snapshot(struct spooler *k, struct spool_state *s)
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
	s->marks_len = (uint32_t)positions_save(&k->marks, s->marks, sizeof(s->marks), &spans, &batches);
	/* What is done but not noted will be found waiting, and sent again. */
	delivered = &s->ledger.place[LEDGER_DELIVERED];
	ledger_move(&s->ledger, LEDGER_DELIVERED, LEDGER_IN_SPOOL, min_u64(spans, delivered->spans),
	        min_u64(batches, delivered->batches));
}

int spooler_open(struct spooler **out, struct loop *l, const struct spool_opts *opts,
        const struct spooler_events *events, struct ledger *ledger, struct health *health, struct why *why)
{
	struct spooler *k = calloc(1, sizeof(*k));
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
	spooler_snapshot(k, state);
	k->dirty = true; /* a first cycle makes the first segment ready before it is needed */
	if (spool_begin(k->spool, state, why) < 0)
		goto fail;
	k->begun = true;
	k->stats.spool = *spool_stats(k->spool);
	if (found->unclean)
		log_warn("spool: the %s: %llu spans uncertain in all, %llu found on disk beyond "
		         "its last note",
		        found->state_lost ? "state was lost" : "last run was killed",
		        (unsigned long long)ledger->place[LEDGER_UNCERTAIN].spans, (unsigned long long)found->salvaged);
	health_post(health, "spool", HEALTH_OK, "ready in %s", opts->directory);
	free(found);
	free(state);
	*out = k;
	return 0;
fail:
	free(found);
	free(state);
	spooler_free(k);
	return why->code;
}

struct spool *spooler_spool(const struct spooler *k)
{
	return k->spool;
}

uint64_t spooler_boot(const struct spooler *k)
{
	return k->boot;
}

void spooler_put(struct spooler *k, struct batch *b)
{
	list_push(&k->queue, &b->link);
	k->stats.queued_bytes += b->cost;
}

void spooler_put_back(struct spooler *k, struct batch *b)
{
	list_push_front(&k->queue, &b->link);
	k->stats.queued_bytes += b->cost;
}

struct batch *spooler_withdraw(struct spooler *k, struct batch *b)
{
	list_remove(&b->link);
	k->stats.queued_bytes -= b->cost;
	return b;
}

struct batch *spooler_withdraw_newest(struct spooler *k, bool idle)
{
	for (struct list *node = k->queue.prev; node != &k->queue; node = node->prev) {
		struct batch *b = container_of(node, struct batch, link);

		if (!idle || !b->with_sink)
			return spooler_withdraw(k, b);
	}
	return NULL;
}

void spooler_each_queued(struct spooler *k, bool (*visit)(void *arg, struct batch *b), void *arg)
{
	list_each_safe (node, &k->queue) {
		if (!visit(arg, container_of(node, struct batch, link)))
			return;
	}
}

void spooler_offers_at_once(struct spooler *k)
{
	k->offers_at_once = true;
}

void spooler_makes_room(struct spooler *k)
{
	k->makes_room = true;
}

void spooler_read(struct spooler *k, size_t bytes)
{
	k->wanted_bytes = clock_mono_us() < k->read_at_us ? 0 : bytes;
	k->read_share = 0;
}

void spooler_read_from(struct spooler *k, size_t bytes, unsigned share)
{
	spooler_read(k, bytes);
	k->read_share = share;
}

bool spooler_is_empty(const struct spooler *k)
{
	return k->marks.cursor == k->marks.end;
}

bool spooler_has_waiting(const struct spooler *k)
{
	uint64_t first, end;

	return positions_next(&k->marks, k->marks.cursor, 1, &first, &end);
}

int spooler_set_status(struct spooler *k, uint64_t position, enum position_status mark, uint32_t spans)
{
	uint64_t cursor = k->marks.cursor;
	int rc = positions_set(&k->marks, position, mark, spans);

	k->dirty |= k->marks.cursor != cursor;
	return rc;
}

void spooler_cull(struct spooler *k)
{
	uint64_t below = min_u64(k->stats.spool.oldest_end, k->marks.end), first, end;

	/* Where nothing waits, the sink has it all: that is not for this cycle. */
	if (!positions_next(&k->marks, k->marks.cursor, 1, &first, &end) || first >= below)
		return;
	k->cull_wanted = true;
	if (clock_mono_us() >= k->cull_at_us)
		k->retry_at_us = 0;
}

int spooler_trouble(const struct spooler *k)
{
	return k->trouble;
}

bool spooler_idle(const struct spooler *k)
{
	return !k->in_cycle && list_empty(&k->queue);
}

bool spooler_stuck(const struct spooler *k)
{
	return !k->in_cycle && k->trouble != 0;
}

const struct spooler_stats *spooler_stats(const struct spooler *k)
{
	return &k->stats;
}

/* The live note says what is true now: a cycle under way has put nothing yet. */
static void note_live(struct spooler *k)
{
	struct spool_state s;

	if (memcmp(&k->noted, k->ledger, sizeof(k->noted)) == 0 && k->noted_version == k->marks.version)
		return;
	spooler_snapshot(k, &s);
	/* It is newer than the cycle's own state, and must not know less: what is read now or being written
	 * while the sink has it may go out, and be found beyond the end, before the next note. */
	if (k->in_cycle)
		s.offered_to = max_u64(s.offered_to, k->cycle_offers_to);
	spool_live(k->spool, &s);
	k->noted = *k->ledger;
	k->noted_version = k->marks.version;
}

static bool has_work(const struct spooler *k, uint64_t now)
{
	bool ails = spooler_ails(k) || k->stats.spool.next_rc != 0 || k->stats.spool.lost;

	/* Somebody may have made room or put the spool back, and nothing comes that would show it. */
	if (ails && now - k->began_us >= LOOK_MS * US_PER_MS)
		return true;
	if (!list_empty(&k->queue) || k->wanted_bytes > 0)
		return true;
	return k->dirty || (k->cull_wanted && now >= k->cull_at_us);
}

void spooler_tick(struct spooler *k)
{
	uint64_t now = clock_mono_us();

	if (!k->in_cycle && now >= k->retry_at_us && has_work(k, now))
		spooler_begin(k);
	spooler_tell(k);
	if (k->spool != NULL) /* what was told in a cycle may have closed it */
		note_live(k);
}

void spooler_close(struct spooler *k, bool clean)
{
	struct spool_state s;

	assert(!k->in_cycle);
	spooler_snapshot(k, &s);
	s.running = !clean;
	spool_close(k->spool, &s);
	k->spool = NULL;
}

void spooler_free(struct spooler *k)
{
	if (k == NULL)
		return;
	/* Begun, and given up before anything came: no stop was unclean. */
	if (k->spool != NULL && k->begun && spooler_idle(k))
		spooler_close(k, true);
	if (k->spool != NULL)
		spool_close(k->spool, NULL);
	positions_free(&k->marks);
	free(k);
}
