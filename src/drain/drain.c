/* SPDX-License-Identifier: Apache-2.0 */
/* drain.c — opens and stops the drain.
 *
 *   stop: reading ends ──► waiting records are handed on ──► exporter_flush ──► quarantine_flush
 *         ──► all other records are handed on ──► commit, leave the group ──► stopped
 *
 * The consumer can close only when every record is released, so it is opened last, closed last, and freed after exporter
 * and quarantine. */
#include <stdlib.h>

#include "drain_internal.h"

enum { HEARTBEAT_MS = 250 };

static int open_ends(struct drain *d, struct why *why)
{
	struct exporter_events from_exporter = { .done = drain_on_done,
		.room = drain_on_room,
		.more = drain_has_more,
		.changed = drain_on_collector,
		.confirmer = drain_on_confirmer,
		.arg = d };
	struct quarantine_events from_quarantine = { drain_on_quarantined, d };
	struct kafka_consumer_events from_consumer = {
		.message = drain_on_message,
		.assigned = drain_on_assigned,
		.revoked = drain_on_revoked,
		.at_end = drain_on_at_end,
		.lost_to_retention = drain_on_lost_to_retention,
		.fault = drain_on_kafka_fault,
		.arg = d,
	};

	if (exporter_open(&d->exporter, d->loop, &d->opts.exporter, &from_exporter, why) < 0 ||
	        quarantine_open(&d->quarantine, d->loop, &d->opts.quarantine, &from_quarantine, d->health, why) < 0)
		return why->code;
	return kafka_consumer_open(&d->consumer, d->loop, &d->opts.consumer, &from_consumer, why);
}

/* drain_on_room says when the exporter has room again; should that not come, no record waits longer than a heartbeat. */
static void on_heartbeat(void *arg)
{
	struct drain *d = arg;

	timer_start(d->heartbeat, HEARTBEAT_MS);
	drain_post_waiting(d);
	drain_post_failing(d);
	drain_check_end(d);
}

int drain_open(
        struct drain **out, struct loop *l, const struct drain_opts *opts, struct health *health, struct why *why)
{
	struct drain *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return why_set(why, E_NOMEM, "drain");
	d->loop = l;
	d->opts = *opts;
	d->health = health;
	list_init(&d->records);
	list_init(&d->waiting);
	if (timer_open(&d->heartbeat, l, on_heartbeat, d) < 0)
		why_set(why, E_NOMEM, "drain");
	if (d->heartbeat == NULL || open_ends(d, why) < 0) {
		drain_free(d);
		return why->code;
	}
	timer_start(d->heartbeat, HEARTBEAT_MS);
	health_begin(health, "kafka", HEALTH_WARN, "joining group %s for topic %s", opts->consumer.group,
	        opts->consumer.topic);
	health_post(health, "collector", HEALTH_OK, "nothing sent yet");
	health_post(health, "retention", HEALTH_OK, "no record was gone before it was read");
	*out = d;
	return 0;
}

static void on_closed(void *arg)
{
	struct drain *d = arg;

	d->stopped(d->stopped_arg);
}

static void hand_on_all(struct drain *d, struct list *of)
{
	while (!list_empty(of))
		record_hand_on(
		        of == &d->waiting ? list_first(of, struct record, waits) : list_first(of, struct record, link));
}

static void on_quarantined(void *arg)
{
	struct drain *d = arg;

	hand_on_all(d, &d->records);
	kafka_consumer_close(d->consumer, on_closed, d);
}

static void on_posted(void *arg)
{
	struct drain *d = arg;

	quarantine_flush(d->quarantine, d->budget_ms, on_quarantined, d);
}

void drain_stop(struct drain *d, uint64_t budget_ms, void (*stopped)(void *arg), void *arg)
{
	enum exporter_state state = exporter_state(d->exporter);
	bool away = state == EXPORTER_WAITING || state == EXPORTER_BLOCKED;

	timer_stop(d->heartbeat);
	d->stopping = true;
	d->stopped = stopped;
	d->stopped_arg = arg;
	d->budget_ms = budget_ms;
	drain_pause_or_resume(d);
	hand_on_all(d, &d->waiting);
	exporter_flush(d->exporter, away ? 0 : budget_ms, on_posted, d);
}

const struct drain_ledger *drain_ledger(const struct drain *d)
{
	return &d->ledger;
}

void drain_stats(const struct drain *d, struct drain_stats *to)
{
	*to = d->stats;
	list_each (node, &d->waiting)
		to->waiting++;
	if (!list_empty(&d->records))
		to->oldest_age_us =
		        loop_now_us(d->loop) - list_first(&d->records, struct record, link)->message.read_us;
}

struct exporter *drain_exporter(const struct drain *d)
{
	return d->exporter;
}

const struct kafka_fault *drain_kafka_fault(const struct drain *d)
{
	return kafka_consumer_fault(d->consumer);
}

void drain_free(struct drain *d)
{
	if (d == NULL)
		return;
	timer_free(d->heartbeat);
	exporter_free(d->exporter);
	quarantine_free(d->quarantine);
	hand_on_all(d, &d->records);
	pool_free(&d->spare_records);
	kafka_consumer_free(d->consumer);
	for (int32_t i = 0; i < d->npartitions; i++) {
		if (d->partitions[i] != NULL)
			watermark_free(&d->partitions[i]->watermark);
		free(d->partitions[i]);
	}
	free(d->partitions);
	free(d);
}
