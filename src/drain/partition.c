/* SPDX-License-Identifier: Apache-2.0 */
/* partition.c — partitions are assigned and revoked; the states of Kafka and of the collectors on the health board. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "drain_internal.h"
#include "exporter/failing_health.h"
#include "exporter/store_health.h"

static const char kafka[] = "kafka", collector[] = "collector";

struct drain_partition *drain_partition(const struct drain *d, int32_t partition)
{
	return partition >= 0 && partition < d->npartitions ? d->partitions[partition] : NULL;
}

static struct drain_partition *partition_make(struct drain *d, int32_t partition)
{
	struct drain_partition **more;

	if (drain_partition(d, partition) != NULL)
		return d->partitions[partition];
	if (partition >= d->npartitions) {
		more = realloc(d->partitions, ((size_t)partition + 1) * sizeof(struct drain_partition *));
		if (more == NULL)
			return NULL;
		d->partitions = more;
		while (d->npartitions <= partition)
			d->partitions[d->npartitions++] = NULL;
	}
	d->partitions[partition] = calloc(1, sizeof(struct drain_partition));
	return d->partitions[partition];
}

static void update_blocked(struct drain *d, struct drain_partition *part)
{
	bool blocked = part->assigned && watermark_span(&part->watermark) >= d->opts.max_ahead;

	d->blocked += (uint64_t)blocked - (uint64_t)part->blocked;
	part->blocked = blocked;
}

int drain_track(struct record *r)
{
	struct drain_partition *part = drain_partition(r->drain, r->message.partition);
	int rc;

	if (part == NULL)
		return E_NOMEM;
	rc = watermark_add(&part->watermark, r->message.offset, &r->ticket);
	part->seen_ms = r->message.timestamp_ms;
	update_blocked(r->drain, part);
	return rc;
}

enum watermark_move drain_record_done(struct record *r)
{
	struct drain *d = r->drain;
	struct drain_partition *part = drain_partition(d, r->message.partition);
	enum watermark_move move = watermark_done(&part->watermark, r->message.generation, r->ticket);

	if (move == WATERMARK_MOVED)
		kafka_consumer_store(d->consumer, r->message.partition, r->message.generation, part->watermark.next);
	update_blocked(d, part);
	return move;
}

static void report_kafka_health(struct drain *d)
{
	const struct kafka_fault *t = kafka_consumer_fault(d->consumer);

	if (d->stopping)
		return;
	if (t->cause != KAFKA_CAUSE_NONE)
		health_post_known(d->health, kafka, t->misconfigured ? HEALTH_DOWN : HEALTH_WARN, "%s", t->sentence);
	else if (d->stats.partitions == 0)
		health_post(d->health, kafka, HEALTH_WARN, "no partition of topic %s is assigned to this drain",
		        d->opts.consumer.topic);
	else
		health_post(d->health, kafka, HEALTH_OK, "reading topic %s", d->opts.consumer.topic);
}

void drain_on_kafka_fault(void *arg)
{
	report_kafka_health(arg);
}

int64_t drain_on_assigned(void *arg, int32_t partition, uint64_t generation, int64_t stored)
{
	struct drain *d = arg;
	struct drain_partition *part = partition_make(d, partition);
	int64_t at;

	if (part == NULL) {
		log_error("drain: out of memory: partition %d is not read", partition);
		return stored;
	}
	d->stats.partitions += !part->assigned;
	part->assigned = true;
	part->seen_ms = -1;
	at = drain_is_ranged(d) ? drain_range(d, part, partition, stored) : stored;
	watermark_reset(&part->watermark, generation);
	if (at >= 0)
		part->watermark.next = at;
	update_blocked(d, part);
	log_debug("drain: partition %d is assigned, stored %" PRId64 ", read from %" PRId64, partition, stored, at);
	report_kafka_health(d);
	return at;
}

struct from {
	int32_t partition;
};

static bool is_from(void *arg, void *token)
{
	const struct record *r = token;

	return r->message.partition == ((const struct from *)arg)->partition;
}

/* Records that were not posted yet are left to the next owner of the partition, who will also read those that were. */
void drain_on_revoked(void *arg, int32_t partition, bool lost)
{
	struct drain *d = arg;
	struct drain_partition *part = drain_partition(d, partition);
	struct from from = { partition };

	if (part == NULL || !part->assigned)
		return;
	part->assigned = false;
	watermark_close(&part->watermark);
	update_blocked(d, part);
	d->stats.partitions--;
	list_each_safe (node, &d->waiting) {
		struct record *r = container_of(node, struct record, waits);

		if (is_from(&from, r))
			record_hand_on(r);
	}
	exporter_recall(d->exporter, is_from, &from);
	log_debug("drain: partition %d is %s", partition, lost ? "lost to another member" : "given away");
	report_kafka_health(d);
}

