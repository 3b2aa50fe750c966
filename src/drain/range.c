/* SPDX-License-Identifier: Apache-2.0 */
/* range.c — a drain that does not begin where its group has stored, or that has an end. The range of
 * a partition is settled when it is first assigned, from what the brokers have at that moment; when the
 * partition is lost and comes back, it is read on from where it had got to. */
#include <inttypes.h>

#include "drain_internal.h"

bool drain_is_ranged(const struct drain *d)
{
	return d->opts.consumer.asks_bounds;
}

static struct replay_range range_of(struct drain *d, int32_t partition, int64_t stored)
{
	const struct kafka_bounds *b = kafka_consumer_bounds(d->consumer, partition);
	struct replay_facts facts = { b->first, b->end, stored, b->at_time[0], b->at_time[1] };

	return replay_range(&d->opts.from, &d->opts.until, partition, &facts);
}

int64_t drain_range(struct drain *d, struct drain_partition *part, int32_t partition, int64_t stored)
{
	bool first = !part->has_range;
	int64_t at = part->watermark.next;

	if (first) {
		part->range = range_of(d, partition, stored);
		part->has_range = true;
		log_debug("drain: partition %" PRId32 " is read from %" PRId64 " to %" PRId64, partition,
		        part->range.begin, part->range.end);
	}
	if (first || at < part->range.begin)
		at = part->range.begin;
	part->range_read = part->range.end >= 0 && at >= part->range.end;
	return at;
}

bool drain_is_beyond(struct drain *d, int32_t partition, int64_t offset)
{
	struct drain_partition *part = drain_partition(d, partition);

	if (part == NULL || !part->has_range || part->range.end < 0 || offset < part->range.end)
		return false;
	kafka_consumer_skip(d->consumer, partition, part->watermark.generation);
	part->range_read = true;
	return true;
}

/* A partition that is not assigned now is another member's to finish, unless the group has no other member. */
static bool is_unfinished(const struct drain *d, const struct drain_partition *part)
{
	return part != NULL && !part->range_read &&
	       (part->assigned || (part->has_range && d->opts.consumer.commits_nothing));
}

static bool is_over(const struct drain *d)
{
	if (d->stats.partitions == 0 || !list_empty(&d->records))
		return false;
	for (int32_t i = 0; i < d->npartitions; i++)
		if (is_unfinished(d, d->partitions[i]))
			return false;
	return true;
}

void drain_check_end(struct drain *d)
{
	if (d->finished || d->stopping || !drain_is_ranged(d) || !is_over(d))
		return;
	d->finished = true;
	if (d->opts.finished != NULL)
		d->opts.finished(d->opts.finished_arg);
}

static uint64_t done_of(const struct drain_partition *part)
{
	int64_t at = part->range_read && watermark_span(&part->watermark) == 0 ? part->range.end : part->watermark.next;

	return at > part->range.begin ? (uint64_t)(at - part->range.begin) : 0;
}

void drain_progress(const struct drain *d, struct drain_progress *to)
{
	*to = (struct drain_progress){ .finished = d->finished };
	for (int32_t i = 0; i < d->npartitions; i++) {
		const struct drain_partition *part = d->partitions[i];

		if (part == NULL || !part->assigned || !part->has_range || part->range.end < 0)
			continue;
		to->whole += (uint64_t)(part->range.end - part->range.begin);
		to->done += done_of(part);
	}
}
