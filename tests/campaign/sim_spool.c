/* SPDX-License-Identifier: Apache-2.0 */
/* sim_spool.c — spool.h over memory: what the contract says, and nothing of how it is done. */
#include <stdio.h>
#include <stdlib.h>

#include "sim.h"

enum { SEGMENT = 16 }; /* positions that are dropped together */

struct spool {
	bool begun;
	size_t batch_struct_size;
	struct spool_stats stats;
};

struct sim_disk *sim_disk;

void sim_disk_cut(void)
{
	sim_disk->has_live = false;
}

/* The higher generation is right; what it does not know of is taken out of in_flight first. */
static void put_right(struct spool_found *found)
{
	struct sim_disk *d = sim_disk;
	struct spool_state *s = &found->state;
	struct ledger_count all = { 0 }, *in_flight;

	*s = d->has_live && d->live.generation > d->durable.generation ? d->live : d->durable;
	found->unclean = s->running;
	for (uint64_t p = max_u64(s->end, 1); p < d->end; p++) {
		all.spans += d->record[p].spans;
		all.batches++;
	}
	in_flight = &s->ledger.place[LEDGER_IN_FLIGHT];
	found->salvaged = all.spans;
	if (all.batches > in_flight->batches || all.spans > in_flight->spans) {
		uint64_t spans = all.spans > in_flight->spans ? all.spans - in_flight->spans : 0;
		uint64_t batches = all.batches > in_flight->batches ? all.batches - in_flight->batches : 0;

		ledger_enter(&s->ledger, LEDGER_IN_FLIGHT, spans, batches);
	}
	ledger_move(&s->ledger, LEDGER_IN_FLIGHT, LEDGER_IN_SPOOL, all.spans, all.batches);
	s->end = d->end;
	s->spans_put = d->spans_put;
}

int spool_open(struct spool **out, const struct spool_opts *opts, struct spool_found *found, struct why *why)
{
	struct spool *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return why_set(why, E_NOMEM, "spool");
	s->batch_struct_size = opts->batch_struct_size;
	memset(found, 0, sizeof(*found));
	if (sim_disk->end == 0) {
		sim_disk->end = sim_disk->lowest = 1;
		sim_disk->durable.cursor = sim_disk->durable.end = sim_disk->durable.offered_to = 1;
		found->fresh = true;
	}
	put_right(found);
	*out = s;
	return 0;
}

static void measure(struct spool *s)
{
	const struct sim_disk *d = sim_disk;

	s->stats.room_bytes = d->put_rc == 0 ? UINT64_MAX : 0;
	s->stats.oldest_ms = d->lowest < d->end ? d->record[d->lowest].received_ms : 0;
	s->stats.oldest_end = min_u64(d->end, (d->lowest / SEGMENT + 1) * SEGMENT);
}

const struct spool_stats *spool_stats(const struct spool *s)
{
	return &s->stats;
}

int spool_begin(struct spool *s, const struct spool_state *state, struct why *why)
{
	(void)why;
	s->begun = true;
	sim_disk->durable = *state;
	measure(s);
	return 0;
}

static void put(struct spool_cycle *t)
{
	struct sim_disk *d = sim_disk;
	size_t n = t->nput;

	t->first = d->end;
	t->stored = 0;
	t->put_rc = t->nput > 0 ? d->put_rc : 0;
	if (t->put_rc < 0)
		return;
	if (d->put_at_most > 0 && n > d->put_at_most) {
		n = d->put_at_most;
		t->put_rc = E_IO;
	}
	for (size_t i = 0; i < n; i++) {
		const struct batch *b = t->put[i];
		struct sim_record *r = &d->record[d->end++];

		*r = (struct sim_record){ .boot = b->boot,
			.sequence = b->sequence,
			.received_ms = b->received_ms,
			.spans = b->spans,
			.size = b->size,
			.maybe_dup = b->maybe_dup };
		memcpy(r->head, b->bytes, min_u64(sizeof(r->head), b->size));
		d->spans_put += b->spans;
	}
	t->stored = n;
	/* What is not stored is still in flight in what reaches the disk. */
	for (size_t i = n; i < t->nput; i++)
		ledger_move(&t->state.ledger, LEDGER_IN_SPOOL, LEDGER_IN_FLIGHT, t->put[i]->spans, 1);
}

static struct batch *batch_of(const struct spool *s, uint64_t position)
{
	const struct sim_record *r = &sim_disk->record[position];
	struct batch *b = batch_new_within(s->batch_struct_size, r->size);

	memset(b->bytes, 0, r->size);
	memcpy(b->bytes, r->head, min_u64(sizeof(r->head), r->size));
	b->boot = r->boot;
	b->sequence = r->sequence;
	b->received_ms = r->received_ms;
	b->spans = r->spans;
	b->maybe_dup = r->maybe_dup;
	b->position = position;
	return b;
}

static void read_back(const struct spool *s, struct spool_cycle *t)
{
	size_t most = min_u64(t->read_records, 24); /* as if records were large */

	t->ngot = 0;
	t->got = calloc(most, sizeof(struct batch *));
	t->read_rc = t->nread > 0 ? sim_disk->read_rc : 0;
	if (t->read_rc < 0)
		return;
	for (size_t i = 0; i < t->nread; i++)
		for (uint64_t p = t->read[i].first; p < min_u64(t->read[i].end, sim_disk->end); p++)
			if (t->ngot < most)
				t->got[t->ngot++] = batch_of(s, p);
}

void spool_cycle(struct spool *s, struct spool_cycle *t)
{
	struct sim_disk *d = sim_disk;

	put(t);
	t->state.end = d->end;
	t->state.spans_put = d->spans_put;
	if (t->stored > 0 || (t->write_state && d->put_rc != E_IO)) {
		d->durable = t->state;
		d->lowest = max_u64(d->lowest, t->state.cursor);
	} else if (t->write_state) {
		t->state_rc = E_IO;
	}
	read_back(s, t);
	measure(s);
	t->stats = s->stats;
}

int spool_count(struct spool *s, const struct spool_run *runs, size_t n, struct ledger_count *count)
{
	(void)s;
	for (size_t i = 0; i < n; i++) {
		for (uint64_t p = runs[i].first; p < runs[i].end; p++)
			count->spans += sim_disk->record[p].spans;
		count->batches += runs[i].end - runs[i].first;
	}
	return 0;
}

void spool_set_limits(struct spool *s, uint64_t max_bytes, uint64_t min_free)
{
	(void)s;
	(void)max_bytes;
	(void)min_free;
}

void spool_live(struct spool *s, const struct spool_state *state)
{
	(void)s;
	sim_disk->live = *state;
	sim_disk->has_live = true;
	sim_disk->live_count++;
}

int spool_quarantine(struct spool *s, const struct batch *b, const char *cause, const char *detail, struct why *why)
{
	(void)s, (void)cause, (void)detail;
	if (sim_disk->put_rc == E_IO)
		return why_set(why, E_IO, "the disk");
	if (sim_disk->set_aside != NULL)
		sim_disk->set_aside(b);
	return 0;
}

bool spool_has_file(struct spool *s, const struct batch *b)
{
	(void)s, (void)b;
	return false;
}

void spool_close(struct spool *s, const struct spool_state *state)
{
	if (s != NULL && state != NULL && s->begun && sim_disk->put_rc != E_IO)
		sim_disk->durable = *state;
	free(s);
}
