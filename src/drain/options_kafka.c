/* SPDX-License-Identifier: Apache-2.0 */
/* options_kafka.c — the options of the Kafka consumer and of the quarantine, made from the settings of the drain, for a
 * start and for `config check`. */
#include "drain/options.h"

int drain_kafka_opts(const struct drainer_settings *set, struct properties *for_consumer,
        struct properties *for_producer, struct drain_opts *to, struct why *why)
{
	if (jaeger_kafka_properties(&set->jaeger, JAEGER_ALL, for_consumer, why) < 0 ||
	        jaeger_kafka_properties(&set->jaeger, JAEGER_CONNECTION, for_producer, why) < 0 ||
	        properties_add(for_consumer, &set->properties, why) < 0 ||
	        properties_add_files(for_consumer, &set->property_files, why) < 0 ||
	        properties_add(for_consumer, &set->consumer_properties, why) < 0 ||
	        properties_add_files(for_consumer, &set->consumer_property_files, why) < 0 ||
	        properties_add(for_producer, &set->properties, why) < 0 ||
	        properties_add_files(for_producer, &set->property_files, why) < 0 ||
	        properties_add(for_producer, &set->producer_properties, why) < 0 ||
	        properties_add_files(for_producer, &set->producer_property_files, why) < 0)
		return why->code;
	to->consumer = (struct kafka_consumer_opts){
		.brokers = set->brokers,
		.topic = set->topic,
		.topic_option = set->from_quarantine ? "drain.quarantine" : NULL,
		.group = set->group,
		.properties = for_consumer->at,
		.nproperties = for_consumer->n,
		.queue_bytes = set->max_bytes / 2,
		.offsets_of = set->live_group,
		.commits_nothing = set->own_group,
		.asks_bounds = set->from.kind != REPLAY_STORED || set->until.kind != REPLAY_NONE,
		.times_ms = { (int64_t)set->from.time_ms, (int64_t)set->until.time_ms },
	};
	to->quarantine = (struct quarantine_opts){
		.kind = set->quarantine_kind,
		.where = set->quarantine_where,
		.brokers = set->brokers,
		.properties = for_producer->at,
		.nproperties = for_producer->n,
		.consequence = "nothing is committed beyond it",
	};
	return 0;
}

int drain_kafka_check(const struct drainer_settings *set, struct why *why)
{
	struct properties for_consumer = { 0 }, for_producer = { 0 };
	struct drain_opts opts;
	int rc = drain_kafka_opts(set, &for_consumer, &for_producer, &opts, why);

	if (rc == 0)
		rc = kafka_consumer_check(&opts.consumer, why);
	if (rc == 0 && opts.quarantine.kind == QUARANTINE_TOPIC)
		rc = quarantine_topic_check(&opts.quarantine, why);
	properties_free(&for_consumer);
	properties_free(&for_producer);
	return rc;
}