void drain_on_at_end(void *arg, int32_t partition, int64_t offset)
{
	struct drain *d = arg;
	struct drain_partition *part = drain_partition(d, partition);

	if (part == NULL)
		return;
	(void)drain_is_beyond(d, partition, offset);
	part->seen_ms = -1; /* with nothing more to read, only what is in flight is behind */
	if (part->watermark.next >= 0)
		kafka_consumer_store(d->consumer, partition, part->watermark.generation, part->watermark.next);
}

void drain_on_lost_to_retention(void *arg, int32_t partition, int64_t from, int64_t to)
{
	struct drain *d = arg;

	d->ledger.lost_to_retention += (uint64_t)(to - from);
	log_error("drain: %s/%d: the broker no longer has offsets %" PRId64 " to %" PRId64 ": %" PRId64
	          " records are lost to retention",
	        d->opts.consumer.topic, partition, from, to - 1, to - from);
	health_post(d->health, "retention", d->opts.stops_at_loss ? HEALTH_DOWN : HEALTH_WARN,
	        "%" PRIu64 " records were gone before they were read, the last of them offsets "
	        "%" PRId64 " to %" PRId64 " of partition %d of %s: the topic keeps records for "
	        "less time than the drain was away or behind",
	        d->ledger.lost_to_retention, from, to - 1, partition, d->opts.consumer.topic);
	if (!d->opts.stops_at_loss || d->halted)
		return;
	d->halted = true;
	if (d->opts.lost != NULL)
		d->opts.lost(d->opts.finished_arg);
}

/* "retrying offset 17 of partition 3", of the record that has waited longest. */
static void describe_oldest(const struct drain *d, char *to, size_t cap)
{
	const struct record *r;

	to[0] = '\0';
	if (list_empty(&d->records))
		return;
	r = list_first(&d->records, struct record, link);
	snprintf(to, cap, ", retrying offset %" PRId64 " of partition %d", r->message.offset, r->message.partition);
}

void drain_post_collector(
        struct health *h, enum exporter_state before, enum exporter_state now, const char *sentence, const char *what)
{
	bool was_down = before == EXPORTER_WAITING || before == EXPORTER_BLOCKED;

	switch (now) {
	case EXPORTER_SENDING:
		health_post(h, collector, HEALTH_OK, "sending again to %s", sentence);
		break;
	case EXPORTER_DEGRADED:
		health_post(h, collector, HEALTH_WARN, "one of several does not take spans: %s", sentence);
		break;
	case EXPORTER_WAITING:
		health_post(h, collector, HEALTH_DOWN, "waiting for collector %s%s", sentence, what);
		if (was_down) /* the board says nothing when the level stays */
			log_error("collector: nothing is delivered, nothing is lost: %s", sentence);
		break;
	case EXPORTER_BLOCKED:
		health_post(h, collector, HEALTH_DOWN,
		        "held until an operator mends it, nothing is lost: collector %s%s", sentence, what);
		if (was_down)
			log_error("collector: held until an operator mends it, nothing is lost: %s", sentence);
		break;
	}
}

void drain_on_collector(void *arg, enum exporter_state state, const char *sentence)
{
	struct drain *d = arg;
	char what[96];

	describe_oldest(d, what, sizeof(what));
	drain_post_collector(d->health, d->sending, state, sentence, what);
	d->sending = state;
}

void drain_on_confirmer(void *arg, enum confirmer_state state, const char *sentence)
{
	struct drain *d = arg;

	if (d->opts.counts == NULL) /* a dry run sends nothing */
		store_health_post(d->health, state, sentence);
}

void drain_post_failing(struct drain *d)
{
	const struct record *oldest;
	struct exporter_failing f;
	char name[64] = "";

	exporter_failing(d->exporter, &f);
	oldest = f.token;
	if (oldest != NULL)
		snprintf(name, sizeof(name), "offset %" PRId64 " of partition %d", oldest->message.offset,
		        oldest->message.partition);
	d->was_failing |= failing_level(&f.load) != FAILING_NONE;
	if (d->was_failing)
		failing_health_post(d->health, &f, name,
		        "they are tried again, and no offset behind the first is committed; look at the collector's "
		        "log",
		        "they fill drain.max-bytes, and nothing more is read; mend the collector, or raise "
		        "drain.max-bytes");
}

void drain_each_lag(struct drain *d, void (*each)(void *arg, const struct drain_lag *lag), void *arg)
{
	uint64_t now = clock_wall_ms();

	for (int32_t i = 0; i < d->npartitions; i++) {
		struct drain_partition *part = d->partitions[i];
		struct drain_lag lag = { .partition = i };
		int64_t since = -1;

		if (part == NULL || !part->assigned)
			continue;
		lag.records = kafka_consumer_lag(d->consumer, i);
		lag.ahead = watermark_span(&part->watermark);
		lag.next = part->watermark.next;
		list_each (node, &d->records) {
			const struct record *r = container_of(node, struct record, link);

			if (r->message.partition == i && since < 0)
				since = r->message.timestamp_ms;
		}
		if (since < 0 && lag.records > 0)
			since = part->seen_ms;
		if (since > 0 && (uint64_t)since < now)
			lag.behind_ms = now - (uint64_t)since;
		each(arg, &lag);
	}
}
