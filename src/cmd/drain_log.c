/* SPDX-License-Identifier: Apache-2.0 */
/* drain_log.c — logs the drain's configuration at the start and its totals at the stop. */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "drainer.h"
#include "base/units.h"

enum { UP_TEXT = 32 };

static void log_replay(const struct drainer_settings *set)
{
	if (set->dry_run)
		log_info("drain: a dry run: records are counted, nothing is sent and no offset of "
		         "group %s moves",
		        set->live_group);
	else if (set->own_group)
		log_info("drain: a replay from %s in a group of its own: no offset of group %s "
		         "moves",
		        set->from_text, set->live_group);
	else if (set->from.kind != REPLAY_STORED)
		log_warn("drain: a replay from %s as group %s, as told: the offsets of that group "
		         "move with it",
		        set->from_text, set->group);
}

void drainer_log_start(struct drainer *d)
{
	struct buf collectors = { 0 };
	char address[HOSTPORT_TEXT];

	d->started_us = clock_mono_us();
	collector_names(&d->set.collector, &collectors);
	if (d->set.from_quarantine)
		log_info("drain: from quarantine, %s: once through, marked as perhaps duplicates", d->set.quarantine);
	if (!d->set.reads_directory) {
		log_info("drain: reading topic %s at %s as group %s", d->set.topic, d->set.brokers, d->set.group);
		log_replay(&d->set);
		jaeger_kafka_log("kafka.consumer", &d->set.jaeger, &d->for_consumer);
	}
	if (!d->set.dry_run)
		log_info("drain: sending to %s, what none takes to %s", buf_cstr(&collectors), d->set.quarantine);
	if (d->admin != NULL)
		log_info("drain: admin pages at %s", admin_address(d->admin, address));
	buf_free(&collectors);
}

void drainer_log_stop(const struct drainer *d)
{
	const struct drain_ledger *l = drainer_ledger_of(d);
	char up[UP_TEXT];

	log_info("drain: stopped after %s: %" PRIu64 " records read, %" PRIu64 " delivered with %" PRIu64
	         " spans, %" PRIu64 " quarantined, %" PRIu64 " empty, %" PRIu64 " left to the next reader, %" PRIu64
	         " lost to retention",
	        units_print_duration((clock_mono_us() - d->started_us) / US_PER_S * US_PER_S, up, sizeof(up)),
	        l->read.records, l->place[DRAIN_DELIVERED].records, l->place[DRAIN_DELIVERED].spans,
	        l->place[DRAIN_QUARANTINED].records, l->place[DRAIN_SKIPPED_EMPTY].records, l->handed_on.records,
	        l->lost_to_retention);
}
